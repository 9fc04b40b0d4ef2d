# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account finds each way in which a row can be lost."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import row_account
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document, Row, Table

PLACES = row_account.declared([{"title": "Doors", "rows": 2, "unnumbered": 1}, {"title": "Bells", "rows": 1}])


def _flow(name, *places):
    return {"id": name, "source": [{"document": "trams", "table": table, "row": row} for table, row in places]}


def _why(table, row):
    return {"document": "trams", "table": table, "row": row, "no_flow": "inside the tram"}


COMPLETE = [_flow("tram.door.open", (1, 1), (2, 1)), _flow("tram.door.close", (1, 1), (1, "u1"))], [_why(1, 2)]


def test_a_complete_account_leaves_nothing():
    found = row_account.account("trams", PLACES, *COMPLETE)

    assert (found.uncited, found.unmatched, found.conflicts) == ([], [], [])
    assert found.flows[1, "1"] == ["tram.door.open", "tram.door.close"]
    assert found.reasons == {(1, "2"): ["inside the tram"]}


def test_sections_and_other_documents_do_not_count():
    flows, reasons = COMPLETE
    other = {
        "id": "tram.bell.ring",
        "source": [{"document": "trams", "section": "Bells"}, {"document": "buses", "table": 9, "row": 9}],
    }

    assert row_account.account("trams", PLACES, [*flows, other], reasons) == row_account.account(
        "trams", PLACES, flows, reasons
    )


@pytest.mark.parametrize(
    ("flows", "reasons", "uncited", "unmatched", "conflicts"),
    [
        ([_flow("a.b", (1, 1), (1, "u1"))], [_why(1, 2)], [(2, "1")], [], []),
        ([_flow("a.b", (1, 1), (2, 1))], [_why(1, 2)], [(1, "u1")], [], []),
        (
            [*COMPLETE[0], _flow("a.b", (1, 2))],
            [_why(1, 2)],
            [],
            [],
            ["trams table 1 row 2: bound to a.b, and yet explained to open nothing"],
        ),
        ([*COMPLETE[0], _flow("a.b", (1, 3))], [_why(1, 2)], [], [("a.b", (1, "3"))], []),
        ([*COMPLETE[0], _flow("a.b", (3, 1))], [_why(1, 2)], [], [("a.b", (3, "1"))], []),
        (COMPLETE[0], [_why(1, 2), _why(2, 2)], [], [("rows", (2, "2"))], []),
        (COMPLETE[0], [_why(1, 2), _why(1, 2)], [], [], ["trams table 1 row 2: explained 2 times"]),
        (
            [*COMPLETE[0], _flow("a.b", (1, 1), (1, 1))],
            [_why(1, 2)],
            [],
            [],
            ["trams table 1 row 1: cited twice by one flow"],
        ),
    ],
)
def test_each_fault_is_found(flows, reasons, uncited, unmatched, conflicts):
    found = row_account.account("trams", PLACES, flows, reasons)

    assert (found.uncited, found.unmatched, found.conflicts) == (uncited, unmatched, conflicts)


def test_places_of_a_document():
    rows = [Row("1", "line 3", ["80"], "80"), Row("u1", "line 4", ["81"], "81")]
    document = Document("Trams", "csv", [Table(1, "Doors", "line 2", ["Port"], rows)], [], [])

    assert row_account.places(document) == [(1, "1"), (1, "u1")]
