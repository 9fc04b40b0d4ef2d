# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table copied out of a page or PDF: its cells follow one another with nothing but blanks between them.

A row begins where a port and a protocol stand as the header says, if need be over several lines; what follows is the rest of the row. What
stands between the header and the first row is a row that the page before began.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from . import columns
from .blocks import Block, Grid, Line, Note

_MOST_CHARACTERS = 1_000
_MOST_BLANKS = 3
_WORD = re.compile(
    r"(?:destination |dest\.? |source |listening |default |tcp |udp |network |ip )?ports?(?: numbers?| ranges?|\(s\))?(?: ?\([a-z ]+\))?|"
    r"(?:ip |network |transport )?protocols?|transport|descriptions?|services?(?: name)?|direction|purpose|source|destination|used for|"
    r"comments?|notes?|remarks?|state|status|required|component|process|function|application|feature|name|usage|use|device|from|to|type",
    re.IGNORECASE,
)
_WIDE = re.compile(r"\s{2,}")
_RULE = re.compile(r"[-=_+|:\s]{3,}")
_NUMBERS = r"\d{1,5}(?: ?(?:[-\u2010-\u2015]|to) ?\d{1,5}(?:\+\([a-z]-1\))?)?"
_PORT = (
    rf"(?:(?:Random|Any) in range\s+)?{_NUMBERS}(?:(?:, ?| and | & | or |, and ){_NUMBERS}){{0,20}}[*†]{{0,3}}"
    r"|-(?= )|N/A|\?|[Aa]ny(?= )|[Dd]ynamic|Configurable"
)
_ONE_PROTOCOL = r"(?:TCP|UDP|IGMP|ICMP|tcp|udp|igmp|HTTPS?|RTSP|[Bb]oth)(?:/IP)?"
_PROTOCOL = rf"{_ONE_PROTOCOL}(?: ?(?:/|,|&|\+|and|or) ?{_ONE_PROTOCOL}){{0,3}}(?![A-Za-z/])"
_DIRECTION = r"(?:[Ii]nput|[Oo]utput|[Ii]n|[Oo]ut|[Ii]nbound|[Oo]utbound|[Ii]ncoming|[Oo]utgoing|[Bb]oth|[Bb]idirectional)(?:/\w+)?(?![a-z])"


class Found(NamedTuple):
    """The blocks of a table, and the line after it."""

    blocks: list[Block]
    end: int


def header(line: str) -> list[str]:
    """Return the headings of a line that consists of nothing else and names ports, or an empty list."""
    text = line.strip()
    if not 8 <= len(text) <= 200 or not text[0].isalpha():
        return []
    headings: list[str] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if not match or (match.end() < len(text) and text[match.end()] not in " \t"):
            return []
        headings.append(match[0])
        at = match.end()
        while at < len(text) and text[at] in " \t":
            at += 1
    roles = [columns.role(heading) for heading in headings]
    wanted = roles.count("port") == 1 and roles.count("protocol") <= 1 and len(headings) >= 2
    return headings if wanted and (("protocol" in roles and text[0].isupper()) or text.istitle()) else []


def heads(line: str) -> bool:
    """Return whether a line heads a table of either form: headings with wide gaps between them, or with none."""
    return bool(header(line)) or columns.is_header(_WIDE.split(line.strip()))


def read(lines: list[str], at: int, position: Callable[[int], str]) -> Found | None:
    """Return the table whose header is the line at ``at``, None where there is none."""
    if not heads(lines[at]):
        return None
    apart = _apart(lines, at, position)
    headings = header(lines[at])
    if apart or not headings:
        return apart
    pattern = _pattern(headings)
    free = _free(headings)
    starts, end = _extent(lines, at + 1, headings, pattern)
    if not starts:
        return None
    rows = [Line(position(at), headings, lines[at].strip())]
    notes: list[Block] = []
    if any(line.strip() for line in lines[at + 1 : min(starts)]):
        before = [line for line in lines[at + 1 : min(starts)] if line.strip() and not header(line)]
        cells = [""] * len(headings)
        cells[free] = "\n".join(line.strip() for line in before)
        rows.append(Line(position(at + 1), cells, "\n".join(before).strip()))
        notes.append(
            Note(f"The row at {position(at + 1)} has lost its beginning: what comes before it is not in the document.")
        )
    edges = [*sorted(starts), end]
    for start, following in zip(edges, edges[1:]):
        count, match = starts[start]
        cells = [" ".join((match[f"c{n}"] or "").split()) for n in range(len(headings))]
        rest = [line.strip() for line in lines[start + count : following] if line.strip() and not header(line)]
        cells[free] = "\n".join(part for part in (cells[free], *rest) if part)
        text = "\n".join(line.strip() for line in lines[start:following] if line.strip())
        rows.append(Line(position(start), cells, text))
    return Found([Grid("", position(at), rows, 1), *notes], end)


