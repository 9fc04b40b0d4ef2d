# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import LONGEST_COMMENT, comment_of, script
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import RuleError
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule


def lines(rules, egress="allow", direction="in"):
    """The lines of one chain that stand for rules and not for the table itself."""
    text = script(rules, egress)
    chain = text.partition("\tchain %s {\n" % {"in": "input", "out": "output"}[direction])[2].partition("\t}")[0]
    return [line.strip() for line in chain.splitlines() if '"portmatrix: ' not in line]


def test_peers_of_both_families_give_one_rule_each():
    assert lines([rule("7563", "10.0.0.5", "10.0.1.0/24", "2001:db8::/64", flows=("a.b",))]) == [
        'ip saddr { 10.0.0.5, 10.0.1.0/24 } tcp dport 7563 counter accept comment "a.b"',
        'ip6 saddr 2001:db8::/64 tcp dport 7563 counter accept comment "a.b"',
    ]


def test_peers_of_one_family_give_nothing_for_the_other():
    (line,) = lines([rule("7563,6000-7000", "2001:db8::1", protocol="udp", flows=("a.b",))])
    assert line == 'ip6 saddr 2001:db8::1 udp dport { 6000-7000, 7563 } counter accept comment "a.b"'


def test_any_has_no_address_and_the_whole_of_one_family_names_it():
    assert lines([rule("1-65535", "any", flows=("a",))]) == ['tcp dport 1-65535 counter accept comment "a"']
    assert lines([rule("80", "0.0.0.0/0", "10.0.0.1", flows=("a",))]) == [
        'ip saddr 0.0.0.0/0 tcp dport 80 counter accept comment "a"'
    ]
    assert lines([rule("80", "::/1", "8000::/1", flows=("a",))]) == [
        'ip6 saddr ::/0 tcp dport 80 counter accept comment "a"'
    ]


def test_an_igmp_rule_brings_the_queries_and_only_ipv4():
    igmp = rule("", "10.0.0.0/8", "2001:db8::/64", protocol="igmp", flows=("a",))
    query = "ip daddr 224.0.0.0/4 igmp type membership-query counter accept"
    assert lines([igmp]) == ['ip saddr 10.0.0.0/8 ip protocol 2 counter accept comment "a"']
    assert query in script([igmp])
    assert query not in script([rule("80", "any")])


def test_outbound_rules_are_written_only_when_egress_is_enforced():
    rules = [rule("443", "10.0.0.9", direction="out", flows=("a",)), rule("80", "any", flows=("b",))]
    assert lines(rules) == ['tcp dport 80 counter accept comment "b"']
    assert "output" not in script(rules)
    assert lines(rules, "enforce", "out") == ['ip daddr 10.0.0.9 tcp dport 443 counter accept comment "a"']


def test_what_is_left_is_counted_and_dropped_at_the_end_of_every_chain():
    text = script([], "enforce")
    assert text.count("policy drop;") == 2
    assert text.count('\t\tcounter drop comment "portmatrix: not declared"\n\t}') == 2


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_audit_mode_has_the_same_rules_and_drops_nothing(egress):
    rules = [rule("80", "any", flows=("a",)), rule("443", "10.0.0.9", direction="out", flows=("b",))]
    text = script(rules, egress, "audit")
    assert "drop" not in text and text.count("policy accept;") == (2 if egress == "enforce" else 1)
    assert 'ct state invalid counter accept comment "portmatrix: belongs to no connection"' in text
    assert 'tcp dport 80 counter accept comment "a"' in text
    assert ('ip daddr 10.0.0.9 tcp dport 443 counter accept comment "b"' in text) == (egress == "enforce")
    assert text.count("add set inet portmatrix seen_in") == 4
    assert text.count("add set inet portmatrix seen_out") == (4 if egress == "enforce" else 0)
    assert "seen" not in script(rules, egress)


def test_the_script_says_what_the_comment_cannot():
    flows = tuple(f"vendor.component.flow{number}" for number in range(9))
    (note, line) = lines([rule("80", "any", flows=flows, reason="table 3, row 2")])
    assert note == "# " + ", ".join(flows) + ": table 3, row 2"
    assert line.endswith('comment "%s +4"' % ", ".join(flows[:5]))


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_it_touches_no_other_table(mode):
    text = script([rule("80", "any")], "enforce", mode)
    assert {line.split(" inet ")[1].split()[0] for line in text.splitlines() if " inet " in line} == {"portmatrix"}
    assert "ruleset" not in text and "delete" not in text


def test_wrong_rules_give_no_text():
    with pytest.raises(RuleError, match=r"rules\[0\].peers: is empty"):
        script([rule("80")])


@pytest.mark.parametrize("count", range(12))
@pytest.mark.parametrize("length", [1, 40, 61, 100])
def test_a_comment_always_fits_and_counts_what_it_leaves_out(count, length):
    flows = tuple("%0*d" % (length, number) for number in range(count))
    comment = comment_of(flows)
    shown, _space, rest = comment.partition(" +")
    assert len(comment) <= LONGEST_COMMENT
    assert len([flow for flow in shown.split(", ") if flow]) + int(rest or 0) == count
