# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as CSV that a spreadsheet shows as text: no cell begins with what makes a formula."""

from __future__ import annotations

import csv
import io

from .report import Table

#: What spreadsheets take for the beginning of a formula, also in their full-width forms; and the guard itself.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
GUARD = "'"


def text(table: Table) -> str:
    """Return the table with one header line."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [guarded(cell) for cell in row] for row in (table.columns, *table.rows)
    )
    return out.getvalue()


def guarded(cell: str) -> str:
    """Return the cell with an apostrophe before what a spreadsheet would run, or before an apostrophe."""
    return GUARD + cell if cell.startswith((*FORMULA, GUARD)) else cell


def unguarded(cell: str) -> str:
    """Return the cell that :func:`guarded` was given."""
    return cell.removeprefix(GUARD)
