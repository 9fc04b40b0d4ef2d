# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounting finds each way in which a row can be lost."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.unit import row_accounting

TABLES = [{"title": "Doors", "rows": 2, "unnumbered": 1}, {"title": "Bells", "rows": 1}]


def _flow(name, *places):
    return {"id": name, "source": [{"document": "trams", "table": table, "row": row} for table, row in places]}


def _why(table, row):
    return {"document": "trams", "table": table, "row": row, "no_flow": "inside the tram"}


COMPLETE = [_flow("tram.door.open", (1, 1), (2, 1)), _flow("tram.door.close", (1, 1), (1, "u1"))], [_why(1, 2)]


def test_a_complete_account_has_no_complaints():
    assert row_accounting.complaints("trams", TABLES, *COMPLETE) == []


def test_sections_and_other_documents_do_not_count():
    flows, reasons = COMPLETE
    other = {
        "id": "tram.bell.ring",
        "source": [{"document": "trams", "section": "Bells"}, {"document": "buses", "table": 9, "row": 9}],
    }

    assert row_accounting.complaints("trams", TABLES, [*flows, other], reasons) == []


@pytest.mark.parametrize(
    ("flows", "reasons", "complaint"),
    [
        (
            [_flow("a.b", (1, 1), (1, "u1"))],
            [_why(1, 2)],
            "trams table 2 (Bells) row 1: neither bound to a flow nor explained",
        ),
        (
            [_flow("a.b", (1, 1), (2, 1))],
            [_why(1, 2)],
            "trams table 1 (Doors) row u1: neither bound to a flow nor explained",
        ),
        (
            [*COMPLETE[0], _flow("a.b", (1, 2))],
            [_why(1, 2)],
            "trams table 1 (Doors) row 2: bound to a.b, and yet explained to open nothing",
        ),
        (
            [*COMPLETE[0], _flow("a.b", (1, 3))],
            [_why(1, 2)],
            "trams table 1 row 3: is not in the document, but a.b points to it",
        ),
        (
            [*COMPLETE[0], _flow("a.b", (3, 1))],
            [_why(1, 2)],
            "trams table 3 row 1: is not in the document, but a.b points to it",
        ),
        (
            COMPLETE[0],
            [_why(1, 2), _why(2, 2)],
            "trams table 2 row 2: is not in the document, but a reason points to it",
        ),
        (COMPLETE[0], [_why(1, 2), _why(1, 2)], "trams table 1 (Doors) row 2: explained 2 times"),
        (
            [*COMPLETE[0], _flow("a.b", (1, 1), (1, 1))],
            [_why(1, 2)],
            "trams table 1 (Doors) row 1: bound to one flow twice",
        ),
    ],
)
def test_each_complaint_names_its_row(flows, reasons, complaint):
    assert row_accounting.complaints("trams", TABLES, flows, reasons) == [complaint]
