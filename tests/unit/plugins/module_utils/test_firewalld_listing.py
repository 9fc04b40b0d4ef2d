# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told of a change."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_listing import as_text, flow_changes
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_slots import Content

BEFORE = {"in": Content(frozenset({"rule one", "rule two"}), (("services", "['http']"),)), "out": None}
AFTER = {"in": Content(frozenset({"rule two", "rule three"}), ()), "out": Content(frozenset({"rule two"}), ())}


def test_what_is_in_force_is_listed_by_direction_with_what_was_set_by_hand() -> None:
    assert as_text(BEFORE) == "inbound:\n\trule one\n\trule two\n\tservices: ['http']\n"
    assert as_text({"in": None, "out": None}) == ""
    assert as_text(AFTER).endswith("outbound:\n\trule two\n")


def test_a_flow_has_changed_when_its_rules_have() -> None:
    origins = {("in", "rule two"): ("b", "d"), ("in", "rule three"): ("a",), ("out", "rule two"): ("d",)}
    noted = {("in", "rule one"): ("a", "c"), ("in", "rule two"): ("b",)}
    assert flow_changes(BEFORE, AFTER, noted, origins) == {"added": ["d"], "removed": ["c"], "changed": ["a"]}


def test_a_rule_of_which_nothing_was_noted_is_of_the_flows_that_want_it() -> None:
    origins = {("in", "rule two"): ("b",), ("in", "rule three"): ("a",)}
    found = flow_changes(BEFORE, {**AFTER, "out": None}, {}, origins)
    assert found == {"added": ["a"], "removed": [], "changed": []}
