# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of other vendors: every row and port of each is found, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import recognise
from ansible_collections.vidnet.portmatrix.tests.support import document_fixtures as fixtures


@pytest.mark.parametrize("name", fixtures.EXPECTED)
def test_every_row_and_port_is_read(name):
    expected = fixtures.EXPECTED[name]
    document = fixtures.read(name)
    found = fixtures.found(document)

    assert found["format"] == expected["format"]
    assert found["title"] == expected.get("title", found["title"])
    assert [table["title"] for table in found["tables"]] == [table["title"] for table in expected["tables"]]
    for table, wanted in zip(found["tables"], expected["tables"]):
        assert list(table["rows"]) == list(wanted["rows"])
        for label, row in wanted["rows"].items():
            has = table["rows"][label]
            assert " ".join(row["says"].split()) in has["says"]
            assert (has["ways"], has["left"]) == (row.get("ways", []), row.get("left", [])), (
                f"{table['title']} row {label}"
            )
    for part in expected.get("prose", []):
        matching = [text for text in found["prose"] if part["text"] in text["text"]]
        assert matching, f"{part['text']!r} is lost"
        assert matching[0]["ways"] == part.get("ways", [])
    if "notes" in expected:
        assert document.notes == expected["notes"]
    with_ports = [text["text"] for text in found["prose"] if text["ways"]]
    assert len(with_ports) == sum(bool(part.get("ways")) for part in expected.get("prose", []))


@pytest.mark.parametrize("name", fixtures.EXPECTED)
def test_positions_are_in_the_document(name):
    document = fixtures.read(name)
    if document.format in ("pdf", "xlsx", "html"):
        return
    lines = fixtures.PATHS[name].read_text(encoding="utf-8-sig").splitlines()
    for table in document.tables:
        for row in table.rows:
            line = lines[int(row.position.removeprefix("line ")) - 1]
            assert row.text.split()[0] in line or line == row.label, (row, line)


def test_there_are_enough_of_them():
    assert len(fixtures.EXPECTED) >= 12
    assert {fixtures.read(name).format for name in fixtures.EXPECTED} == {
        "csv",
        "html",
        "markdown",
        "page text",
        "pdf",
        "pipe-separated",
        "xlsx",
    }


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", []),
        ("utf-32", []),
        ("cp1252", ["The text is not UTF-8; it was read as Windows-1252."]),
    ],
)
@pytest.mark.parametrize("name", ["network_team", "recorder_manual"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_line_ends_make_no_difference(name, encoding, notes, line_end):
    path = fixtures.PATHS[name]
    plain = fixtures.read(name)
    text = path.read_text(encoding="utf-8").replace("\n", line_end)
    document = recognise.parse(text.encode(encoding), path.name)

    assert fixtures.found(document) == fixtures.found(plain)
    assert document.notes == [*plain.notes, *notes]


def test_a_page_says_its_encoding():
    page = '<html><head><meta charset="iso-8859-2"></head><body><p>Portů je více: TCP 80</p></body></html>'

    assert recognise.parse(page.encode("iso-8859-2"), "page").prose[0].text == "Portů je více: TCP 80"


@pytest.mark.parametrize("name", fixtures.EXPECTED)
def test_the_name_of_the_file_decides_nothing(name):
    document = recognise.parse(fixtures.PATHS[name].read_bytes(), "x.pdf")

    assert document._replace(title="") == fixtures.read(name)._replace(title="")
