# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the pages of a PDF: repeated heads and feet are left out, tables and paragraphs go on over the page's end."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from . import columns, page_rows, plain_text
from .blocks import Block, Grid, Heading, Line, Note

if TYPE_CHECKING:
    from .pdf_pages import Printed

_LARGER = 1.15
_EDGE = 2
_MOST_HEADING_WORDS = 14


def blocks(pages: list[list[Printed | Grid]], empty: list[int]) -> list[Block]:
    """Return the blocks of all pages; ``empty``: the pages that have no text."""
    left_out: list[str] = []
    entries = [entry for page in _without_furniture(pages, left_out) for entry in page]
    found: list[Block] = []
    run: list[Printed] = []
    for entry in entries:
        if isinstance(entry, Grid):
            _flush(run, found)
            last = found[-1] if found else None
            if isinstance(last, Grid) and _goes_on(last, entry):
                found[-1] = _continued(last, entry, found)
            else:
                found.append(entry)
        elif _is_heading(entry):
            _flush(run, found)
            found.append(Heading(_level(entry, entries), entry.text.strip(), f"page {entry.page}"))
        else:
            run.append(entry)
    _flush(run, found)
    notes = [f"Repeated on the pages, and left out: {text!r}." for text in dict.fromkeys(left_out)]
    if empty:
        notes.append(f"Without text, and so not read: page {', '.join(map(str, empty))}.")
    return [*found, *map(Note, notes)]


def _flush(run: list[Printed], found: list[Block]) -> None:
    """Read the lines that have come together."""
    texts: list[str] = []
    places: list[int] = []
    for line in run:
        if line.gap > 0.9 and texts:
            texts.append("")
            places.append(line.page)
        texts.append(line.text)
        places.append(line.page)
    run.clear()
    found.extend(plain_text.read_lines(texts, lambda at: f"page {places[min(at, len(places) - 1)]}"))


def _is_heading(line: Printed) -> bool:
    """Return whether a line is set larger, or bold and short; the header of a table is neither."""
    text = line.text.strip()
    if (
        len(text.split()) > _MOST_HEADING_WORDS
        or page_rows.header(text)
        or columns.is_header(re.split(r"\s{2,}", text))
    ):
        return False
    return line.size > _LARGER or (line.bold and not re.search(r"\s{2,}", text))


def _level(line: Printed, entries: list[Printed | Grid]) -> int:
    """Return 1 for the largest letters of the document, 2 for the next, and so on."""
    sizes = {round(entry.size, 1) for entry in entries if not isinstance(entry, Grid) and _is_heading(entry)}
    return sorted(sizes, reverse=True).index(round(line.size, 1)) + 1


def _without_furniture(pages: list[list[Printed | Grid]], left_out: list[str]) -> list[list[Printed | Grid]]:
    """Leave out the lines that most pages begin or end with."""
    edges = [_edges(page) for page in pages]
    seen = Counter(form for edge in edges for form in {_form(line.text) for line in edge})
    filled = sum(bool(page) for page in pages)
    usual = {form for form, count in seen.items() if form and count >= max(2, 0.6 * filled)}
    kept = []
    for page, edge in zip(pages, edges):
        away = [line for line in edge if _form(line.text) in usual]
        left_out.extend(" ".join(line.text.split()) for line in away[:1] if len(left_out) < 4)
        kept.append([entry for entry in page if not any(entry is line for line in away)])
    return kept


def _edges(page: list[Printed | Grid]) -> list[Printed]:
    """Return the lines at the head and foot of a page, but for what may be part of a table."""
    ends = [*page[:_EDGE], *page[-_EDGE:]]
    return [line for line in ends if not isinstance(line, Grid)]


def _form(text: str) -> str:
    """Return what is compared: a page number is any number, and the parts of a table are nothing."""
    plain = " ".join(text.split())
    if page_rows.heads(text):
        return ""
    if re.search(r"\b(?:tcp|udp)\b", plain, re.IGNORECASE) and re.search(r"\d", plain):
        return ""
    if re.fullmatch(r"\D*\bpage\b\D*\d+\D*\d*|\d{1,4}|.*\D[|·–-] ?\d{1,3}", plain, re.IGNORECASE):
        return re.sub(r"\d+", "#", plain)
    return plain


def _goes_on(above: Grid, below: Grid) -> bool:
    """Return whether a table goes on in another that follows it at once on the next page."""
    if above.lines[-1].position == below.lines[0].position or len(above.lines[0].cells) != len(below.lines[0].cells):
        return False
    return not columns.is_header(below.lines[0].cells) or any(
        line.cells == below.lines[0].cells for line in above.lines[:3]
    )


def _continued(above: Grid, below: Grid, found: list[Block]) -> Grid:
    """Return both tables as one; a row that the page's end has divided is made whole."""
    first, *rest = below.lines
    repeated = any(line.cells == first.cells for line in above.lines[:3])
    divided = rest[0] if repeated and rest else first
    if (
        not divided.cells[0]
        and any(divided.cells)
        and sum(bool(cell) for cell in divided.cells) < len(divided.cells) - 1
    ):
        last = above.lines[-1]
        cells = ["\n".join(part for part in pair if part) for pair in zip(last.cells, divided.cells)]
        whole = Line(last.position, cells, f"{last.text}\n{divided.text}", last.label)
        found.append(Note(f"A row at {last.position} goes on at {divided.position}; it was read as one row."))
        found[-1], found[-2] = found[-2], found[-1]
        lines = [*above.lines[:-1], whole, *([first] if repeated else []), *(rest[1:] if repeated else rest)]
        return above._replace(lines=lines)
    return above._replace(lines=[*above.lines, *below.lines])
