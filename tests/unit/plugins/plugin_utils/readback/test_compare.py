# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy in force by the real nft, one fault at a time: each is found, with its packets, its rule and an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_script
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.compare import differences, only
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.housekeeping import TOLERATED
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule
from ansible_collections.vidnet.portmatrix.tests.support.nft_reader import ADDRESSES, NftReader, listed

RULES = [
    rule("22", "10.0.99.0/24"),
    rule("7563,6000-7000", "10.0.0.5/32", "2001:db8::5/128"),
    rule("53", "any", protocol="udp"),
    rule("", "10.0.0.0/8", protocol="igmp"),
    rule("443", "10.0.0.7/32", direction="out"),
]


PAIR = "ip saddr . tcp dport { 10.0.99.0/25 . 20-25 }"
NOT_DECLARED = 'counter drop comment "portmatrix: not declared"'


@pytest.fixture(scope="module")
def reader() -> Iterator[NftReader]:
    with NftReader() as found:
        yield found


def script(egress: str = "enforce", mode: str = "enforce") -> str:
    return nft_script.script(RULES, egress, mode)


def found(
    reader: NftReader, text: str, rules: list[dict[str, Any]] | None = None, egress: str = "enforce"
) -> list[Any]:
    return differences(reader.read(text), RULES if rules is None else rules, egress)


def about(rows: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] if isinstance(row[key], str) else " ".join(row[key]) for key in keys) for row in rows]


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return about(rows, "kind", "direction", "family", "protocol", "ports", "peers", "state")


def extra(text: str, hook: str = "input", priority: str = "-5", family: str = "inet", policy: str = "accept") -> str:
    return (
        f"table {family} extra {{\n chain side {{\n drop\n}}\n chain one {{\n"
        f" type filter hook {hook} priority {priority}; policy {policy};\n{text}\n}}\n}}\n"
    )


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_a_policy_in_force_has_no_differences(reader: NftReader, egress: str) -> None:
    assert found(reader, script(egress), egress=egress) == []


