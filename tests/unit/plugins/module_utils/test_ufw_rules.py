# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules, ufw_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_rules import Key, Own
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

WEB = Key("in", "allow", "tcp", "80,443", "0.0.0.0/0", "any", "10.0.0.5")
Item = namedtuple("Item", "own text")


def wanted(*rules, family=4, egress="allow", shut=()):
    return ufw_rules.wanted(policy_rules.checked(list(rules)), family, egress, set(shut))


def keys(*rules, **options):
    return [own.key for own in wanted(*rules, **options)]


def test_a_rule_becomes_one_for_each_peer_and_list_of_ports():
    ports = ",".join(str(port) for port in range(100, 140, 2))
    found = keys(rule(ports, "10.0.0.5", "10.1.0.0/16", "2001:db8::5"))
    lists = [",".join(str(port) for port in range(100, 130, 2)), ",".join(str(port) for port in range(130, 140, 2))]
    assert [(key.dport, key.src) for key in found] == [
        (ports, peer) for peer in ("10.0.0.5", "10.1.0.0/16") for ports in lists
    ]
    assert {key.src for key in keys(rule(ports, "10.0.0.5", "2001:db8::5"), family=6)} == {"2001:db8::5"}


@pytest.mark.parametrize(
    ("ranges", "texts"),
    [
        ([], []),
        ([(7563, 7563)], ["7563"]),
        ([(80, 81), (443, 443)], ["80:81,443"]),
        ([(port, port) for port in range(2, 34, 2)], [",".join(map(str, range(2, 32, 2))), "32"]),
        ([(n, n + 1) for n in range(10, 90, 10)], ["10:11,20:21,30:31,40:41,50:51,60:61,70:71", "80:81"]),
        ([(1, 65535)], ["1:65535"]),
    ],
)
def test_a_list_holds_fifteen_ports_and_a_range_counts_twice(ranges, texts):
    assert ufw_rules.port_lists(ranges) == texts


def test_peers_that_are_no_network_become_several():
    assert [key.src for key in keys(rule("80", "10.0.0.1", "10.0.0.2/31", "10.0.0.4"))] == [
        "10.0.0.1",
        "10.0.0.2/31",
        "10.0.0.4",
    ]
    assert [key.src for key in keys(rule("80", "any"))] == ["0.0.0.0/0"]
    assert [key.src for key in keys(rule("80", "any"), family=6)] == ["::/0"]
    assert [key.src for key in keys(rule("80", "0.0.0.0/1", "128.0.0.0/1"))] == ["0.0.0.0/0"]
    assert keys(rule("80", "0.0.0.0/0"), family=6) == []


def test_what_two_rules_have_in_common_is_one_with_the_flows_of_both():
    (one, two) = wanted(rule("80", "10.0.0.5", flows=("a.b",)), rule("80", "10.0.0.5", "10.0.0.9", flows=("c.d",)))
    assert (one.comment, one.flows) == ("portmatrix: a.b, c.d", ("a.b", "c.d"))
    assert (two.comment, two.key.src) == ("portmatrix: c.d", "10.0.0.9")


def test_igmp_is_of_ipv4_and_hears_queries():
    rules = [rule("", "10.0.0.5", "2001:db8::5", protocol="igmp")]
    assert [(key.protocol, key.dport, key.dst, key.src) for key in keys(*rules)] == [
        ("igmp", "any", "0.0.0.0/0", "10.0.0.5"),
        ("igmp", "any", "224.0.0.0/4", "0.0.0.0/0"),
    ]
    assert keys(*rules, family=6) == []


def test_egress_is_left_out_unless_enforced_and_then_dhcp_goes_with_it():
    rules = [rule("443", "10.0.0.5", direction="out")]
    assert keys(*rules) == []
    assert [(key.dport, key.dst, key.sport, key.src) for key in keys(*rules, egress="enforce")] == [
        ("443", "10.0.0.5", "any", "0.0.0.0/0"),
        ("67", "0.0.0.0/0", "68", "0.0.0.0/0"),
    ]
    assert {key.dst for key in keys(*rules, egress="enforce", family=6)} == {"fe80::/10", "ff02::1:2"}


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_shut_comes_last_and_leaves_icmp_alone_on_the_way_out(family):
    found = keys(rule("80", "any"), family=family, egress="enforce", shut=["in", "out"])
    denied = [key for key in found if key.action == "deny"]
    assert found[-len(denied) :] == denied
    assert [key.protocol for key in denied if key.direction == "in"] == ["any"]
    named = {key.protocol for key in denied if key.direction == "out"}
    assert {"tcp", "udp"} <= named and not named & {"any", "icmp", "icmpv6"}


