# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a reader found to a document: titles from headings, tables with one header each, rows with labels."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..document import Document, Prose, Row, Table
from . import columns, grids, mentions
from .blocks import Block, Grid, Heading, Item, Line, Note, Text
from .limits import Budget

MOST_TITLE_WORDS = 12
_NUMBER = re.compile(r"[A-Za-z]{0,4}[-. ]?\d{1,5}(?:[.-]\d{1,4}){0,3}[a-z]?[.)]?")


def document(blocks: Iterable[Block], form: str, title: str = "") -> Document:
    """Return the document of a format's name; ``title``: what it says of itself outside of its text."""
    found = list(blocks)
    own = _title_heading(found)
    builder = _Builder(own)
    for block in found:
        builder.add(block)
    builder.end()
    start = next((at for at, block in enumerate(found) if isinstance(block, (Heading, Grid))), len(found))
    first = next((text for text in map(_short, found[:start][::-1]) if text), "")
    notes = [block.text for block in found if isinstance(block, Note)] + builder.notes
    return Document(
        title or (own.text if own else first), form, builder.tables, builder.prose, list(dict.fromkeys(notes))
    )


def _title_heading(blocks: list[Block]) -> Heading | None:
    """Return the heading of the whole: the first one, when no other is as high."""
    headings = [block for block in blocks if isinstance(block, Heading)]
    if headings and all(other.level > headings[0].level for other in headings[1:]) and len(headings) > 1:
        return headings[0]
    return headings[0] if len(headings) == 1 and headings[0].level == 1 else None


def _short(block: Block) -> str:
    """Return a text that may be a title."""
    short = isinstance(block, Text) and len(block.text.split()) <= MOST_TITLE_WORDS and block.text[-1:] not in ".:!?,"
    return block.text if short and isinstance(block, Text) and " - " not in block.text else ""


class _Builder:
    """Takes blocks in order."""

    def __init__(self, own: Heading | None) -> None:
        self.own = own
        self.tables: list[Table] = []
        self.prose: list[Prose] = []
        self.notes: list[str] = []
        self.path: list[Heading] = []
        self.items: list[Item] = []
        self.lone: Heading | None = None
        self.budget = Budget()

    @property
    def section(self) -> str:
        """The headings that lead here, but for the document's own."""
        return " > ".join(heading.text for heading in self.path if heading is not self.own)

    def add(self, block: Block) -> None:
        """Take one block."""
        if isinstance(block, Item):
            self.items.append(block)
            self.lone = None
            return
        self.end_list()
        if isinstance(block, Heading):
            if self.lone is not None and self.lone.level >= block.level:
                self.end_heading()
            while self.path and self.path[-1].level >= block.level:
                self.path.pop()
            self.path.append(block)
            self.lone = None if block is self.own else block
        elif isinstance(block, Text):
            self.lone = None
            self.text(block.position, block.text)
        elif isinstance(block, Grid):
            self.lone = None
            self.grid(block)

    def end(self) -> None:
        """Finish what is open."""
        self.end_list()
        self.end_heading()

    def end_heading(self) -> None:
        """Keep a heading that nothing follows."""
        if self.lone is not None:
            self.path.pop()
            self.text(self.lone.position, self.lone.text)
            self.lone = None

    def text(self, position: str, text: str) -> None:
        """Add a paragraph or list item."""
        if text.strip():
            self.budget.take(1, len(text))
            self.prose.append(Prose(self.section, position, text))

    def table(self, title: str, position: str, header: list[str], rows: list[Row]) -> None:
        """Add a table."""
        self.tables.append(Table(len(self.tables) + 1, title, position, header, rows))

    def grid(self, grid: Grid) -> None:
        """Add the tables of a grid, and the words that stand in it."""
        self.budget.take(
            sum(len(line.cells) for line in grid.lines), sum(len(cell) for line in grid.lines for cell in line.cells)
        )
        parts = grids.parts(grid)
        for part in parts.tables:
            title = " > ".join(text for text in (self.section, *part.titles) if text)
            self.table(title, part.position, part.header, _rows(part.header, part.lines, grid.numbered))
        for line in parts.remarks:
            self.text(line.position, " ".join(dict.fromkeys(cell for cell in line.cells if cell)))
        if parts.repeated:
            count = f"{parts.repeated} time{'s' if parts.repeated > 1 else ''}"
            self.notes.append(f"The header row of the table at {grid.position} is repeated {count}; it was read once.")

    def end_list(self) -> None:
        """Make a table of a list whose items name ports, and prose of any other."""
        items, self.items = self.items, []
        if not items:
            return
        if not any(mentions.of(item.text) for item in items):
            for item in items:
                self.text(item.position, item.text)
            return
        intro = self.prose[-1] if self.prose and self.prose[-1].text.rstrip().endswith(":") else None
        if intro is not None and intro.section == self.section:
            self.prose.pop()
            title = " > ".join(text for text in (self.section, intro.text.rstrip(": \n")) if text)
        else:
            title = self.section
        nested = any(item.depth > items[0].depth for item in items)
        lines = []
        above: list[Item] = []
        for item, following in zip(items, [*items[1:], None]):
            while above and above[-1].depth >= item.depth:
                above.pop()
            has_more = following is not None and following.depth > item.depth
            if not has_more or mentions.of(item.text):
                group = " > ".join(parent.text for parent in above)
                self.budget.take(len(above) + 1, len(group) + len(item.text))
                lines.append(Line(item.position, [group, item.text] if nested else [item.text], item.text))
            above.append(item)
        header = ["Group", "Text"] if nested else ["Text"]
        self.table(title, items[0].position, header, _rows(header, lines, False))


def _rows(header: list[str], lines: list[Line], numbered: bool) -> list[Row]:
    """Label the rows: 1, 2, ... and, in a table that numbers its rows, u1, u2, ... for those without a number."""
    at = next((position for position, cell in enumerate(header) if columns.role(cell) == "number"), None)
    rows: list[Row] = []
    counts = {"": 0, "u": 0}
    for line in lines:
        has_number = line.label or (at is not None and _NUMBER.fullmatch(line.cells[at].strip()))
        kind = "u" if (numbered or at is not None) and not has_number else ""
        counts[kind] += 1
        rows.append(Row(f"{kind}{counts[kind]}", line.position, line.cells, line.text))
    return rows