@pytest.mark.parametrize(
    ("what", "becomes", "expected"),
    [
        (r".*tcp dport 22 .*", "", ("shut", "in", "ipv4", "tcp", "22", "10.0.99.0/24", "new")),
        ("6000-7000", "6000-6999", ("shut", "in", "ipv4", "tcp", "7000", "10.0.0.5/32", "new")),
        ("6000-7000", "6000-7001", ("open", "in", "ipv4", "tcp", "7001", "10.0.0.5/32", "new")),
        ("6000-7000", "5999-7000", ("open", "in", "ipv6", "tcp", "5999", "2001:db8::5/128", "new")),
        (r"10\.0\.99\.0/24", "10.0.98.0/23", ("open", "in", "ipv4", "tcp", "22", "10.0.98.0/24", "new")),
        (r"10\.0\.99\.0/24", "10.0.99.0/25", ("shut", "in", "ipv4", "tcp", "22", "10.0.99.128/25", "new")),
        (
            r"ip saddr 10\.0\.0\.5",
            "ip saddr 10.0.0.6",
            ("open", "in", "ipv4", "tcp", "6000-7000 7563", "10.0.0.6/32", "new"),
        ),
        (
            r"ip saddr 10\.0\.0\.5",
            "ip saddr 10.0.0.6",
            ("shut", "in", "ipv4", "tcp", "6000-7000 7563", "10.0.0.5/32", "new"),
        ),
        (r"ip6 saddr 2001:db8::5 ", "", ("open", "in", "ipv6", "tcp", "6000-7000 7563", None, "new")),
        (r"ip6 saddr 2001:db8::5 tcp", "tcp", None),
        ("udp dport 53", "tcp dport 53", ("open", "in", "ipv4", "tcp", "53", "any", "new")),
        ("udp dport 53", "tcp dport 53", ("shut", "in", "ipv6", "udp", "53", "any", "new")),
        (r".*ct state established,related.*", "", ("shut", "in", "ipv4", "udp", "1-52 54-65535", "any", "established")),
        (r".*ct state established,related.*", "", ("shut", "out", "ipv6", "udp", "1-65535", "any", "established")),
        (r".*ct state invalid.*", "", ("open", "in", "ipv4", "tcp", "22", "10.0.99.0/24", "invalid")),
        (r".*icmp type echo-request.*", "", ("shut", "in", "ipv4", "icmp", "", "any", "new")),
        (r".*nd-neighbor-advert.*", "", ("shut", "in", "ipv6", "icmpv6", "", "any", "new")),
        (r"ip6 hoplimit 255 ?", "", ("open", "in", "ipv6", "icmpv6", "", "any", "new")),
        (r".*mld-listener-done.*", "", ("shut", "in", "ipv6", "icmpv6", "", "fe80::/10", "new")),
        (r".*udp sport 547.*", "", ("shut", "in", "ipv6", "udp", "546", "fe80::/10", "new")),
        (r".*membership-query.*", "", ("shut", "in", "ipv4", "igmp", "", None, "new")),
        (r".*ip saddr 10.0.0.0/8 ip protocol 2.*", "", ("shut", "in", "ipv4", "igmp", "", "10.0.0.0/8", "new")),
        (r'.*oif "lo".*', "", ("shut", "out", "ipv4", "tcp", "1-65535", "any", "new")),
        (r'.*iif "lo".*', "", ("shut", "in", "ipv6", "tcp", "1-65535", "any", "new")),
        ("dport 443", "dport 444", ("open", "out", "ipv4", "tcp", "444", "10.0.0.7/32", "new")),
        ("dport 443", "dport 444", ("shut", "out", "ipv4", "tcp", "443", "10.0.0.7/32", "new")),
        (r".*udp sport 68.*", "", ("shut", "out", "ipv4", "udp", "67", "any", "new")),
        (r".*udp sport 546.*", "", ("shut", "out", "ipv6", "udp", "547", None, "new")),
        (r".*meta l4proto \{ 1, 58 \}.*", "", ("shut", "out", "ipv6", "icmpv6", "", "any", "new")),
    ],
)
def test_a_fault_in_the_rules_is_found(
    reader: NftReader, what: str, becomes: str, expected: tuple[Any, ...] | None
) -> None:
    faulty = re.sub(what, becomes, script())
    assert faulty != script()
    rows = found(reader, faulty)
    assert rows
    if expected is not None:
        shown = brief(rows)
        assert any(all(want in (None, got) for want, got in zip(expected, row)) for row in shown), shown


def test_a_hole_by_source_port_is_found(reader: NftReader) -> None:
    rows = found(reader, script().replace(NOT_DECLARED, f"udp sport 53 accept\n{NOT_DECLARED}", 1))
    assert about(rows, "kind", "family", "protocol", "ports", "peers") == [
        ("open", family, "udp", "1-52 54-65535", "any") for family in ("ipv4", "ipv6")
    ]
    assert rows[0]["example"] == {
        "source": "1.0.0.0",
        "destination": "10.9.0.1",
        "protocol": "udp",
        "source_port": 53,
        "port": 1,
    }
    assert rows[0]["rule"] == "inet portmatrix input: udp sport 53 accept"
    assert rows[0]["sentence"] == (
        "IPv4 UDP ports 1-52, 54-65535 from source port 53 from anywhere is let in, though nothing declares it: "
        "inet portmatrix input: udp sport 53 accept"
    )


@pytest.mark.parametrize(("name", "policy"), [("input", "accept"), ("output", "accept")])
def test_an_open_policy_is_found(reader: NftReader, name: str, policy: str) -> None:
    text = script().replace(
        f"hook {name} priority filter; policy drop", f"hook {name} priority filter; policy {policy}"
    )
    rows = found(reader, text.replace(NOT_DECLARED, ""))
    direction = "in" if name == "input" else "out"
    assert {row["rule"] for row in rows} == {f"inet portmatrix {name}: policy accept"}
    shown = brief(rows)
    assert (
        "open",
        direction,
        "ipv6",
        "udp",
        "1-52 54-65535" if direction == "in" else "1-65535",
        "any",
        "new",
    ) in shown


