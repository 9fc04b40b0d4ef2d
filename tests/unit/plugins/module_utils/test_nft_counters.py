# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_counters, nft_script, policy_rules
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

AUDIT = """table inet portmatrix {
>---set seen_in4 {
>--->---type ipv4_addr . inet_proto . inet_service . pkt_type
>--->---size 16384>---# count 3
>--->---flags dynamic
>--->---counter
>--->---elements = { 10.0.0.9 . tcp . 81 . host counter packets 2 bytes 120,
>--->--->--->---10.0.0.9 . tcp . 80 . host counter packets 1 bytes 60,
>--->--->--->---10.0.0.10 . udp . 5353 . multicast counter packets 4 bytes 240 }
>---}

>---set friends {
>--->---type ipv4_addr
>--->---elements = { 10.0.0.1 }
>---}

>---chain input {
>--->---type filter hook input priority filter; policy accept;
>--->---iif "lo" counter packets 9 bytes 900 accept comment "portmatrix: loopback"
>--->---ct state invalid counter packets 5 bytes 200 accept comment "portmatrix: belongs to no connection"
>--->---ip saddr { 10.0.0.1, 10.0.0.2,
>--->--->--->---10.0.0.4 } tcp dport 22 counter packets 7 bytes 420 accept comment "a.b, c.d +3"
>--->---tcp dport 23 counter packets 8 bytes 480 accept comment "for Bob, till Monday"
>--->---tcp dport 24 counter packets 8 bytes 480 drop comment "e.f"
>--->---meta l4proto { tcp, udp } counter packets 2 bytes 8 accept comment "portmatrix: not declared, and not listed: the set is full"
>--->---counter packets 1 bytes 4 accept comment "portmatrix: not declared, and not listed: the set is full"
>---}
}
""".replace(">---", "\t")


def test_what_was_counted_in_audit_mode():
    row = {"direction": "in", "protocol": "tcp", "peer": "10.0.0.9", "cast": "unicast"}
    other = {"direction": "in", "protocol": "udp", "peer": "10.0.0.10", "cast": "multicast", "port": 5353}
    assert nft_counters.counters(AUDIT) == {
        "mode": "audit",
        "egress": "allow",
        "seen": [
            {**other, "packets": 4, "bytes": 240},
            {**row, "port": 80, "packets": 1, "bytes": 60},
            {**row, "port": 81, "packets": 2, "bytes": 120},
        ],
        "rules": [
            {
                "direction": "in",
                "match": "ip saddr { 10.0.0.1-10.0.0.2, 10.0.0.4 } tcp dport 22",
                "flows": ["a.b", "c.d"],
                "hidden": 3,
                "packets": 7,
                "bytes": 420,
            }
        ],
        "overflow": 3,
        "invalid": 5,
    }


def test_both_directions_while_enforcing():
    rules = [rule("80", "any", flows=("a.in",)), rule("81", "10.0.0.1", direction="out", flows=("a.out",))]
    table = nft_script.policy(policy_rules.checked(rules), "enforce")
    text = "".join(
        "\tchain %s {\n\t\t%s\n%s\t}\n"
        % (
            name,
            chain.header,
            "".join(
                "\t\t%s\n" % nft_script.line_text(line).replace("counter", "counter packets 2 bytes 3", 1)
                for line in chain.lines
            ),
        )
        for name, chain in table.chains.items()
    )
    found = nft_counters.counters("table inet portmatrix {\n%s}\n" % text)
    assert (found["mode"], found["egress"], found["seen"], found["overflow"]) == ("enforce", "enforce", [], 0)
    assert [(row["direction"], row["match"], row["flows"], row["packets"]) for row in found["rules"]] == [
        ("in", "tcp dport 80", ["a.in"], 2),
        ("out", "ip daddr 10.0.0.1 tcp dport 81", ["a.out"], 2),
    ]


def test_the_match_of_a_rule_is_the_same_in_the_policy_and_in_the_kernel():
    rules = policy_rules.checked([rule("22", "10.0.0.1", "10.0.0.2", "10.0.0.4", flows=("a.b",))])
    wanted = [
        nft_counters.match_of(line) for line in nft_script.policy(rules, "allow").chains["input"].lines if line.flows
    ]
    assert wanted == [row["match"] for row in nft_counters.counters(AUDIT)["rules"]]


def test_a_rule_that_drops_has_no_match():
    assert nft_counters.match_of(nft_script.Line("counter drop", "", (), "")) is None
    assert nft_counters.match_of(nft_script.Line("counter accept", "", (), "")) == ""
