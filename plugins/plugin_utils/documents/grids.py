# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a grid of cells to tables with one header each: captions, section rows, repeated headers and remarks in it are told apart."""

from __future__ import annotations

from typing import NamedTuple

from . import columns
from .blocks import Grid, Line

MOST_LINES_ABOVE = 12
MOST_TITLE_WORDS = 12


class Part(NamedTuple):
    """A table of a grid; ``titles``: its caption, and the section row above it."""

    titles: list[str]
    position: str
    header: list[str]
    lines: list[Line]


class Parts(NamedTuple):
    """All of a grid: tables, lines that are remarks, and how often a header was repeated."""

    tables: list[Part]
    remarks: list[Line]
    repeated: int


def parts(grid: Grid) -> Parts:
    """Return the tables of a grid."""
    lines = _even(grid.lines)
    if not lines:
        return Parts([], [], 0)
    headers, above = grid.headers, 0
    if not headers:
        above = next((n for n, line in enumerate(lines[:MOST_LINES_ABOVE]) if _heads(line)), -1)
        headers = 0 if above < 0 else _height(lines, above)
    found = Parts([], [], 0)
    caption = grid.caption
    if above > 0:
        for line in lines[: above - 1]:
            found.remarks.append(line)
        last = lines[above - 1]
        if _lone(last) and not caption:
            caption = _lone(last)
        else:
            found.remarks.append(last)
    above = max(above, 0)
    first = lines[above : above + headers]
    header = _combined(first) if first else [f"column {n + 1}" for n in range(len(lines[0].cells))]
    return _body(grid, caption, first, header, lines[above + headers :], found)


def _body(grid: Grid, caption: str, first: list[Line], header: list[str], lines: list[Line], found: Parts) -> Parts:
    """Divide what is below the header at section rows and at other headers."""
    tables, remarks, repeated = found
    current = Part([caption], grid.position, header, [])
    heads = [_same(line) for line in first]
    width = len(header)
    pending: list[Line] = []
    for number, line in enumerate(lines):
        text = _lone(line)
        if _same(line) in heads:
            repeated += _same(line) == heads[-1]
        elif not grid.numbered and _heads(line):
            tables.extend([current] if current.lines else [])
            title = _lone(pending.pop()) if pending else caption
            current = Part([title], line.position, line.cells, [])
            heads = [_same(line)]
        elif text and width > 2 and not line.label and not grid.numbered:
            titles = len(text.split()) <= MOST_TITLE_WORDS and text[0] not in "*†‡[(" and number + 1 < len(lines)
            if titles and not text.rstrip().endswith("."):
                pending.append(line)
                continue
            remarks.append(line)
        else:
            if pending:
                tables.extend([current] if current.lines else [])
                current = Part([caption, *map(_lone, pending[-1:])], pending[-1].position, current.header, [])
                remarks.extend(pending[:-1])
            current.lines.append(line)
            pending = []
            continue
        remarks.extend(pending)
        pending = []
    remarks.extend(pending)
    if current.lines or not tables:
        tables.append(current)
    return Parts(tables, remarks, repeated)


def _even(lines: list[Line]) -> list[Line]:
    """Make all lines as wide as the widest, and leave out columns and lines that hold nothing."""
    filled = [line for line in lines if any(cell.strip() for cell in line.cells)]
    width = max((len(line.cells) for line in filled), default=0)
    used = [n for n in range(width) if any(n < len(line.cells) and line.cells[n].strip() for line in filled)]
    return [
        line._replace(cells=[line.cells[n].strip() if n < len(line.cells) else "" for n in used]) for line in filled
    ]


def _heads(line: Line) -> bool:
    return not line.label and columns.is_header(line.cells)


def _height(lines: list[Line], above: int) -> int:
    """Return 2 where the header's first line is divided by a second one, as in "Ports" over "TCP" and "UDP"."""
    upper = lines[above].cells
    if above + 1 >= len(lines) or not any(cell and cell == other for cell, other in zip(upper, upper[1:])):
        return 1
    lower = lines[above + 1].cells
    differs = [low for high, low in zip(upper, lower) if low and low != high]
    return 2 if differs and all(columns.role(low) for low in differs) else 1


def _combined(lines: list[Line]) -> list[str]:
    return [" ".join(dict.fromkeys(cell for cell in column if cell)) for column in zip(*(line.cells for line in lines))]


def _same(line: Line) -> tuple[str, ...]:
    return tuple(columns.plain(cell).lower() for cell in line.cells)


def _lone(line: Line) -> str:
    """Return the only text of a line: one that spans all columns, or stands alone in the first."""
    texts = {cell for cell in line.cells if cell}
    if len(texts) != 1:
        return ""
    text = texts.pop()
    return text if all(line.cells) or line.cells[0] else ""
