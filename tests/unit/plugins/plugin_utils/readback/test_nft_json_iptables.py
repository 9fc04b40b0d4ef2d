# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nft's listing says of tables that iptables keeps, whose own lines say what nft cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import iptables_save, nft_json
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Rule, Table
from ansible_collections.vidnet.portmatrix.tests.support.nft_reader import listing

CONNTRACK = {"xt": {"type": "match", "name": "conntrack"}}
LOG = {"xt": {"type": "target", "name": "LOG"}}
DROP = {"drop": None}
FROM_TWO = {
    "match": {
        "op": "==",
        "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": {"set": ["10.0.0.1", "10.0.0.2"]},
    }
}
TWO = (((0x0A000001, 0x0A000002)),)
OF_TWO = {"family": frozenset({"ipv4"}), "source": TWO}
REPLIES = "-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP"
OF_REPLIES = {"state": frozenset({"established"})}


def shared(rules: list[list[Any]], lines: list[str], table: str = "filter", **head: Any) -> Table:
    """Return what is read of a table of iptables whose chain INPUT has these rules in nft's listing, and these lines."""
    about = {"family": "ip", "table": table}
    head = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop", **head}
    content: list[Any] = [{"table": {"family": "ip", "name": table}}]
    content += [{"chain": {**about, "name": "INPUT", **head}}, {"chain": {**about, "name": "more"}}]
    content += [{"rule": {**about, "chain": "INPUT", "expr": statements}} for statements in rules]
    text = "\n".join([f"*{table}", ":INPUT DROP [0:0]", ":more - [0:0]", *lines, "COMMIT"])
    (saved,) = iptables_save.saved(text, "ipv4", {}, ["lo"])
    (found,) = nft_json.tables(
        json.dumps({"nftables": content}), ["lo"], {"ipv4": (), "ipv6": ()}, {("ip", table): saved}
    )
    return found


def test_a_rule_of_nft_in_a_table_of_iptables_is_what_nft_says() -> None:
    found = shared([[CONNTRACK, DROP], [FROM_TWO, DROP]], [REPLIES, "-A INPUT -j DROP"])
    replies, two = found.chains["INPUT"].rules
    assert replies == Rule((OF_REPLIES,), True, "drop", "", f"iptables -t filter {REPLIES}")
    assert two == Rule((OF_TWO,), True, "drop", "", "ip filter INPUT: ip saddr { 10.0.0.1, 10.0.0.2 } drop")
    assert found.name == "iptables filter" and found.families == {"ipv4"}


def test_a_rule_that_iptables_shows_as_it_is_has_the_text_of_iptables() -> None:
    line = "-A INPUT -s 10.0.0.1/32 -j DROP"
    alone = {"match": {**FROM_TWO["match"], "right": "10.0.0.1"}}
    (rule,) = shared([[alone, DROP]], [line]).chains["INPUT"].rules
    assert (rule.boxes[0]["source"], rule.text) == (((0x0A000001, 0x0A000001),), f"iptables -t filter {line}")


@pytest.mark.parametrize(
    "lines",
    [[], [REPLIES], [REPLIES] * 3, ["-A INPUT -m conntrack --ctstate ESTABLISHED -j more", "-A INPUT -j DROP"]],
    ids=["no lines", "too few", "too many", "a line with another end"],
)
def test_what_iptables_asks_is_unknown_where_its_lines_are_others(lines: list[str]) -> None:
    replies, two = shared([[CONNTRACK, DROP], [FROM_TWO, DROP]], lines).chains["INPUT"].rules
    assert (replies.boxes, replies.certain, replies.verdict) == (({},), False, "drop")
    assert (two.boxes, two.certain) == ((OF_TWO,), True)


def test_what_a_target_of_iptables_does_is_what_its_line_says() -> None:
    line = "-A INPUT -s 10.0.0.0/31 -j LOG"
    assert [rule.verdict for rule in shared([[LOG]], [line]).chains["INPUT"].rules] == ["continue"]
    (unknown,) = shared([[LOG]], []).chains["INPUT"].rules
    assert (unknown.verdict, unknown.certain) == ("unknown", False)
    older = shared([[{"xt": None}]], [line])
    assert [rule.verdict for rule in older.chains["INPUT"].rules] == ["continue"]


def test_a_rule_of_iptables_in_a_chain_of_nat_is_for_new_connections_only() -> None:
    line = "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"
    found = shared([[CONNTRACK, {"accept": None}]], [line], "nat", type="nat", prio=100, policy="accept")
    (rule,) = found.chains["INPUT"].rules
    assert (rule.boxes, rule.certain, rule.verdict) == (({"state": frozenset({"new"})},), True, "accept")


def test_the_hooks_that_lead_to_a_rule_of_iptables_are_those_that_nft_lists() -> None:
    line = "-A INPUT -m addrtype --dst-type LOCAL -j DROP"
    addrtype = {"xt": {"type": "match", "name": "addrtype"}}
    for hook, certain in (("input", True), ("output", False)):
        (rule,) = shared([[addrtype, DROP]], [line], hook=hook).chains["INPUT"].rules
        assert rule.certain is certain


def test_a_table_that_only_iptables_lists_is_read_from_there() -> None:
    text = f"*filter\n:INPUT DROP [0:0]\n{REPLIES}\nCOMMIT\n"
    (saved,) = iptables_save.saved(text, "ipv4", {}, ["lo"])
    for listed_text in ("", listing([DROP])):
        found = nft_json.tables(listed_text, ["lo"], {"ipv4": (), "ipv6": ()}, {("ip", "filter"): saved})
        assert found[0] == iptables_save.table(saved)
        assert len(found) == 1 + bool(listed_text)
