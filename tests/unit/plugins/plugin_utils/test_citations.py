# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.citations import Citations

GUIDE = {"title": "Guide", "url": "https://guide.example", "tables": [{"title": "Ports"}, {"title": "More"}]}
MATRIX = {
    "documents": {"guide": GUIDE, "notes": {"title": "Notes"}},
    "flows": [
        {
            "id": "a.b.one",
            "source": [{"document": "guide", "table": 1, "row": 10}, {"document": "guide", "table": 1, "row": 9}],
        },
        {
            "id": "a.b.two",
            "source": [{"document": "guide", "table": 2, "row": "u1"}, {"document": "guide", "table": 1, "row": 9}],
        },
        {"id": "a.b.three", "source": [{"document": "notes", "section": "Printing"}]},
        {"id": "a.b.whole", "source": [{"document": "notes"}]},
        {"id": "a.b.table", "source": [{"document": "guide", "table": 2}]},
        {"id": "own.b.flow"},
    ],
}


@pytest.mark.parametrize(
    ("flows", "text"),
    [
        (["a.b.one"], "Guide: table 1 (Ports) rows 9 and 10"),
        (["a.b.two"], "Guide: table 1 (Ports) row 9, table 2 (More) unnumbered row 1"),
        (
            ["a.b.three", "a.b.two", "a.b.one"],
            "Guide: table 1 (Ports) rows 9 and 10, table 2 (More) unnumbered row 1; Notes: section Printing",
        ),
        (["a.b.whole"], "Notes"),
        (["a.b.table"], "Guide: table 2 (More)"),
        (["own.b.flow", "other.b.flow"], "portmatrix_flows of this site"),
        (["portmatrix.management"], "portmatrix_management_sources of this site"),
        (["a.b.whole", "own.b.flow"], "Notes; portmatrix_flows of this site"),
        ([], ""),
    ],
)
def test_text(flows: list[str], text: str) -> None:
    assert Citations(MATRIX).text(flows) == text


def test_cited() -> None:
    assert Citations(MATRIX).cited(["a.b.three", "own.b.flow", "a.b.one"]) == ["guide", "notes"]
    assert Citations(MATRIX).cited([]) == []


def test_every_shipped_flow_has_a_citation_with_a_place() -> None:
    data = matrix.as_data(matrix.load())
    citations = Citations(data)
    for flow in data["flows"]:
        text = citations.text([flow["id"]])
        assert "table " in text or "section " in text, flow["id"]
        assert "of this site" not in text, flow["id"]
