# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io

from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_csv
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import CELLS, TABLES

DANGEROUS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001


@given(TABLES)
@stable(200)
def test_what_is_read_back_is_what_was_written_and_no_formula(found: Table) -> None:
    text = report_csv.text(found)
    rows = list(csv.reader(io.StringIO(text)))
    assert [tuple(map(report_csv.unguarded, row)) for row in rows] == [found.columns, *found.rows]
    assert not any(cell[:1] and cell[0] in DANGEROUS for row in rows for cell in row)
    assert len(text.splitlines()) == len(rows)


@given(CELLS)
@stable(300)
def test_the_guard_is_taken_off_again(cell: str) -> None:
    assert report_csv.unguarded(report_csv.guarded(cell)) == cell


def test_ordinary_cells_are_as_they_are() -> None:
    for cell in ("", "7563", "6000-7000", "2001:db8::/64", "milestone.recording.media"):
        assert report_csv.guarded(cell) == cell
