# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.markup import (
    Column,
    Html,
    escaped,
    isolated,
    joined,
    link,
    section,
    table,
    tag,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.words import moment

HOSTILE = '<b onclick="x">&\''


def test_text_is_escaped_once() -> None:
    assert escaped(HOSTILE) == "&lt;b onclick=&quot;x&quot;&gt;&amp;&#x27;"
    assert escaped(escaped(HOSTILE)) == escaped(HOSTILE)
    assert tag("p", HOSTILE, "note") == f'<p class="note">{escaped(HOSTILE)}</p>'
    assert joined(["<", Html("<br>")], ", ") == "&lt;, <br>"
    assert isolated("a") == "<bdi>a</bdi>"


def test_long_ids_may_break_at_their_joints() -> None:
    assert escaped("milestone.recording_2.media") == "milestone.<wbr>recording_2.<wbr>media"
    assert escaped("10.0.0.5") == "10.0.0.5"


def test_a_table_names_its_rows_and_columns() -> None:
    page = BeautifulSoup(
        table([Column("Host"), Column('W"hy', "text")], [("rs1", HOSTILE)], "A caption"), "html.parser"
    )
    assert [cell["scope"] for cell in page.find_all("th")] == ["col", "col", "row"]
    assert [cell["data-label"] for cell in page.select("tbody > tr > *")] == ["Host", 'W"hy']
    assert page.td.get_text() == HOSTILE and page.td["class"] == ["text"] and page.caption.string == "A caption"


def test_a_section_is_named_by_its_heading() -> None:
    page = BeautifulSoup(section("hosts", "Hosts & more", "<"), "html.parser")
    assert page.section["aria-labelledby"] == page.h2["id"] == "hosts-title" and page.section["id"] == "hosts"


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:x", "//example.com/"])
def test_only_addresses_of_the_web_are_links(address: str) -> None:
    assert link("Guide", address) == "Guide"
    assert json.dumps(link("Guide", 'https://example.com/"')) == json.dumps(
        '<a href="https://example.com/&quot;" rel="noreferrer">Guide</a>'
    )


def test_a_moment_is_in_words() -> None:
    assert moment("2026-11-21T14:00:59Z") == "on 21 November 2026 at 14:00 UTC"
    assert moment("yesterday") == "yesterday"
