# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four vendor documents, whole: every row is read, bound to a flow or explained."""

from __future__ import annotations

import warnings

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import document_report
from ansible_collections.vidnet.portmatrix.tests.unit import vendor_documents

PRODUCTS = {"xprotect": "milestone", "flow_ports": "flow", "pearl2": "pearl", "hikconnect": "hikvision"}
COUNTS = {"xprotect": (27, 97, 20), "flow_ports": (4, 18, 0), "pearl2": (2, 10, 0), "hikconnect": (3, 29, 0)}
FORMATS = {
    "xprotect": "page text",
    "flow_ports": "pipe-separated",
    "pearl2": "page text",
    "hikconnect": "markdown",
}


@pytest.fixture(params=vendor_documents.DOCUMENTS, name="document")
def _document(request):
    return request.param


@pytest.fixture(name="found")
def _found(document):
    found = vendor_documents.read(document)
    if found is None:
        message = f"vendor document {document} is not in {vendor_documents.DIRECTORY}: IT WAS NOT READ"
        warnings.warn(message, stacklevel=2)
        pytest.skip(message)
    return found


def test_every_row_is_read(document, found):
    labels = [row.label for table in found.tables for row in table.rows]

    assert found.format == FORMATS[document]
    assert COUNTS[document] == (
        len(found.tables),
        sum(label.isdigit() for label in labels),
        sum(label.startswith("u") for label in labels),
    )


def test_every_row_is_accounted_for(document, found):
    told = document_report.against(found, document_report.cited(PRODUCTS[document]))

    assert told["document"] == document
    assert (told["uncited"], told["unmatched"], told["conflicts"]) == ([], [], [])
    assert all(row["flows"] or row["no_flow"] for table in told["tables"] for row in table["rows"])


def test_no_word_is_lost(document, found):
    """Every word of the file is in a title, a header, a cell or a paragraph."""
    kept = " ".join(
        [
            found.title,
            *(" ".join([table.title, *table.header]) for table in found.tables),
            *(" ".join([row.label, *row.cells, row.text]) for table in found.tables for row in table.rows),
            *(f"{part.section} {part.text}" for part in found.prose),
        ]
    ).split()
    content = (vendor_documents.DIRECTORY / vendor_documents.DOCUMENTS[document]).read_text(encoding="utf-8")
    words = {word.strip(":") for word in content.split()} - {"|", "l", "###", ""}

    assert {word for word in words if not set(word) <= set("|-")} <= {word.strip(":") for word in kept} | {
        "Guide",
        "Pearl-2",
        "User",
    }


def test_the_ports_of_each_row_are_read(document, found):
    """Only what the document leaves open is left to a person."""
    left = {(entry["table"], entry["row"]) for entry in document_report.of(found)["unparsed"]}

    assert (
        left
        == {
            "xprotect": {(2, "2"), (9, "3"), (20, "u3"), (20, "u4")},
            "flow_ports": {(1, "5"), (3, "3"), (3, "5"), (4, "3")},
            "pearl2": {(2, "1"), (2, "2"), (2, "3")},
            "hikconnect": set(),
        }[document]
    )
