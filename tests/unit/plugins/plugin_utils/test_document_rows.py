# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import document_rows
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import FILE, data
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table


def test_rows_of_a_document() -> None:
    found = document_rows.of_document(
        document(
            table("First", "Port | Protocol | Direction | Description", "80, 443 | TCP | Input | The web page", "? | UDP | Output | Hook"),
            table("Second", "Port | Protocol", "u1: 5000-5010 | "),
        )
    )  # fmt: skip
    assert [(item.place, item.title, sorted(item.ways)) for item in found] == [
        ((1, "1"), "First", [("tcp", "443"), ("tcp", "80")]),
        ((1, "2"), "First", []),
        ((2, "u1"), "Second", [("", "5000-5010")]),
    ]
    assert found[0].facts == {
        "ports": "80, 443",
        "protocols": "tcp",
        "description": "The web page",
        "direction": "Input",
        "text": "80, 443 | TCP | Input | The web page",
    }
    assert found[0].words == {"web", "page"}
    assert found[1].facts["ports"] == "?"


def test_only_sentences_with_ports_that_no_row_has() -> None:
    given = document(
        table("T", "Port | Protocol", "80 | TCP"), prose=("Help > TCP port 81.", "TCP port 80 too.", "None.")
    )
    assert [(item.place, item.title, item.position) for item in document_rows.of_document(given)[1:]] == [
        ((0, ""), "Help", "line 90")
    ]


def of_matrix(**sections: Any) -> list[document_rows.Item]:
    return document_rows.of_matrix({FILE: data(**sections)}, "guide")


def test_rows_that_a_matrix_accounts_for() -> None:
    found = of_matrix()
    assert [(item.place, item.title, sorted(item.ways), item.flows) for item in found] == [
        ((1, "1"), "Ports", [("tcp", "7563")], ("acme.recorder.media",)),
        ((1, "2"), "Ports", [], ()),
        ((2, "u1"), "More ports", [], ("acme.camera.video",)),
    ]
    assert [item.explained for item in found] == [False, True, False]


def test_ports_by_the_defaults_of_parameters() -> None:
    parameters = {
        "a": {"type": "ports", "default": "554 to 554+(n-1)"},
        "n": {"type": "count", "default": 2},
        "b": {"type": "ports", "default": "a, 80"},
        "c": {"type": "ports", "default": "c"},
        "d": {"type": "ports"},
    }

    def ways(port: Any) -> set[tuple[str, str]]:
        return document_rows.flow_ways({"protocol": "tcp", "port": port}, parameters)

    assert ways("b, 90") == {("tcp", "80"), ("tcp", "90"), ("tcp", "554-555")}
    assert ways("c") == ways("d") == ways("nothing") == ways("?") == set()
