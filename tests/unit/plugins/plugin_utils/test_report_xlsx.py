# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import sys
import zipfile

import openpyxl
import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_xlsx
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Report, Table, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import HARD, TABLES, report


def opened(found: Report) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(report_xlsx.data(found)))


def read(sheet: object) -> list[tuple[str, ...]]:
    return [tuple(value or "" for value in row) for row in sheet.iter_rows(values_only=True)]


@given(TABLES)
@stable(25)
def test_what_is_read_back_is_what_was_written(found: Table) -> None:
    sheet = opened(report(found._replace(title="Rules"))).active
    assert read(sheet) == [found.columns, *found.rows]
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.value is None or cell.data_type == "s"


def test_nothing_is_a_formula_an_error_or_a_number() -> None:
    hard = [*HARD, "#REF!", "=cmd|' /C calc'!A0", "1e5", "2026-01-01", "TRUE"]
    found = table("rules", "Rules", ("cell",), [(cell,) for cell in hard])
    data = report_xlsx.data(report(found))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    for row in opened(report(found)).active.iter_rows(min_row=2):
        for cell in row:
            assert cell.number_format == "@"
            assert cell.quotePrefix == str(cell.value or "").startswith(("=", "+", "-", "@", "＝"))  # noqa: RUF001


def test_sheets_are_ready_to_be_used() -> None:
    rules = table("rules", "Rules", ("host", "reason"), [("rs1", "x" * 200), ("rs2", "y")])
    book = opened(report(rules, table("unresolved", "Unresolved", ("host", "flow"), [])))
    assert book.sheetnames == ["Rules", "Unresolved"]
    sheet = book["Rules"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (10, 60)
    assert sheet["A1"].font.bold and not sheet["A2"].font.bold
    assert read(book["Unresolved"]) == [("host", "flow")]


def test_the_same_bytes_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = report(table("rules", "Rules", ("host",), [("rs1",)]))
    first = report_xlsx.data(found)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert report_xlsx.data(found) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"1980-01-01T00:00:00Z") == 2


def test_what_a_cell_cannot_hold_goes_on_in_the_next_row() -> None:
    peers = [f"camera{number} (10.0.{number // 250}.{number % 250})" for number in range(2000)]
    found = table(
        "rules", "Rules", ("host", "peers"), [("rs1", ", ".join(peers)), ("rs2", "z" * 40_000), ("rs3", "one")]
    )
    header, *rows = read(opened(report(found)).active)
    assert header == ("host", "peers")
    assert [peer for host, cell in rows if host == "rs1" for peer in cell.split(", ")] == peers
    assert "".join(cell for host, cell in rows if host == "rs2") == "z" * 40_000
    assert all(len(cell) <= report_xlsx.LONGEST for row in rows for cell in row)


def test_more_rows_than_a_sheet_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_xlsx, "MOST_ROWS", 3)
    report_xlsx.data(report(table("rules", "Rules", ("host",), [("a",), ("b",)])))
    with pytest.raises(ValueError, match="Rules: 3 rows; an xlsx sheet holds 2: choose fewer hosts"):
        report_xlsx.data(report(table("rules", "Rules", ("host",), [("a",), ("b",), ("c",)])))


def test_without_openpyxl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(RuntimeError, match="the Python package openpyxl is needed on the controller for xlsx"):
        report_xlsx.data(report())
