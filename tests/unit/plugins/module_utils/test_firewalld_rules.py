# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules become as rich rules of firewalld."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, firewalld_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

NOTHING = {
    direction: set(map(firewalld_rules.text, rules))
    for direction, rules in firewalld_rules.wanted([], "enforce", "enforce").items()
}
TAIL = 'rule priority="32767" drop'


def texts(*rules, direction="in", mode="enforce"):
    """Return the texts that these rules add to those of an empty policy."""
    wanted = firewalld_rules.wanted(checked(list(rules)), "enforce", mode)[direction]
    return set(map(firewalld_rules.text, wanted)) - NOTHING[direction]


def test_each_peer_and_each_range_of_ports_has_a_rule() -> None:
    assert texts(rule("7563,6000-7000", "10.0.0.5", "2001:db8::/64")) == {
        'rule family="ipv4" source address="10.0.0.5" port port="6000-7000" protocol="tcp" accept',
        'rule family="ipv4" source address="10.0.0.5" port port="7563" protocol="tcp" accept',
        'rule family="ipv6" source address="2001:db8::/64" port port="6000-7000" protocol="tcp" accept',
        'rule family="ipv6" source address="2001:db8::/64" port port="7563" protocol="tcp" accept',
    }


def test_anyone_is_of_both_families_and_everyone_of_one_only_of_that() -> None:
    assert texts(rule("80", "any")) == {'rule port port="80" protocol="tcp" accept'}
    assert texts(rule("80", "0.0.0.0/0")) == {'rule family="ipv4" port port="80" protocol="tcp" accept'}
    assert texts(rule("80", "::/0")) == {'rule family="ipv6" port port="80" protocol="tcp" accept'}


def test_outbound_rules_name_where_packets_go() -> None:
    out = rule("554", "10.0.0.9", protocol="udp", direction="out")
    assert texts(out, direction="out") == {
        'rule family="ipv4" destination address="10.0.0.9" port port="554" protocol="udp" accept'
    }
    assert texts(out) == set()


def test_igmp_is_of_ipv4_alone_and_lets_any_querier_ask() -> None:
    query = 'rule family="ipv4" destination address="224.0.0.0/4" protocol value="2" accept'
    assert texts(rule("", "10.0.0.9", "2001:db8::9", protocol="igmp")) == {
        query,
        'rule family="ipv4" source address="10.0.0.9" protocol value="2" accept',
    }
    assert texts(rule("", "any", protocol="igmp")) == {query, 'rule family="ipv4" protocol value="2" accept'}


def test_outbound_is_left_alone_unless_it_is_enforced() -> None:
    assert firewalld_rules.wanted([], "allow", "enforce")["out"] is None


def test_only_the_mode_enforce_drops() -> None:
    for direction in ("in", "out"):
        assert TAIL in NOTHING[direction]
        audited = firewalld_rules.wanted([], "enforce", "audit")[direction]
        assert set(map(firewalld_rules.text, audited)) == NOTHING[direction] - {TAIL}


def test_rules_that_meet_in_one_rich_rule_are_for_the_flows_of_both() -> None:
    both = [rule("80", "10.0.0.5", flows=("b.two",)), rule("80,443", "10.0.0.5", flows=("a.one",))]
    wanted = firewalld_rules.wanted(checked(both), "allow", "enforce")["in"]
    found = {firewalld_rules.text(rich): origin.flows for rich, origin in wanted.items()}
    assert found['rule family="ipv4" source address="10.0.0.5" port port="80" protocol="tcp" accept'] == (
        "a.one",
        "b.two",
    )
    assert found['rule family="ipv4" source address="10.0.0.5" port port="443" protocol="tcp" accept'] == ("a.one",)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("10.0.0.5", "10.0.0.5", ["10.0.0.5"]),
        ("10.0.0.1", "10.0.0.6", ["10.0.0.1", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6"]),
        ("0.0.0.0", "255.255.255.255", [""]),
        ("0.0.0.0", "127.255.255.255", ["0.0.0.0/1"]),
        ("255.255.255.254", "255.255.255.255", ["255.255.255.254/31"]),
        ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", [""]),
        ("2001:db8::1", "2001:db8::2", ["2001:db8::1", "2001:db8::2"]),
    ],
)
def test_ranges_become_the_fewest_networks(first: str, last: str, expected: list[str]) -> None:
    family, low = address_ranges.parse_address(first)
    found = firewalld_rules.networks(family, [(low, address_ranges.parse_address(last)[1])])
    assert found == expected
    if expected != [""]:
        summary = ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last))
        assert list(map(ipaddress.ip_network, found)) == list(summary)


def test_texts_are_read_back() -> None:
    rules = [rule("7563,6000-7000", "10.0.0.5", "2001:db8::/64"), rule("", "any", protocol="igmp")]
    for wanted in firewalld_rules.wanted(checked(rules), "enforce", "enforce").values():
        for rich in wanted:
            assert firewalld_rules.parse(firewalld_rules.text(rich)) == rich
