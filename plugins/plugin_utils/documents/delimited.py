# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells with commas, semicolons or tabs between them, quoted where need be, as spreadsheets write them."""

from __future__ import annotations

import csv
import io
import itertools

from . import columns
from .blocks import Block, Grid, Line
from .limits import CHARACTERS, Budget, Unreadable

_DELIMITERS = ";\t,"
_SAMPLE = 20


def delimiter(text: str) -> str:
    """Return what divides the cells, or an empty text where the lines are no cells.

    A header of ports decides; without one, every line of the sample must have the same three or more cells.
    """
    told = text[:6].lower()
    if told.startswith("sep=") and told[4:5] in _DELIMITERS:
        return text[4]
    candidates = []
    for sign in _DELIMITERS:
        rows = _rows(text, sign, _SAMPLE)
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        heads = [row for row in filled if columns.is_header(row)]
        widths = {len(row) for row in filled}
        if heads:
            candidates.append((len(heads[0]), sign))
        elif (
            len(filled) > 1
            and len(widths) == 1
            and min(widths) >= 3
            and all(len(cell) < 80 for row in filled for cell in row)
        ):
            candidates.append((0, sign))
    return max(candidates)[1] if candidates else ""


def _rows(text: str, sign: str, most: int | None = None) -> list[list[str]]:
    """Return the cells of the first lines, none where they are not in this form."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        return list(itertools.islice(reader, most))
    except csv.Error:
        return []


def read(text: str, sign: str) -> list[Block]:
    """Return the table; raises Unreadable where a quotation mark is never closed or a cell is endless."""
    source = text.splitlines()
    content = io.StringIO(text, newline="")
    budget = Budget()
    lines: list[Line] = []
    reader = csv.reader(content, delimiter=sign, strict=True)
    before = 0
    try:
        for cells in reader:
            place = f"line {before + 1}"
            own = "\n".join(source[before : reader.line_num])
            before = reader.line_num
            budget.take(len(cells))
            if any(len(cell) > CHARACTERS for cell in cells):
                raise Unreadable(f"{place} has a cell of more than {CHARACTERS} characters", "quotation marks in pairs")
            if lines or not (cells and cells[0].lower() == "sep="):
                tidy = ["\n".join(part.strip() for part in cell.splitlines()).strip() for cell in cells]
                lines.append(Line(place, tidy, own))
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num} cannot be read: {error}", "quotation marks in pairs") from None
    return [Grid("", "line 1", lines)]
