# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of our policy objects."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_files, firewalld_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

RULES = [
    rule("7563", "10.0.0.5", flows=("a--b", "c---"), reason="live view --> <clients> & more"),
    rule("80", "any", flows=("web.ui",)),
    rule("554", "10.0.0.9", direction="out", flows=("camera.stream",)),
]
WANTED = firewalld_rules.wanted(checked(RULES), "enforce", "enforce")


@pytest.fixture(autouse=True)
def directories(tmp_path, monkeypatch):
    monkeypatch.setattr(firewalld_files, "DIRECTORY", str(tmp_path / "etc"))
    monkeypatch.setattr(firewalld_files, "RUNNING", str(tmp_path / "run"))


def test_one_of_two_objects_is_loaded_in_force_and_both_hold_the_rules() -> None:
    files = {
        path.rpartition("/")[2]: ElementTree.fromstring(data) for path, data in firewalld_files.booting(WANTED).items()
    }
    zones = {
        name: [root.find(end).get("name") for end in ("ingress-zone", "egress-zone") if root.find(end) is not None]
        for name, root in files.items()
    }
    assert zones == {
        "portmatrix-in-a.xml": ["ANY", "HOST"],
        "portmatrix-in-b.xml": [],
        "portmatrix-out-a.xml": ["HOST", "ANY"],
        "portmatrix-out-b.xml": [],
    }
    for name, root in files.items():
        assert len(root.findall("rule")) == len(WANTED["in" if "-in-" in name else "out"])


def test_a_direction_that_is_left_alone_is_not_in_force() -> None:
    files = firewalld_files.booting(firewalld_rules.wanted([], "allow", "enforce"))
    assert b"zone" not in files[firewalld_files.path("portmatrix-out-a")]


def test_flows_are_read_back_whatever_their_names() -> None:
    firewalld_files.note_running(WANTED)
    wanted = {
        (direction, firewalld_rules.text(rich)): origin.flows
        for direction, rules in WANTED.items()
        for rich, origin in rules.items()
        if origin.flows
    }
    found = firewalld_files.noted_flows()
    assert {rule: flows for rule, flows in found.items() if flows} == wanted
    firewalld_files.forget_running()
    assert firewalld_files.noted_flows() == {}


@pytest.mark.parametrize("content", [b"", b"<policy", b"<policy><!-- a.flow --></policy>", b"\xff"])
def test_a_damaged_file_tells_nothing_and_breaks_nothing(content: bytes, tmp_path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "portmatrix-in-a.xml").write_bytes(content)
    assert firewalld_files.noted_flows() == {}