def _pattern(headings: list[str]) -> re.Pattern[str]:
    """Return what the beginning of a row looks like."""
    parts = []
    for number, heading in enumerate(headings):
        role = columns.role(heading)
        last = number == len(headings) - 1
        form = {"port": _PORT, "protocol": _PROTOCOL, "direction": _DIRECTION}.get(role, ".*" if last else ".*?")
        parts.append(f"(?P<c{number}>{form})")
    joined = parts[0]
    for part, _heading in zip(parts[1:], headings[1:]):
        joined += (r"(?:\s+|$)" if part.endswith(".*)") else r"\s+") + part
    return re.compile(rf"\s*{joined}(?=\s|$)")


def _free(headings: list[str]) -> int:
    """Return the position of the column that takes what follows a row's beginning."""
    roles = [columns.role(heading) for heading in headings]
    free = [n for n, role in enumerate(roles) if role not in ("port", "protocol", "direction")]
    return free[-1] if free else len(headings) - 1


def _extent(
    lines: list[str], first: int, headings: list[str], pattern: re.Pattern[str]
) -> tuple[dict[int, tuple[int, re.Match[str]]], int]:
    """Return line -> (number of lines, match) of the rows' beginnings, and the line after the table."""
    starts: dict[int, tuple[int, re.Match[str]]] = {}
    at = first
    blanks = 0
    while at < len(lines):
        line = lines[at].strip()
        found = _start(lines, at, pattern)
        if found:
            starts[at] = found
            at += found[0]
            blanks = 0
            continue
        if (
            line.endswith(":")
            or re.match(r"[•▪◦‣·●○■□➢]|[*†]{1,3} ?\w|l [A-Z]", line)
            or (blanks and line and not header(line))
        ):
            break
        if header(line) and header(line) != headings:
            break
        blanks = blanks + 1 if not line else 0
        if blanks > _MOST_BLANKS:
            break
        at += 1
    while at > first and not lines[at - 1].strip():
        at -= 1
    last = lines[at - 1].strip() if at > first else ""
    if at - 1 > max(starts, default=first) and re.fullmatch(r"\d{1,4}", last):
        at -= 1
    return starts, at


def _start(lines: list[str], at: int, pattern: re.Pattern[str]) -> tuple[int, re.Match[str]] | None:
    """Match the beginning of a row in one line, or in two or three."""
    if not lines[at].strip():
        return None
    for count in (1, 2, 3):
        part = lines[at : at + count]
        if len(part) < count or not all(part) or header(part[-1]):
            return None
        match = pattern.match("\n".join(part)[:_MOST_CHARACTERS])
        if match and (count == 1 or match.end() > len("\n".join(part[:-1]))):
            return count, match
    return None


def _apart(lines: list[str], at: int, position: Callable[[int], str]) -> Found | None:
    """Read a table whose cells stand below their headings, as text that keeps a page's layout has them."""
    marks = [start for start, _name in _pieces(lines[at])]
    names = [name for _start, name in _pieces(lines[at])]
    if len(names) < 2 or sum(columns.role(name) == "port" for name in names) != 1:
        return None
    rows = [Line(position(at), names, lines[at].strip())]
    end = at + 1
    blanks = 0
    while end < len(lines):
        text = lines[end].expandtabs(8)
        pieces = _pieces(text)
        if not pieces or _RULE.fullmatch(text):
            blanks += not pieces
            if blanks > _MOST_BLANKS:
                break
            end += 1
            continue
        alone = len(pieces) == 1 and pieces[0][0] <= marks[0]
        sentence = alone and (text.rstrip().endswith(":") or blanks or pieces[0][0] + len(pieces[0][1]) > marks[1] + 2)
        if pieces[0][0] < marks[0] - 2 or sentence:
            break
        cells = [""] * len(names)
        if len(pieces) == len(names):
            cells = [piece for _start, piece in pieces]
            pieces = []
        for start, piece in pieces:
            column = max((n for n, mark in enumerate(marks) if mark <= start + 1), default=0)
            cells[column] = f"{cells[column]} {piece}".strip()
        port = next(n for n, name in enumerate(names) if columns.role(name) == "port")
        if not cells[port] and len(rows) > 1 and not cells[0]:
            last = rows.pop()
            joined = ["\n".join(part for part in pair if part) for pair in zip(last.cells, cells)]
            rows.append(last._replace(cells=joined, text=f"{last.text}\n{text.strip()}"))
        else:
            rows.append(Line(position(end), cells, text.strip()))
        blanks = 0
        end += 1
    return Found([Grid("", position(at), rows, 1)], end) if len(rows) > 1 else None


def _pieces(line: str) -> list[tuple[int, str]]:
    """Return the texts of a line that have wide gaps between them, each with its place."""
    return [(match.start(), match[0]) for match in re.finditer(r"\S+(?: \S+)*", line.expandtabs(8))]
