# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.audit import FilterModule
from ansible_collections.vidnet.portmatrix.plugins.filter.policy import policy

audit = FilterModule().filters()["audit"]
HOSTVARS: dict[str, Any] = {
    "rs1": {"group_names": ["milestone_recording_server"], "ansible_host": "10.0.0.11"},
    "sc1": {"group_names": ["milestone_smart_client"], "ansible_host": "10.0.0.12"},
    "localhost": {"ansible_connection": "local"},
}
ROW = {
    "direction": "in",
    "protocol": "tcp",
    "port": 9182,
    "peer": "10.0.0.12",
    "cast": "unicast",
    "packets": 1,
    "bytes": 60,
}
RESULT = {"mode": "audit", "egress": "allow", "seen": [ROW], "rules": [], "overflow": 0, "invalid": 0}


def test_what_it_offers_is_compiled() -> None:
    flows = yaml.safe_load(audit({"rs1": RESULT}, HOSTVARS, "flows"))
    assert [flow["port"] for flow in flows["portmatrix_flows_audit"]] == [9182]
    rules = policy({name: {**variables, **flows} for name, variables in HOSTVARS.items() if name != "localhost"})
    assert any(rule["ports"] == ["9182"] and rule["peers"] == ["10.0.0.12/32"] for rule in rules["rs1"]["rules"])


def test_rules_of_the_inventory_decide_where_there_are_any() -> None:
    seen = {**RESULT, "seen": [{**ROW, "port": 7563}]}
    assert audit({"rs1": seen}, HOSTVARS)["flows"] == []
    hostvars = {**HOSTVARS, "rs1": {**HOSTVARS["rs1"], "portmatrix_rules": []}}
    assert len(audit({"rs1": seen}, hostvars)["flows"]) == 1


@pytest.mark.parametrize(
    ("results", "hostvars", "form", "message"),
    [
        ([], HOSTVARS, "data", "needs a mapping of host to the result"),
        ({}, [], "data", "needs a mapping of host to the result"),
        ({}, HOSTVARS, "pdf", "unknown form 'pdf'; allowed: data, text, flows, groups, json"),
        ({"rs1": {}}, HOSTVARS, "data", "rs1: the result of policy_counters has no 'mode'"),
        ({"rs9": RESULT}, HOSTVARS, "text", "'rs9' is not a host of the inventory"),
    ],
)
def test_wrong_input(results: Any, hostvars: Any, form: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        audit(results, hostvars, form)


def test_problems_of_the_site_are_named() -> None:
    with pytest.raises(AnsibleError, match="unknown 'nonsense'"):
        audit({}, {"rs1": {**HOSTVARS["rs1"], "portmatrix_features": ["nonsense"]}})