def test_lines_are_those_of_ufw():
    """As Debian's ufw 0.36.2 wrote them."""
    lines = {
        "### tuple ### allow tcp 7563 0.0.0.0/0 any 10.0.0.5 in comment=706f72746d61747269783a20612e622c2063": (
            "-A ufw-user-input -p tcp --dport 7563 -s 10.0.0.5 -j ACCEPT"
        ),
        "### tuple ### allow tcp 80,443,6000:7000 0.0.0.0/0 any 10.0.0.0/24 in comment=706f72746d6174726978": (
            "-A ufw-user-input -p tcp -m multiport --dports 80,443,6000:7000 -s 10.0.0.0/24 -j ACCEPT"
        ),
        "### tuple ### allow igmp any 224.0.0.0/4 any 0.0.0.0/0 in comment=706f72746d6174726978": (
            "-A ufw-user-input -p igmp -d 224.0.0.0/4 -j ACCEPT"
        ),
        "### tuple ### allow udp 67 0.0.0.0/0 68 0.0.0.0/0 out comment=706f72746d6174726978": (
            "-A ufw-user-output -p udp --dport 67 --sport 68 -j ACCEPT"
        ),
        "### tuple ### deny any any 0.0.0.0/0 any 0.0.0.0/0 in comment=706f72746d6174726978": (
            "-A ufw-user-input -j DROP"
        ),
    }
    for line, iptables in lines.items():
        key, comment = ufw_rules.parse_tuple(line)
        assert ufw_rules.tuple_line(Own(key, comment, ())) == line
        assert ufw_rules.rule_line(key, 4) == iptables
    assert ufw_rules.rule_line(Key("out", "allow", "tcp", "7000:7001", "2001:db8::/64", "any", "::/0"), 6) == (
        "-A ufw6-user-output -p tcp -m multiport --dports 7000:7001 -d 2001:db8::/64 -j ACCEPT"
    )


@pytest.mark.parametrize(
    ("line", "key", "comment"),
    [
        ("-A ufw-user-input -s 10.0.0.5/32 -p tcp -m multiport --dports 80,443 -j ACCEPT", WEB, None),
        (
            '-A ufw-user-input -s 10.0.0.5/32 -p tcp -m multiport --dports 80,443 -m comment --comment "a b" -j ACCEPT',
            WEB,
            "a b",
        ),
        ("-A ufw-user-input -p 2 -j ACCEPT", Key("in", "allow", "igmp", "any", "0.0.0.0/0", "any", "0.0.0.0/0"), None),
        (
            "-A ufw-user-output -p udp -m udp --sport 68 --dport 67 -j ACCEPT",
            Key("out", "allow", "udp", "67", "0.0.0.0/0", "68", "0.0.0.0/0"),
            None,
        ),
        ("-A ufw-user-input -j DROP", Key("in", "deny", "any", "any", "0.0.0.0/0", "any", "0.0.0.0/0"), None),
        ("-A ufw-user-input ! -s 10.0.0.5/32 -p tcp -m tcp --dport 80 -j ACCEPT", None, None),
        ("-A ufw-user-input -i eth0 -p tcp -m tcp --dport 80 -j ACCEPT", None, None),
        ("-A ufw-user-input -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT", None, None),
        ("-A ufw-user-input -p tcp -m tcp --dport 80 -j ufw-user-limit-accept", None, None),
        ("-A ufw-user-input -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset", None, None),
        ("-A ufw-user-input -s 10.0.0.5/255.0.255.0 -j ACCEPT", None, None),
        ("-A ufw-user-input -p tcp -m tcp --dport 80", None, None),
        ("-A ufw-user-forward -j ACCEPT", None, None),
        ('-A ufw-user-input -m comment --comment "say \\"-j ACCEPT\\"" -j DROP', None, None),
    ],
)
def test_a_rule_of_the_kernel_is_recognized_or_left_alone(line, key, comment):
    found = ufw_rules.parse_rule(line, 4)
    if '\\"' in line:
        assert found[0].action == "deny"  # what stands in quotes is no option
    else:
        assert found == (key, comment)


