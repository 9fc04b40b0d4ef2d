# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_run import Bound, Registered, seen

RULE = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["10.0.0.5/32"],
    "flows": ["a.b"],
    "reason": "",
}
POLICIES = {"rs1": {"rules": [RULE], "addresses": ["10.0.0.11"]}, "op1": {"rules": [], "addresses": ["10.0.0.5"]}}
ENFORCED = Bound("allow", "enforce")
ROW = {
    "to": "rs1",
    "source": "10.0.0.5",
    "address": "10.0.0.11",
    "protocol": "tcp",
    "port": 7563,
    "detail": "no answer",
}
MET = {**ROW, "expected": "open", "observed": "open", "ok": True}
UNMET = {**ROW, "expected": "open", "observed": "filtered", "ok": False}
NAMES = Registered("probed", "again", "counted", "read")


def dropping(table: str) -> dict:
    """What policy_readback returns where everything that comes in is dropped, by a chain of this table."""
    chain = {
        "family": "inet",
        "table": table,
        "name": "input",
        "hook": "input",
        "type": "filter",
        "prio": 0,
        "policy": "drop",
    }
    listing = {"nftables": [{"table": {"family": "inet", "name": table}}, {"chain": chain}]}
    return {
        "ruleset": {
            "nft": json.dumps(listing),
            "iptables": {},
            "ipset": "",
            "interfaces": ["eth0", "lo"],
            "addresses": [],
        }
    }


def told(registered: dict, names: Registered = NAMES, bound: Bound = ENFORCED):
    return seen(names, lambda host, name: registered.get((host, name)), POLICIES, dict.fromkeys(POLICIES, bound))


def test_answers_alone():
    found = told({("op1", "probed"): {"results": [MET]}, ("rs1", "probed"): {"skipped": True}}, Registered("probed"))
    assert found == ({"op1": [MET]}, {}, {})


def test_rules_in_force_are_compared_and_tell_which_rule_it_was():
    found = told({("op1", "probed"): {"results": [UNMET]}, ("rs1", "read"): dropping("portmatrix")})
    where = found.results["op1"][0]["where"]
    assert (where["place"], where["host"], where["evidence"]) == ("listener", "rs1", "rules")
    assert "inet portmatrix input: policy drop" in where["rule"]
    assert {("tcp", "shut"), ("icmp", "shut")} <= {(each["protocol"], each["kind"]) for each in found.readback["rs1"]}
    assert found.backends == {"rs1": "nftables"}


def test_in_audit_mode_only_what_is_shut_differs():
    nothing = dropping("others")
    nothing["ruleset"]["nft"] = ""
    assert told({("rs1", "read"): nothing}, bound=Bound("allow", "audit")).readback == {"rs1": []}
    assert {each["kind"] for each in told({("rs1", "read"): nothing}).readback["rs1"]} == {"open"}
    assert told({("rs1", "read"): nothing}).backends == {"rs1": ""}


def test_what_no_module_returned():
    with pytest.raises(ValueError, match="policy_readback"):
        told({("rs1", "read"): {"ruleset": []}})
