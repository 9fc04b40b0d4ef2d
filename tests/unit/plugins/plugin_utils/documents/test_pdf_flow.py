# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of a PDF repeat or divide."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import assemble, pdf_flow
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents.blocks import Grid, Line
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents.pdf_pages import Printed

HEADER = ["Service", "Port", "Protocol"]


def printed(text, page, size=1.0, bold=False):
    return Printed(text, page, size, bold, 0.2)


def grid(page, *rows):
    return Grid("", f"page {page}", [Line(f"page {page}", list(row), " | ".join(row)) for row in rows])


def read(*pages):
    return assemble.document(pdf_flow.blocks([list(page) for page in pages], []), "pdf")


def test_a_table_goes_on_over_pages():
    document = read(
        [printed("Manual", 1), grid(1, HEADER, ("Web", "80", "TCP")), printed("1", 1)],
        [printed("Manual", 2), grid(2, HEADER, ("Time", "123", "UDP")), printed("2", 2)],
        [printed("Manual", 3), grid(3, ("Mail", "25", "TCP")), printed("3", 3)],
    )

    (table,) = document.tables
    assert [(row.position, row.cells[1]) for row in table.rows] == [
        ("page 1", "80"),
        ("page 2", "123"),
        ("page 3", "25"),
    ]
    assert document.prose == []
    assert document.notes == [
        "Repeated on the pages, and left out: 'Manual'.",
        "The header row of the table at page 1 is repeated 1 time; it was read once.",
    ]


def test_a_row_that_a_page_divides_is_made_whole():
    document = read(
        [grid(1, HEADER, ("Web", "80", "TCP"), ("Video of all", "554", "TCP"))],
        [grid(2, HEADER, ("", "8554", ""), ("Time", "123", "UDP"))],
    )

    (table,) = document.tables
    assert [row.cells for row in table.rows] == [
        ["Web", "80", "TCP"],
        ["Video of all", "554\n8554", "TCP"],
        ["Time", "123", "UDP"],
    ]
    assert "A row at page 1 goes on at page 2; it was read as one row." in document.notes


def test_another_table_is_another_table():
    document = read(
        [grid(1, HEADER, ("Web", "80", "TCP"))],
        [grid(2, ("Port", "Protocol", "Use"), ("123", "UDP", "Time"))],
    )

    assert [table.header for table in document.tables] == [HEADER, ["Port", "Protocol", "Use"]]


def test_rows_that_pages_happen_to_begin_with_are_not_left_out():
    document = read(
        [printed("Port  Protocol  Use", 1), printed("80  TCP  Web", 1), printed("8001  TCP  Camera", 1)],
        [printed("8001  TCP  Camera", 2), printed("8002  TCP  Camera", 2), printed("9  UDP  End", 2)],
    )

    assert [row.cells[0] for table in document.tables for row in table.rows] == ["80", "8001", "8001", "8002", "9"]


def test_headings_by_size_and_weight():
    document = read(
        [
            printed("Manual", 1, size=2.0),
            printed("Cameras", 1, size=1.5),
            printed("Incoming", 1, bold=True),
            grid(1, HEADER, ("Web", "80", "TCP")),
            printed("Servers", 1, size=1.5),
            grid(1, HEADER, ("Time", "123", "UDP")),
        ]
    )

    assert document.title == "Manual"
    assert [table.title for table in document.tables] == ["Cameras > Incoming", "Servers"]
