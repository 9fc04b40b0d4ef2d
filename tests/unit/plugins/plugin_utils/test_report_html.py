# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import re

from bs4 import BeautifulSoup
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_html
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Report, Table, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import TABLES, report

EXAMPLE = report(
    table("rules", "Rules", ("host", "flows"), [("rs1", "milestone.recording.media_event"), ("rs2", "</script>")]),
    table("unresolved", "Unresolved", ("host", "flow"), []),
)


def parsed(found: Report) -> BeautifulSoup:
    return BeautifulSoup(report_html.text(found), "html.parser")


@given(TABLES)
@stable(150)
def test_what_is_read_back_is_what_was_written(found: Table) -> None:
    page = parsed(report(found))
    rows = [tuple(cell.get_text() for cell in row.find_all(["th", "td"])) for row in page.select("table tr")]
    assert rows == ([found.columns, *found.rows] if found.rows else [])
    assert page.title.string == page.h1.string == "Title <i>"
    assert page.h2.string == "Rules & more <b>"
    assert {tag.name for tag in page.select("tbody *")} <= {"tr", "th", "td", "wbr"}
    assert len(page.find_all("script")) == len(page.find_all("style")) == 1


def test_tables_are_accessible() -> None:
    page = parsed(EXAMPLE)
    assert page.html["lang"] == "en"
    (found,) = page.find_all("table")
    assert page.find(id=found["aria-labelledby"]).string == "Rules"
    assert [cell["scope"] for cell in found.thead.find_all("th")] == ["col", "col"]
    assert [row.th["scope"] for row in found.tbody.find_all("tr")] == ["row", "row"]
    assert page.find("label", attrs={"for": page.input["id"]})
    assert page.output["for"] == [page.input["id"]]
    assert page.find_all("section")[1].p.string == "None."


def test_nothing_comes_from_the_network() -> None:
    text = report_html.text(EXAMPLE)
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all(src=True) and not page.find_all("link") and not page.find_all(href=True)
    assert not re.search(r"url\(|@import|fetch|https?:", text)
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; ")
    for content in (page.style.string, page.script.string):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_columns_have_names_on_a_narrow_screen() -> None:
    style = parsed(report(table("rules", "Rules", ("host", 'a"b'), []))).style.string
    assert '.t0 tr > :nth-child(1):not(thead *)::before { content: "host"; }' in style
    assert '.t0 tr > :nth-child(2):not(thead *)::before { content: "a\\22 b"; }' in style


def test_long_ids_may_break_where_they_have_a_joint() -> None:
    assert "milestone.<wbr>recording.<wbr>media_<wbr>event" in report_html.text(EXAMPLE)
    assert "10.0.0.5" in report_html.text(report(table("a", "A", ("x",), [("10.0.0.5",)])))
