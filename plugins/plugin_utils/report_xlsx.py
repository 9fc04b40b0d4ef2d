# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as Excel workbooks: one sheet a table, every cell text, the same bytes for the same report."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Any

from .report import Report, Table
from .report_csv import FORMULA

REQUIRED = "the Python package openpyxl is needed on the controller for xlsx: pip install openpyxl, or leave xlsx out"
#: A cell holds 32,767 UTF-16 units, of which a character takes up to two; what is longer goes on in another row.
LONGEST = 16_000
MOST_ROWS = 1_048_576
NARROWEST, WIDEST = 10, 60
TEXT_FORMAT = "@"
#: Fixed, so that a file changes only when what it says does: the first moment that a zip archive can name.
MOMENT = datetime.datetime(1980, 1, 1)


def data(report: Report) -> bytes:
    """Return the file; raises RuntimeError without openpyxl, and ValueError for more rows than a sheet has."""
    try:
        from openpyxl import Workbook
        from openpyxl.xml.functions import tostring
    except ImportError:
        raise RuntimeError(REQUIRED) from None
    book = Workbook(write_only=True)
    book.properties.creator = "vidnet.portmatrix"
    book.properties.title = report.title
    book.properties.description = report.summary
    book.properties.created = MOMENT
    for table in report.tables:
        _sheet(book, table)
    out = io.BytesIO()
    book.save(out)
    book.properties.modified = MOMENT
    return _timeless(out.getvalue(), tostring(book.properties.to_tree()))


def _sheet(book: Any, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    rows = [part for row in table.rows for part in _parts(row)]
    if len(rows) >= MOST_ROWS:
        raise ValueError(
            f"{table.title}: {len(rows):,} rows; an xlsx sheet holds {MOST_ROWS - 1:,}: choose fewer hosts"
        )
    sheet = book.create_sheet(table.title)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(rows) + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, name in enumerate(table.columns):
        longest = max((len(row[number]) for row in rows), default=0)
        sheet.column_dimensions[get_column_letter(number + 1)].width = min(
            max(longest, len(name) + 4, NARROWEST), WIDEST
        )
    top, bold = Alignment(vertical="top", wrap_text=True), Font(bold=True)
    for position, row in enumerate([table.columns, *rows]):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # openpyxl takes "=..." for a formula and "#N/A" for an error
            cell.alignment = top
            cell.number_format = TEXT_FORMAT
            if value.startswith(FORMULA):
                cell.quotePrefix = True
            if position == 0:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)


def _parts(row: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the row, or several when a cell is too long: they repeat the other cells, so that each stands by itself."""
    if all(len(cell) <= LONGEST for cell in row):
        yield row
        return
    split = [_split(cell) for cell in row]
    for number in range(max(map(len, split))):
        yield tuple(parts[min(number, len(parts) - 1)] for parts in split)


def _split(cell: str) -> list[str]:
    """Cut a long cell where one entry ends and the next begins."""
    parts = []
    while len(cell) > LONGEST:
        end = cell.rfind(", ", 0, LONGEST)
        parts.append(cell[: end if end > 0 else LONGEST])
        cell = cell[end + 2 if end > 0 else LONGEST :]
    return [*parts, cell]


def _timeless(data: bytes, properties: bytes) -> bytes:
    """Return the archive without the time of its making, and with these document properties."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            entry = zipfile.ZipInfo(name, MOMENT.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            after.writestr(entry, properties if name == "docProps/core.xml" else before.read(name))
    return out.getvalue()
