# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.readback import FilterModule, readback

RULES = [{"direction": "in", "protocol": "tcp", "ports": ["22"], "peers": ["10.0.0.0/24"], "flows": [], "reason": ""}]
READ = {"nft": "", "iptables": {}, "ipset": "", "interfaces": ["eth0", "lo"], "addresses": ["10.9.0.1"]}
DROPS = """{"nftables": [{"table": {"family": "inet", "name": "t"}}, {"chain": {"family": "inet", "table": "t", "name": "c",
"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"""


def host(**more: Any) -> dict[str, Any]:
    return {"ruleset": READ, "rules": RULES, **more}


def test_every_host_has_its_differences() -> None:
    found = readback(
        {"open": host(), "audit": host(mode="audit"), "shut": host(ruleset={**READ, "nft": DROPS}, mode="audit")}
    )
    assert list(found) == ["open", "audit", "shut"]
    assert {row["kind"] for row in found["open"]} == {"open"}
    assert found["audit"] == []
    assert {row["kind"] for row in found["shut"]} == {"shut"}
    assert {"direction", "family", "protocol", "ports", "peers", "kind", "state", "example", "rule", "sentence"} == set(
        found["open"][0]
    )


def test_addresses_and_egress_are_passed_on() -> None:
    (row,) = [
        row
        for row in readback({"rs1": host(addresses=["2001:db8::1"], egress="enforce")})["rs1"]
        if (row["direction"], row["family"], row["protocol"], row["state"]) == ("out", "ipv6", "tcp", "new")
    ]
    assert row["example"]["source"] == "2001:db8::1"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "readback: the input must be a dictionary of hosts"),
        ({"rs1": []}, "readback: rs1: must be a dictionary; allowed keys: ruleset, rules, egress, addresses, mode"),
        ({"rs1": {"rules": []}}, "readback: rs1.ruleset: is missing"),
        ({"rs1": {"ruleset": READ}}, "readback: rs1.rules: is missing"),
        ({"rs1": host(policy=1)}, "readback: rs1.policy: unknown key"),
        ({"rs1": host(mode="off")}, "readback: rs1.mode: 'off' is not one of enforce, audit"),
        ({"rs1": host(egress="off")}, "readback: rs1.egress: 'off' is not one of allow, enforce"),
        ({"rs1": host(ruleset={})}, "readback: rs1.ruleset: must be the result ruleset of the module"),
        ({"rs1": host(rules=[{**RULES[0], "ports": ["x"]}])}, r"readback: rs1.rules\[0\].ports: 'x' is not a port"),
    ],
)
def test_wrong_input_is_told_with_host_and_key(given: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        readback(given)


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"readback": readback}
