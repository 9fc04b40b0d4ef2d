# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import comparison_report, document_comparison, matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import entry
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.test_document_revision import (
    CONTENTS,
    HEADER,
    ROWS,
)

COMMON = {name: data for name, data in matrix.contents(matrix.files()).items() if name.endswith("common.yml")}
SITE = {
    "box": entry("acme_box", ansible_host="10.0.0.1"),
    "desk": entry("acme_viewer", ansible_host="10.0.0.2"),
    "other": entry("camera", ansible_host="10.0.0.3"),
}
OLD = document(table("Ports", HEADER, *ROWS), title="Guide 1")
NEW = document(
    table("Ports", HEADER, "8080 | TCP | in | Web page", *ROWS[1:3], "9000 | TCP | in | Commands | x"),
    prose=("Help uses TCP port 22.", "Web pages are on TCP port 80."),
    title="Guide 2",
)


def compared(
    old: Any = OLD, new: Any = NEW, name: str = "guide", inventory: Any = "site", **options: Any
) -> dict[str, Any]:
    inventory = SITE if inventory == "site" else inventory
    found = document_comparison.comparison(old, new, {**COMMON, **CONTENTS}, name, inventory, **options)
    assert json.loads(comparison_report.render(found, "json")) == found
    return found


def test_rows_flows_and_hosts() -> None:
    found = compared()
    assert (found["old"], found["new"]) == ("Guide 1", "Guide 2")
    assert found["counts"] == {"added": 2, "removed": 1, "changed": 1, "moved": 0, "unchanged": 3}
    changed = next(row for row in found["rows"] if row["change"] == "changed")
    assert changed["flows"] == ["acme.box.web"]
    assert changed["differences"] == {"ports": {"old": "80", "new": "8080"}}
    added = [row for row in found["rows"] if row["change"] == "added"]
    assert [row["proposed"] for row in added] == [["acme.commands"], ["acme.help_uses_tcp_port_22"]]
    assert found["flows"]["removed"] == ["acme.box.old"]
    assert found["hosts"].keys() == {"box", "desk"}
    rules = [(rule["direction"], rule["ports"]) for rule in found["hosts"]["box"]["rules_added"]]
    assert rules == [("in", ["8080"])]
    assert [rule["ports"] for rule in found["hosts"]["box"]["rules_removed"]] == [["80"], ["8007"]]
    assert any(gap["flow"] == "acme.commands" for gap in found["hosts"]["box"]["unresolved_added"])


def test_proposals_as_if_they_were_confirmed() -> None:
    rules = compared(confirm=True)["hosts"]["box"]["rules_added"]
    assert [rule["ports"] for rule in rules] == [["8080"], ["9000"]]


def test_documents_alone() -> None:
    found = compared(name="", inventory=None)
    assert found["hosts"] == {} and not any(found["flows"].values())
    assert found["counts"]["changed"] == 1


def test_the_same_document() -> None:
    found = compared(new=OLD)
    assert found["rows"] == [] and found["hosts"] == {}


def test_against_the_matrix() -> None:
    found = compared(old=None)
    assert found["old"] == "the matrix's account of guide"
    assert "acme.box.old" in found["flows"]["removed"]


@pytest.mark.parametrize(
    ("old", "name", "error"),
    [
        (OLD, "giude", "document: no matrix cites a document 'giude'; allowed: did you mean guide?"),
        (None, "", "old: is missing, and so is document; allowed: one of them, or both"),
    ],
)
def test_what_cannot_be_compared(old: Any, name: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        compared(old=old, name=name)
    assert str(caught.value) == error


@pytest.mark.parametrize("name", ["xprotect", "flow_ports", "pearl2", "hikconnect"])
def test_the_shipped_matrices_agree_with_their_documents(name: str) -> None:
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import confined
    from ansible_collections.vidnet.portmatrix.tests.unit import vendor_documents

    path = vendor_documents.DIRECTORY / vendor_documents.DOCUMENTS[name]
    if not path.is_file():
        message = f"vendor document {name} is not in {path.parent}: IT WAS NOT COMPARED WITH THE MATRIX"
        warnings.warn(message, stacklevel=2)
        pytest.skip(message)
    contents = matrix.contents(matrix.files())
    found = document_comparison.comparison(None, confined.read_file(path), contents, name)
    assert found["rows"] == []
    assert found["counts"]["unchanged"] >= {"xprotect": 117, "flow_ports": 18, "pearl2": 10, "hikconnect": 29}[name]
