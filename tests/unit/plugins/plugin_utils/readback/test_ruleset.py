# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ruleset as rulesets
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.accepted import accepted
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.nft_text import rule_text
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.trace import trace

SAVED = """\
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
"""


def nft(*tables: tuple[str, str]) -> str:
    """Return a listing of tables whose input chain drops everything."""
    content: list[Any] = [{"metainfo": {"version": "1.0.6"}}]
    for family, name in tables:
        content.append({"table": {"family": family, "name": name}})
        chain = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
        content.append({"chain": {"family": family, "table": name, "name": "INPUT", **chain}})
    return json.dumps({"nftables": content})


def read(text: str, **saved: str) -> dict[str, Any]:
    return {
        "nft": text,
        "iptables": {"ipv4": saved, "ipv6": {}},
        "ipset": "",
        "interfaces": ["eth0", "lo"],
        "addresses": ["10.9.0.1"],
    }


def packet(port: int) -> Packet:
    return Packet("in", "ipv4", 6, 0x0A000005, 0x0A090001, 40000, port)


def test_a_table_that_both_list_is_one_and_has_the_rules_that_nft_lists() -> None:
    given = read(nft(("ip", "filter"), ("inet", "other")), nft=SAVED)
    names = [table.name for table in rulesets.ruleset(given).tables]
    assert names == ["iptables filter", "inet other"]
    assert trace(given, packet(80)) == {"verdict": "drop", "rule": "iptables filter INPUT: policy drop"}
    assert trace(read(nft(("inet", "other")), nft=SAVED), packet(80)) == {
        "verdict": "drop",
        "rule": "inet other INPUT: policy drop",
    }


@pytest.mark.parametrize("broken", ["nft", "iptables"])
def test_a_listing_that_cannot_be_read_is_a_rule_nobody_knows(broken: str) -> None:
    given = read("{") if broken == "nft" else read(nft(), nft="what is this")
    found = trace(given, packet(80))
    assert found["verdict"] == "unknown" and "the listing could not be read" in found["rule"]


def test_without_the_listing_of_the_sets_a_rule_that_asks_for_one_may_match() -> None:
    asking = SAVED.replace("--dport 80", "--dport 80 -m set --match-set friends src")
    given = {**read(nft(), nft=asking), "ipset": "create friends hash:ip family inet\nwhat is this\n"}
    assert trace(given, packet(80))["verdict"] == "unknown"
    assert trace(given, packet(81))["verdict"] == "drop"
    given["ipset"] = "create friends hash:ip family inet\nadd friends 10.0.0.5\n"
    assert trace(given, packet(80))["verdict"] == "accept"


def test_legacy_tables_are_in_force_besides_those_of_nft() -> None:
    given = read(nft(("ip", "filter")), legacy=SAVED)
    assert len(rulesets.ruleset(given).tables) == 2
    assert trace(given, packet(80))["verdict"] == "drop"


def test_an_empty_host_lets_everything_through() -> None:
    assert rulesets.ruleset({"nft": ""}).tables == []
    rows = accepted({"nft": ""})
    everything = {"direction": "in", "family": "ipv4", "protocol": "tcp", "ports": ["1-65535"], "peers": ["any"]}
    assert everything in rows and {**everything, "direction": "out", "family": "ipv6"} in rows


def test_what_is_accepted_is_told_in_ranges() -> None:
    rows = [row for row in accepted(read(nft(), nft=SAVED)) if (row["direction"], row["family"]) == ("in", "ipv4")]
    assert rows == [
        {"direction": "in", "family": "ipv4", "protocol": "tcp", "ports": ["80"], "peers": ["any"]},
    ]
    saved = SAVED.replace("--dport 80", "--sport 53 --dport 80 -s 10.0.0.0/31")
    (row,) = [row for row in accepted(read(nft(), nft=saved)) if (row["direction"], row["family"]) == ("in", "ipv4")]
    assert (row["peers"], row["source_ports"]) == (["10.0.0.0/31"], ["53"])


@pytest.mark.parametrize("given", [None, [], {}, {"iptables": {}}])
def test_something_else_than_a_ruleset_is_an_error(given: Any) -> None:
    with pytest.raises(ValueError, match=r"ruleset: must be the result ruleset of the module vidnet\.portmatrix"):
        rulesets.ruleset(given)


def test_a_wrong_address_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        rulesets.ruleset({"nft": "", "addresses": ["nonsense"]})


def test_a_port_beyond_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="port: 0 is outside 1-65535"):
        trace(read(nft()), packet(0))


def asks(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def of(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


NETWORK = {"elem": {"val": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}
PROTOCOLS = {"set": [["tcp", {"goto": {"target": "y"}}]]}
NO_WAY_BACK = {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}
PAIR = {"concat": [of("ip", "saddr"), {"ct": {"key": "mark"}}]}
MARKS = {"&": [{"ct": {"key": "ip saddr", "dir": "original"}}, {"|": [1, 2]}]}


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        (
            [asks(of("tcp", "dport"), {"set": [80, {"range": [90, 91]}]}, "!="), {"counter": {}}, {"accept": None}],
            "tcp dport != { 80, 90-91 } accept",
        ),
        (
            [asks({"ct": {"key": "state"}}, ["established", "related"], "in"), {"jump": {"target": "x"}}],
            "ct state established,related jump x",
        ),
        ([{"vmap": {"key": {"meta": {"key": "l4proto"}}, "data": PROTOCOLS}}], "meta l4proto vmap { tcp : goto y }"),
        (
            [{"limit": {"rate": 10, "per": "second", "inv": True}}, {"log": {"prefix": "x"}}, {"drop": None}],
            'limit rate over 10/second log prefix "x" drop',
        ),
        ([asks(NO_WAY_BACK, False), {"drop": None}], "fib saddr . iif oif missing drop"),
        ([{"dnat": {"family": "ip", "addr": "10.0.0.5", "port": 80}}], "dnat to 10.0.0.5:80"),
        ([{"set": {"op": "add", "elem": PAIR, "set": "@s"}}], "add @s { ip saddr . ct mark }"),
        ([asks(of("ip", "saddr"), {"set": [NETWORK]})], "ip saddr { 10.0.0.0/8 }"),
        (
            [{"mangle": {"key": {"meta": {"key": "mark"}}, "value": MARKS}}],
            "mark set ct original ip saddr & 1|2",
        ),
        ([{"anything": {"new": 1}}], "anything"),
    ],
)
def test_rules_are_shown_as_a_person_would_write_them(statements: list[Any], text: str) -> None:
    assert rule_text({"expr": statements}) == text
    assert rule_text({"expr": statements, "comment": "why"}) == f'{text} comment "why"'


def test_long_rules_are_shown_shortened() -> None:
    many = {"set": list(range(100))}
    match = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": many}}
    assert rule_text({"expr": [match]}) == "tcp dport { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... }"
    assert len(rule_text({"expr": [match] * 9})) == 240