def test_no_rules_at_all_is_found_in_few_words(reader: NftReader) -> None:
    rules = [rule(str(port), f"10.0.0.{port}/32") for port in range(1, 40)]
    rows = found(reader, "", rules)
    tcp = [row for row in rows if (row["direction"], row["family"], row["protocol"]) == ("in", "ipv4", "tcp")]
    assert about(tcp, "ports", "peers", "state") == [("1-65535", "any", "new"), ("1-65535", "any", "invalid")]
    assert ", but for what is declared," in tcp[0]["sentence"] and "nothing filters these packets" in tcp[0]["rule"]


@pytest.mark.parametrize(
    "text",
    [
        extra("tcp dport 8080 accept\naccept"),
        extra("tcp dport 8080 accept", priority="10"),
        extra("ct state established accept\nlimit rate 1/second log\nmeta mark set 5\ncounter"),
        extra("iif != lo ct state new tcp dport 8080 drop"),
        extra("", family="bridge", priority="0"),
        extra("drop", hook="forward"),
    ],
)
def test_what_others_add_without_an_effect_is_no_difference(reader: NftReader, text: str) -> None:
    assert found(reader, script() + text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (extra("tcp dport 22 drop"), ("shut", "22", "10.0.99.0/24", "inet extra one: tcp dport 22 drop")),
        (
            extra("tcp dport 20-30 reject"),
            ("shut", "22", "10.0.99.0/24", "inet extra one: tcp dport 20-30 reject with icmpx port-unreachable"),
        ),
        (extra("ip saddr 10.0.99.7 jump side"), ("shut", "22", "10.0.99.7/32", "inet extra side: drop")),
        (extra("tcp dport vmap { 22 : goto side }"), ("shut", "22", "10.0.99.0/24", "inet extra side: drop")),
        (
            extra("tcp dport vmap { 22 : drop }", "prerouting", "raw"),
            ("shut", "22", "10.0.99.0/24", "inet extra one: tcp dport vmap { 22 : drop }"),
        ),
        (
            extra(f"{PAIR} drop"),
            ("shut", "22", "10.0.99.0/25", f"inet extra one: {PAIR} drop"),
        ),
        (
            extra("tcp dport 22 limit rate over 5/minute drop"),
            ("unknown", "22", "10.0.99.0/24", "inet extra one: tcp dport 22 limit rate over 5/minute drop"),
        ),
        (
            extra("tcp dport 22 meta mark 7 drop"),
            ("unknown", "22", "10.0.99.0/24", "inet extra one: tcp dport 22 mark 7 drop"),
        ),
        (
            extra("tcp dport 22 notrack", "prerouting", "raw"),
            ("unknown", "22", "any", "inet extra one: tcp dport 22 notrack"),
        ),
        (
            extra("tcp flags & (fin|syn|rst|ack) == syn tcp dport 22 drop", family="ip"),
            ("shut", "22", "10.0.99.0/24", None),
        ),
    ],
)
def test_what_others_shut_is_found(reader: NftReader, text: str, expected: tuple[Any, ...]) -> None:
    rows = [row for row in found(reader, script() + text) if row["protocol"] == "tcp" and row["family"] == "ipv4"]
    shown = about(rows, "kind", "ports", "peers", "rule")
    assert any(all(want in (None, got) for want, got in zip(expected, row)) for row in shown), shown


def test_a_redirection_to_a_port_that_is_open_is_found(reader: NftReader) -> None:
    nat = "table ip nat {\n chain one {\n type nat hook prerouting priority dstnat; tcp dport 8080 redirect to :22\n}\n}\n"
    rows = found(reader, script() + nat)
    assert about(rows, "kind", "ports", "rule") == [("unknown", "8080", "ip nat one: tcp dport 8080 redirect to :22")]


def test_a_table_of_a_single_family_leaves_the_other_open(reader: NftReader) -> None:
    rows = found(reader, _only_v4(script()))
    assert {row["family"] for row in rows if row["kind"] == "open"} == {"ipv6"}
    assert {row["rule"] for row in rows if row["kind"] == "open"} == {"no rule: nothing filters these packets"}


