# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_checks, draft_matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table

KNOWN = {"/matrices/other.yml": {"product": "other", "components": {"acme_device": {"description": "x"}}}}


@pytest.mark.parametrize(
    ("product", "component", "name", "error"),
    [
        (
            "Acme",
            "",
            "",
            "product: 'Acme' does not fit; allowed: lower-case letters, digits and _, beginning with a letter",
        ),
        ("a" * 31, "", "", "product: has 31 characters; allowed: at most 30"),
        ("other", "", "", "product: 'other' is the product of other.yml already; allowed: a name of its own"),
        ("acme", "box", "", "component: 'box' is not the product's own; allowed: acme_..."),
        ("acme", "", "A B", "document: 'A B' does not fit; allowed: lower-case letters, digits, _ and -"),
    ],
)
def test_names_that_cannot_be_used(product: str, component: str, name: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        draft_checks.names(product, component, name, "ports.html", KNOWN)
    assert str(caught.value) == error


def test_the_documents_name() -> None:
    assert draft_checks.names("acme", "", "", "docs/Port List v2.html", KNOWN) == "acme_port_list_v2"
    assert draft_checks.names("acme", "", "", "端口.html", KNOWN) == "acme_ports"
    assert draft_checks.names("acme", "acme_box", "manual", "x", KNOWN) == "manual"


def test_a_draft_that_clashes_is_refused() -> None:
    draft = draft_matrix.draft(document(table("P", "Port | Protocol", "80 | TCP")), "acme", "acme_ports")
    with pytest.raises(InputError) as caught:
        draft_checks.loads(draft, Path("acme.yml"), KNOWN)
    assert "acme.yml.components.acme_device: is defined in another matrix file already" in str(caught.value)


def test_the_file_that_is_about_to_be_written_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "acme.yml").write_text("product: [")
    (tmp_path / "own.yml").write_text("product: own\n")
    found = draft_checks.contents([str(tmp_path), str(tmp_path / "acme.yml")], tmp_path / "acme.yml")
    assert str(tmp_path / "own.yml") in found and not any("acme.yml" in name for name in found)


def test_matrices_that_are_wrong_are_told(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("- product\n")
    with pytest.raises(InputError, match=r"own\.yml: is a list; allowed: a mapping"):
        draft_checks.contents([str(tmp_path)], tmp_path / "acme.yml")
