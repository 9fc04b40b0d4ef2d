# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_run import Bound, Registered, seen
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import build, wire
from ansible_collections.vidnet.portmatrix.tests.support import windows_host, windows_store

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


def windows(*foreign: dict, applied: bool = True, **different) -> dict:
    """What policy_readback returns of a Windows host with the policy of rs1, and these rules of others."""
    own = [windows_store.added(wire.add_row(rule)) for rule in build.build([RULE])] if applied else []
    return {"windows": windows_host.fresh(**{"rules": [*own, *foreign], "addresses": ["10.0.0.11"], **different})}


WIDE = windows_store.rule("Recording Server", protocol=6, local_ports="7563")


def test_a_windows_host_is_read_as_such():
    assert told({("rs1", "read"): windows()}) == ({}, {"rs1": []}, {"rs1": "windows"})
    found = told({("rs1", "read"): windows(WIDE)})
    assert {(row["family"], row["kind"], row["rule"]) for row in found.readback["rs1"]} == {
        (family, "open", "the rule 'Recording Server'") for family in ("ipv4", "ipv6")
    }
    assert told({("rs1", "read"): windows(WIDE)}, bound=Bound("allow", "audit")).readback == {"rs1": []}


def test_its_rules_tell_where_a_difference_arises():
    ban = windows_store.rule("Ban", protocol=6, remote_addresses="10.0.0.5/255.255.255.255", action=0)
    found = told({("op1", "probed"): {"results": [UNMET]}, ("rs1", "read"): windows(ban)})
    where = found.results["op1"][0]["where"]
    assert (where["place"], where["host"], where["rule"]) == ("listener", "rs1", "the rule 'Ban' (it blocks)")
    unwanted = {**ROW, "port": 8080, "expected": "shut", "observed": "open", "ok": False}
    loose = windows_store.rule("Loose", protocol=6, local_ports="8080")
    found = told({("op1", "probed"): {"results": [unwanted]}, ("rs1", "read"): windows(loose)})
    assert found.results["op1"][0]["where"]["sentence"] == "rs1 lets it in: the rule 'Loose'"


def test_the_ports_of_the_matrix_come_with_the_policy(monkeypatch):
    listened = [{"protocol": "tcp", "ports": ["9001"], "flow": "a.c", "components": []}]
    monkeypatch.setitem(POLICIES, "rs1", {**POLICIES["rs1"], "listened": listened})
    other = windows_store.rule("Other", protocol=6, local_ports="9000-9002")
    assert [row["ports"] for row in told({("rs1", "read"): windows(other)}).readback["rs1"]] == [["9001"], ["9001"]]


def test_what_no_module_for_windows_returned():
    with pytest.raises(ValueError, match="rs1: windows: allowed is what win_firewall_policy returns"):
        told({("rs1", "read"): {"windows": {}}})