def _only_v4(text: str) -> str:
    lines = [line for line in text.splitlines() if "ip6" not in line and "icmpv6" not in line]
    return "\n".join(lines).replace("inet portmatrix", "ip portmatrix").replace("meta nfproto ipv4 ", "")


def test_in_audit_mode_only_what_is_shut_counts(reader: NftReader) -> None:
    rows = found(reader, script(mode="audit"))
    assert rows and only(rows, "audit") == [] and only(rows, "enforce") == rows
    assert {row["kind"] for row in rows} == {"open"}
    shut = found(reader, script(mode="audit") + extra("tcp dport 22 drop"))
    assert set(about(only(shut, "audit"), "kind", "ports")) == {("shut", "22")}


def test_without_enforced_egress_only_declared_and_established_packets_must_leave(reader: NftReader) -> None:
    closed = extra(
        "ct state established,related accept\nudp dport 53 accept\noif lo accept", hook="output", policy="drop"
    )
    rows = found(reader, script("allow") + closed, egress="allow")
    assert about(rows, "kind", "protocol", "ports", "peers") == [("shut", "tcp", "443", "10.0.0.7/32")]


def test_listings_that_cannot_be_read_are_unknown() -> None:
    rows = differences(listed('{"nftables": [{"table": {"family": "inet", "flags": '), RULES)
    assert {row["kind"] for row in rows} == {"unknown"}
    assert rows[0]["rule"].startswith("the listing could not be read: nft: not a listing")


def test_the_smallest_example_is_a_packet_to_the_host(reader: NftReader) -> None:
    (row,) = found(reader, script() + extra("tcp dport 22 ip saddr 10.0.99.128/25 drop"))
    assert row["example"] == {
        "source": "10.0.99.128",
        "destination": ADDRESSES[0],
        "protocol": "tcp",
        "source_port": 49152,
        "port": 22,
    }
    assert row["sentence"] == (
        "IPv4 TCP port 22 from 10.0.99.128/25 is declared, and dropped: "
        "inet extra one: tcp dport 22 ip saddr 10.0.99.128/25 drop"
    )


@pytest.mark.parametrize(
    ("rules", "egress", "words"),
    [
        ([{**RULES[0], "ports": ["0"]}], "allow", r"rules\[0\].ports: '0' is not a port"),
        ([{**RULES[0], "ports": ["9-8"]}], "allow", r"rules\[0\].ports: '9-8'"),
        ([{**RULES[0], "peers": ["nobody"]}], "allow", r"rules\[0\].peers: 'nobody' is not an address"),
        ([{**RULES[0], "direction": "up"}], "allow", r"rules\[0\].direction: 'up' is not one of in, out"),
        ([{**RULES[0], "protocol": "sctp"}], "allow", r"rules\[0\].protocol: 'sctp' is not one of tcp, udp, igmp"),
        ([RULES[0], {"direction": "in"}], "allow", r"rules\[1\].protocol: is missing"),
        (RULES, "maybe", "egress: 'maybe' is not one of allow, enforce"),
    ],
)
def test_a_wrong_policy_is_an_error(rules: list[dict[str, Any]], egress: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        differences(listed(""), rules, egress)


def test_what_managers_let_in_is_never_all_of_tcp_or_of_a_port_of_everyone() -> None:
    for manager, tolerated in TOLERATED.items():
        for one in tolerated:
            protocols = one.box.get("protocol", ((0, 255),))
            if one.direction == "in" and any(low <= 6 <= high for low, high in protocols):
                pytest.fail(f"{manager} is let off TCP: {one}")


def test_a_ban_is_no_difference(reader: NftReader) -> None:
    banned = """table inet TABLE {
    chain input { type filter hook input priority -1; tcp dport 7563 ip saddr 10.0.0.5 reject
    }
}
"""
    assert found(reader, script() + banned.replace("TABLE", "f2b-table")) == []
    assert {one["kind"] for one in found(reader, script() + banned.replace("TABLE", "mine"))} == {"shut"}
