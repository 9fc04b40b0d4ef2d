# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XLSX workbooks, by openpyxl, row by row. What is packed in the file is measured before it is read."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from .blocks import Block, Grid, Heading, Line, Note
from .limits import CELLS, PARTS, UNPACKED, Budget, Unreadable

_CHUNK = 1 << 16
#: A part that unpacks to more than this many times its size is no table that a person has written.
_RATIO = 1_000


def check(data: bytes) -> None:
    """Raise Unreadable for an archive that is no workbook, or is too big when unpacked, whatever it says of itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS:
                raise Unreadable(f"has {len(parts)} parts", f"a workbook of at most {PARTS}")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise Unreadable(_other(names), "an XLSX workbook, a PDF, HTML, Markdown, CSV or text")
            if sum(part.file_size for part in parts) > UNPACKED:
                raise Unreadable(
                    f"is more than {UNPACKED >> 20} MiB when unpacked", "a workbook with the port list alone"
                )
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable("is encrypted", "a workbook without a password")
            left = UNPACKED
            for part in parts:
                left -= _measure(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, OverflowError) as error:
        raise Unreadable(f"is a damaged workbook: {error}", "a workbook that a spreadsheet program opens") from None


def _measure(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Return how many bytes a part really unpacks to."""
    total = 0
    start = b""
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            start = start or chunk[:4096]
            total += len(chunk)
            if total > left or total > max(_RATIO * max(part.compress_size, 1), _CHUNK * 16):
                raise Unreadable(
                    f"holds {part.filename!r}, which swells when it is unpacked",
                    "a workbook that was not tampered with",
                )
    if part.filename.endswith((".xml", ".rels")) and re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", start.replace(b"\0", b"")):
        raise Unreadable(f"holds {part.filename!r}, which defines entities", "a workbook that was not tampered with")
    return total


def _other(names: set[str]) -> str:
    if "word/document.xml" in names:
        return "is a Word document"
    if "content.xml" in names:
        return "is an OpenDocument file"
    return "is a ZIP archive"


def read(data: bytes) -> list[Block]:
    """Return a heading and a grid for each sheet; raises Unreadable."""
    check(data)
    import defusedxml.common
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, rich_text=True)
        blocks: list[Block] = []
        budget = Budget()
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                blocks.append(Note(f"The sheet {sheet.title!r} is hidden; it was read like the others."))
            blocks.extend(_sheet(sheet, book, budget))
        return blocks
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # openpyxl has no error of its own for a damaged workbook
        cause: BaseException = error
        while not isinstance(cause, defusedxml.common.DefusedXmlException) and cause.__context__ is not None:
            cause = cause.__context__
        if isinstance(cause, defusedxml.common.DefusedXmlException):
            raise Unreadable("defines entities", "a workbook that was not tampered with") from None
        what = f"{type(cause).__name__} {' '.join(str(cause).split())[:120]}".rstrip()
        raise Unreadable(f"is a damaged workbook: {what}", "a workbook that a spreadsheet program opens") from None


def _sheet(sheet: Any, book: Any, budget: Budget) -> Iterator[Block]:
    """Yield the blocks of one sheet."""
    merged, formulas, marked = _shape(sheet, book)
    sheet.reset_dimensions()  # what a sheet says of its own size need not be so
    rows: dict[int, list[str]] = {}
    for row in sheet.iter_rows():
        budget.take(max(len(row), 1))
        cells = [text(cell.value) for cell in row]
        if any(cells):
            rows[max(cell.row for cell in row if cell.value is not None)] = cells
    for (number, column), content in marked.items():
        if number in rows and column <= len(rows[number]):
            rows[number][column - 1] = content
    own = {number: " | ".join(cell for cell in cells if cell) for number, cells in rows.items()}
    for first_column, first_row, last_column, last_row in merged:
        value = rows.get(first_row, [])[first_column - 1 : first_column]
        if value and value[0]:
            budget.take(min((last_row - first_row + 1) * (last_column - first_column + 1), CELLS + 1))
            for number in range(first_row, last_row + 1):
                if number in rows:
                    rows[number].extend([""] * (last_column - len(rows[number])))
                    rows[number][first_column - 1 : last_column] = value * (last_column - first_column + 1)
    yield Heading(1, sheet.title, f"sheet {sheet.title}")
    if formulas:
        yield Note(f"In the sheet {sheet.title!r}, formulas without a saved value: {formulas}; their cells are empty.")
    lines = [Line(f"sheet {sheet.title}, row {n}", cells, own[n] or cells[0]) for n, cells in sorted(rows.items())]
    if lines:
        yield Grid("", lines[0].position, lines)


def _shape(sheet: Any, book: Any) -> tuple[list[tuple[int, int, int, int]], int, dict[tuple[int, int], str]]:
    """Return what openpyxl does not give row by row: merged cells, how many formulas have no value, texts with raised marks."""
    from defusedxml import ElementTree
    from openpyxl.utils import coordinate_to_tuple, range_boundaries

    merged: list[tuple[int, int, int, int]] = []
    formulas = 0
    marked: dict[tuple[int, int], str] = {}
    budget = Budget()
    with book._archive.open(sheet._worksheet_path) as part:
        for _event, element in ElementTree.iterparse(part):
            name = _name(element)
            if name == "mergeCell":
                edges = [edge or 0 for edge in range_boundaries(element.get("ref") or "A1")]
                if all(edges):
                    merged.append((edges[0], edges[1], edges[2], edges[3]))
            elif name == "c":
                budget.take(1)
                parts = {_name(child): child for child in element}
                formulas += "f" in parts and not any(
                    name in parts and (parts[name].text or len(parts[name])) for name in ("v", "is")
                )
                if (
                    "is" in parts
                    and any(_name(child) == "vertAlign" for child in parts["is"].iter())
                    and element.get("r")
                ):
                    marked[coordinate_to_tuple(element.get("r"))] = "".join(map(_raw_run, parts["is"])).strip()
            if name in ("row", "mergeCell"):
                element.clear()
    return merged, formulas, marked


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _raw_run(run: Any) -> str:
    """Return the text of a run as it is in the file."""
    raised = any(_name(child) == "vertAlign" and child.get("val") == "superscript" for child in run.iter())
    content = "".join(child.text or "" for child in run.iter() if _name(child) == "t")
    return f"[{content.strip()}]" if raised and content.strip() else content


def text(value: Any) -> str:
    """Return a cell's value as a person sees it; a raised number is a footnote's mark and stands in brackets."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, list):  # rich text
        return "".join(_run(part) for part in value).strip()
    return "\n".join(" ".join(line.split()) for line in str(value).replace("\u00a0", " ").splitlines()).strip()


def _run(part: Any) -> str:
    font = getattr(part, "font", None)
    raised = getattr(font, "vertAlign", None) == "superscript"
    content = str(getattr(part, "text", part))
    return f"[{content.strip()}]" if raised and content.strip() else content