@pytest.mark.parametrize(
    "line",
    [
        "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in_eth0",
        "### tuple ### route:allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in",
        "### tuple ### allow tcp 80 0.0.0.0/0 any 10.0.0.9 WWW - in",
        "### tuple ### broken",
        "### tuple ###",
    ],
)
def test_a_tuple_that_ours_never_are_has_no_key(line):
    assert ufw_rules.parse_tuple(line) == (None, None)


def test_a_damaged_comment_is_nobodys():
    for comment in ("7", "706f7", "ff", ""):
        assert not ufw_rules.is_ours(
            ufw_rules.parse_tuple("### tuple ### allow tcp 22 any any any in comment=" + comment)[1]
        )
    assert not ufw_rules.is_ours("portmatrixes") and not ufw_rules.is_ours(None)


def test_flows_that_do_not_fit_are_counted_and_known_while_the_rule_stays():
    ids = [f"vendor.component.flow{number:03}" for number in range(20)]
    (new,) = wanted(rule("80", "any", flows=tuple(ids)))
    assert len(new.comment) <= 140 and new.comment.endswith(" +16")
    read = ufw_rules.own(new.key, new.comment)
    assert len(read.flows) == 4
    assert ufw_rules.flow_changes([read], [new]) == {"added": [], "removed": [], "changed": []}
    other = new._replace(key=new.key._replace(dport="81"))
    changes = ufw_rules.flow_changes([read], [other])
    assert changes == {"added": ids[4:], "removed": [], "changed": ids[:4]}


def test_a_rule_of_no_flow_names_none():
    assert ufw_rules.own(WEB, "portmatrix: DHCP requests").flows == ()
    assert ufw_rules.own(WEB, "portmatrix: not declared").flows == ()
    assert ufw_rules.own(WEB, "portmatrix").flows == ()
    assert wanted(rule("80", "any") | {"flows": []})[0].comment == "portmatrix"


def own(number, action="allow", comment="portmatrix: a.b"):
    return Own(WEB._replace(dport=str(number), action=action), comment, ("a.b",))


def merge(items, ours):
    def make(rule):
        return Item(rule, f"{rule.key.action} {rule.key.dport} {rule.comment}")

    def right(item, rule):
        return item == make(rule)

    made = [Item(None, item) if isinstance(item, str) else make(item) for item in items]
    return [item.text if item.own is None else item.own for item in ufw_rules.merged(made, ours, make, right)]


def test_what_others_wrote_keeps_its_place_and_ours_stand_together():
    tail = own(0, "deny")
    assert merge([], [own(1), tail]) == [own(1), tail]
    assert merge(["a", "b"], [own(1), own(2)]) == ["a", "b", own(1), own(2)]
    assert merge(["a", own(1), "b"], [own(1), own(2)]) == ["a", own(1), own(2), "b"]
    assert merge(["a", own(1), "b"], [own(2)]) == ["a", own(2), "b"]
    assert merge(["a", own(1), "b", own(2)], []) == ["a", "b"]
    assert merge([own(2), "a", own(1)], [own(1), own(2), own(3)]) == [own(2), "a", own(1), own(3)]
    assert merge(["a", own(1), tail, "b"], [own(1), tail]) == ["a", own(1), "b", tail]
    assert merge([own(1), own(1), tail, tail], [own(1), tail]) == [own(1), tail]
    assert merge([own(1, comment="portmatrix: c.d"), "a"], [own(1)]) == [own(1), "a"]


PIECES = st.lists(st.one_of(st.sampled_from("abc"), st.integers(1, 5).map(own), st.just(own(0, "deny"))), max_size=12)


@given(PIECES, st.lists(st.integers(1, 5), unique=True), st.booleans())
def test_merging_again_changes_nothing_and_taking_ours_out_leaves_the_others(items, numbers, shut):
    ours = [own(number) for number in numbers] + [own(0, "deny")] * shut
    once = merge(items, ours)
    assert merge(once, ours) == once
    assert sorted(str(item) for item in once if not isinstance(item, str)) == sorted(map(str, ours))
    assert merge(once, []) == [item for item in items if isinstance(item, str)]
    assert not shut or once[-1] == own(0, "deny")


def test_a_rule_reads_as_one_would_write_it():
    (first, second) = (own.key for own in wanted(rule("80,443", "10.0.0.5"), shut=["in"]))
    assert ufw_rules.sentence(first) == "allow in proto tcp from 10.0.0.5 to any port 80,443"
    assert ufw_rules.sentence(second) == "deny in from any to any"
