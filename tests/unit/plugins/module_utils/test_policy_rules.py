# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import RuleError, accepts, checked
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule


def problems(*rules):
    with pytest.raises(RuleError) as caught:
        checked(list(rules))
    return caught.value.problems


def test_ranges_are_merged_and_families_kept_apart():
    (found,) = checked([rule("80,81,90-95,93-99", "10.0.0.0/25", "10.0.0.128/25", "2001:db8::1")])
    assert found.ports == [(80, 81), (90, 99)]
    assert found.peers == {4: [(0x0A000000, 0x0A0000FF)], 6: [(0x20010DB8 << 96 | 1,) * 2]}
    assert not found.anyone


def test_any_means_both_families_whatever_stands_beside_it():
    (found,) = checked([rule("80", "any", "10.0.0.1")])
    assert found.anyone and found.peers == {}


def test_the_order_of_the_rules_and_within_them_makes_no_difference():
    rules = [rule("80", "10.0.0.1"), rule("90,80", "10.0.0.2", "10.0.0.1"), rule("80", "any", direction="out")]
    mixed = [{**item, "ports": item["ports"][::-1], "peers": item["peers"][::-1]} for item in reversed(rules)]
    for item, other in zip(rules, reversed(mixed)):
        other["flows"] = item["flows"]
    assert checked(rules) == checked(mixed)


@pytest.mark.parametrize("peers", [[], None])
def test_no_peers_never_means_anyone(peers):
    assert problems({**rule("80"), "peers": peers}) == [
        "rules[0].peers: is empty; at least one address, CIDR, or the word any is needed"
    ]


def test_all_problems_are_named_at_once():
    assert problems(
        rule("70000", "10.0.0.1"),
        rule("80", "10.0.0.1"),
        {**rule("80", "camera1"), "direction": "sideways"},
        {"protocol": "sctp", "flows": ["Camera"], "colour": "red"},
        rule("2", "10.0.0.1", protocol="igmp"),
        rule("80", "10.0.0.1"),
    ) == [
        "rules[0].ports: 70000 is outside 1-65535",
        "rules[2].peers: 'camera1' is not an IPv4 or IPv6 address",
        "rules[2].direction: 'sideways' is not one of in, out",
        "rules[3].colour: unknown key; allowed: direction, protocol, ports, peers, flows, reason",
        "rules[3].protocol: 'sctp' is not one of tcp, udp, igmp",
        "rules[3].peers: is empty; at least one address, CIDR, or the word any is needed",
        "rules[3].direction: nothing is not one of in, out",
        "rules[3].ports: is empty; at least one port or range (1-65535) is needed",
        "rules[3].flows: 'Camera' is not a flow id; allowed: 1-100 of a-z 0-9 _ . -",
        "rules[4].ports: igmp has no ports; must be empty",
        "rules[5]: says the same as rules[1]; give one rule with the flows of both",
    ]


@pytest.mark.parametrize("flow", ['a"', "a\nb", "a b", "", "a;b", "x" * 101, "a\n"])
def test_nothing_but_an_id_gets_into_a_comment(flow):
    assert "is not a flow id" in problems(rule("80", "any", flows=(flow,)))[0]


def test_a_reason_is_kept_on_one_line():
    assert checked([rule("80", "any", reason="one\n  flush ruleset\ttwo")])[0].reason == "one flush ruleset two"


@pytest.mark.parametrize(
    ("protocol", "port", "address", "accepted"),
    [
        ("tcp", 22, "10.0.0.9", True),
        ("tcp", 23, "10.0.0.9", False),
        ("udp", 22, "10.0.0.9", False),
        ("tcp", 22, "10.0.1.9", False),
        ("tcp", 22, "2001:db8::1", False),
        ("tcp", 80, "2001:db8::1", True),
        ("tcp", 443, "10.0.0.9", False),
    ],
)
def test_accepts_tells_who_is_let_in(protocol, port, address, accepted):
    rules = checked([rule("22", "10.0.0.0/24"), rule("80", "any"), rule("443", "any", direction="out")])
    assert accepts(rules, protocol, port, address) is accepted
