# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text: tables with bars, tables copied out of a page, lists, and the words between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from . import columns, page_rows
from .blocks import Block, Grid, Heading, Item, Line, Text

MOST_HEADING_WORDS = 10
_BULLET = re.compile(r"(?P<indent>\s*)(?P<mark>[•▪◦‣·●○■□➢✓*+–—-]|[ol]|\d{1,2}[.)])\s+(?P<text>\S.*)")
_RULE = re.compile(r"\s*[-=_+|:*#~\s]{3,}")
_PAGE_NUMBER = re.compile(r"\s*(?:page )?\d{1,4}(?: of \d{1,4})?\s*", re.IGNORECASE)
_MOST_CHARACTERS = 2_000


def read(text: str, first: int = 1) -> list[Block]:
    """Return the blocks of a text; ``first``: the number of its first line."""
    return read_lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), lambda at: f"line {at + first}")


def read_lines(lines: list[str], position: Callable[[int], str]) -> list[Block]:
    """Return the blocks of lines; ``position`` names the line of an index."""
    return _Reader(lines, position).read()


class _Reader:
    """Reads lines from the top."""

    def __init__(self, lines: list[str], position: Callable[[int], str]) -> None:
        self.lines = [line.replace("\u00a0", " ").rstrip() for line in lines]
        self.position = position
        self.blocks: list[Block] = []
        self.bullets = _bullets(self.lines)

    def read(self) -> list[Block]:
        """Return all blocks."""
        at = 0
        while at < len(self.lines):
            at = self.bars(at) or self.page_table(at) or self.bullet(at) or self.words(at)
        return self.blocks

    def bars(self, at: int) -> int:
        """Read lines of cells with bars between them: at least two, most of them with as many cells as the first."""
        end = at
        while end < len(self.lines) and (self.lines[end].count("|") or (end > at and _is_rule(self.lines[end]))):
            end += 1
        places = [n for n in range(at, end) if not _is_rule(self.lines[n])]
        if not places:
            return 0
        rows = [Line(self.position(n), _cells(self.lines[n]), self.lines[n].strip()) for n in places]
        width = len(rows[0].cells)
        alike = sum(len(row.cells) == width for row in rows)
        if len(rows) > 1 and width > 1 and (columns.is_header(rows[0].cells) or alike * 10 >= len(rows) * 6):
            self.blocks.append(Grid("", self.position(at), rows))
        else:
            self.blocks.extend(Text(row.text, row.position) for row in rows)
        return end

    def page_table(self, at: int) -> int:
        """Read a table whose cells stand in one line without marks between them."""
        found = page_rows.read(self.lines, at, self.position)
        if not found:
            return 0
        self.blocks.extend(found.blocks)
        return found.end

    def bullet(self, at: int) -> int:
        """Read an item of a list, with the lines that it goes on in."""
        match = _BULLET.fullmatch(self.lines[at][:_MOST_CHARACTERS]) if at in self.bullets else None
        if not match:
            return 0
        parts, end = [self.lines[at][match.start("text") :]], at + 1
        while end < len(self.lines) and self.goes_on(end):
            parts.append(self.lines[end].strip())
            end += 1
        depth = self.bullets[at]
        self.blocks.append(Item(depth, "\n".join(parts), self.position(at)))
        return end

    def goes_on(self, at: int) -> bool:
        """Return whether a line goes on with the item before it."""
        line = self.lines[at]
        return bool(
            line.strip()
            and at not in self.bullets
            and not _is_heading(line)
            and not page_rows.heads(line)
            and not (_PAGE_NUMBER.fullmatch(line) and not any(rest.strip() for rest in self.lines[at + 1 :]))
        )

    def words(self, at: int) -> int:
        """Read a heading or a paragraph."""
        line = self.lines[at].strip()
        following = self.lines[at + 1].strip() if at + 1 < len(self.lines) else ""
        underlined = (len(following) >= 3 and set(following) <= set("=~")) or (
            set(following) == {"-"} and len(following) >= 3
        )
        if line and underlined and len(line.split()) <= MOST_HEADING_WORDS:
            self.blocks.append(Heading(2, line, self.position(at)))
            return at + 2
        if _is_rule(self.lines[at]) or not line:
            return at + 1
        if _is_heading(line):
            self.blocks.append(Heading(4, line.rstrip(":").strip(), self.position(at)))
            return at + 1
        after = next((n for n in range(at + 1, min(at + 3, len(self.lines))) if self.lines[n].strip()), -1)
        if after > 0 and page_rows.heads(self.lines[after]):
            self.blocks.append(Heading(3, re.split(r"\s{2,}", line)[-1], self.position(at)))
            return at + 1
        end, parts = at + 1, [line]
        while end < len(self.lines) and _joins(parts[-1], self.lines[end]) and end not in self.bullets:
            parts.append(self.lines[end].strip())
            end += 1
        self.blocks.append(Text("\n".join(parts), self.position(at)))
        return end


def _is_rule(line: str) -> bool:
    """Return whether a line is drawn, not written."""
    return bool(line.strip()) and bool(_RULE.fullmatch(line[:_MOST_CHARACTERS]))


def _cells(line: str) -> list[str]:
    """Return the cells of a line with bars; a bar at either end closes the line rather than beginning a cell."""
    text = line.strip()
    text = text[1:] if text.startswith("|") else text
    text = text[:-1] if text.endswith("|") else text
    return [cell.strip() for cell in text.split("|")]


def _is_heading(line: str) -> bool:
    """Return whether a line is short and ends in a colon."""
    text = line.strip()
    return text.endswith(":") and len(text.split()) <= MOST_HEADING_WORDS and "|" not in text and not text[0].isdigit()


def _joins(line: str, following: str) -> bool:
    """Return whether a sentence was broken at the end of a line."""
    text = following.strip()
    return (
        bool(text)
        and line[-1:] not in ".:!?;"
        and (text[0].islower() or text[0].isdigit() or text[0] in "(,")
        and "|" not in text
    )


def _bullets(lines: list[str]) -> dict[int, int]:
    """Return line -> depth of the lines that begin an item. A lone star is a footnote, and a lone "l" is a word."""
    found: dict[int, re.Match[str]] = {}
    for at, line in enumerate(lines):
        match = _BULLET.fullmatch(line[:_MOST_CHARACTERS])
        if match and not page_rows.heads(line):
            found[at] = match
    marks = Counter(match["mark"][-1] for match in found.values())
    for at, match in list(found.items()):
        mark = match["mark"][-1]
        if marks[mark] < 2 and mark in "*ol+-–—":
            del found[at]
    indents = sorted({len(match["indent"].expandtabs(4)) for match in found.values()})
    depths = {indent: depth for depth, indent in enumerate(indents)}
    return {at: depths[len(match["indent"].expandtabs(4))] for at, match in found.items()}


def has_bars(text: str) -> bool:
    """Return whether a text has a table with bars whose first line heads ports."""
    return any(
        "|" in line and columns.is_header(_cells(line)) for line in text.split("\n") if len(line) < _MOST_CHARACTERS
    )
