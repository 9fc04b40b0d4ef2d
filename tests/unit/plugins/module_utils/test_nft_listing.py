# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_listing, nft_script, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule


def wanted(*rules, egress="allow", mode="enforce"):
    return nft_script.policy(policy_rules.checked(list(rules)), egress, mode)


def table(*lines, before=""):
    chain = "\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
    return nft_listing.parse(
        "table inet portmatrix {\n" + before + chain + "".join(f"\t\t{x}\n" for x in lines) + "\t}\n}\n"
    )


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("tcp dport 22 counter packets 5 bytes 300 accept", "tcp dport 22 counter accept"),
        ("tcp dport { 80, 22-30, 25-79 } accept", "tcp dport 22-80 accept"),
        ("ip saddr { 10.0.1.0/24, 10.0.0.0/24 } accept", "ip saddr 10.0.0.0/23 accept"),
        ("ip saddr { 224.0.0.0-255.255.255.255 } accept", "ip saddr 224.0.0.0/3 accept"),
        ("ip6 daddr 2001:db8::-2001:db8::1 drop", "ip6 daddr 2001:db8::/127 drop"),
        ("ct state { related, established } accept", "ct state established,related accept"),
        ("ct state related,established accept", "ct state established,related accept"),
        ("ip protocol igmp accept", "ip protocol 2 accept"),
        ("meta l4proto { ipv6-icmp, icmp } accept", "meta l4proto { 1, 58 } accept"),
        ("icmp type { echo-request, echo-reply } accept", "icmp type { echo-reply, echo-request } accept"),
        ("ip saddr != 10.0.0.1 accept", "ip saddr != 10.0.0.1 accept"),
        ("ip saddr @friends accept", "ip saddr @friends accept"),
        ("ip saddr . tcp dport { 10.0.0.1 . 22 } accept", "ip saddr . tcp dport { 10.0.0.1 . 22 } accept"),
        ('log prefix "tcp dport { 2, 1 } " drop', 'log prefix "tcp dport { 2, 1 } " drop'),
        ("tcp dport { 22, 23,\n\t\t\t     24 } accept", "tcp dport 22-24 accept"),
    ],
)
def test_a_rule_reads_the_same_whichever_nft_printed_it(printed, read):
    (line,) = table(printed).chains["input"].lines
    assert nft_script.line_text(line) == read


def test_a_comment_is_told_from_the_rule():
    (line,) = table('tcp dport 22 counter packets 0 bytes 0 accept comment "a.b, c { +3"').chains["input"].lines
    assert (line.body, line.comment) == ("tcp dport 22 counter accept", "a.b, c { +3")


def test_what_we_never_put_there_is_seen():
    found = table(
        "tcp dport 22 jump {\n\t\t\taccept\n\t\t}",
        "tcp dport 23 accept",
        before="\tflags dormant\n\n\tset friends {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1,\n\t\t\t 10.0.0.2 }\n\t}\n\n",
    )
    assert [line.body for line in found.chains["input"].lines] == [
        "tcp dport 22 jump { accept }",
        "tcp dport 23 accept",
    ]
    assert found.foreign == [
        nft_script.Foreign("set", "friends", "type ipv4_addr elements = { 10.0.0.1, 10.0.0.2 }"),
        nft_script.Foreign("table", "", "flags dormant"),
    ]


def test_repairs_delete_holders_before_what_they_hold():
    current = table(
        before="\tcounter c {\n\t}\n\tset s {\n\t}\n\tmap m {\n\t}\n\tct helper h {\n\t}\n\tchain other {\n\t\tdrop\n\t}\n"
    )
    assert nft_listing.repairs(current, wanted()).splitlines() == [
        "flush chain inet portmatrix other",
        "flush chain inet portmatrix input",
        "delete map inet portmatrix m",
        "delete set inet portmatrix s",
        "delete chain inet portmatrix other",
        "delete counter inet portmatrix c",
        "delete ct helper inet portmatrix h",
    ]


OURS = "type ipv4_addr . inet_proto . inet_service . pkt_type\n\t\tsize 16384\n\t\tflags dynamic\n\t\tcounter\n"
ENTRIES = (
    "\t\telements = { 10.0.0.1 . tcp . 80 . host counter packets 1 bytes 2,\n\t\t\t 10.0.0.2 . tcp . 80 . host }\n"
)


@pytest.mark.parametrize("printed", [OURS, OURS + ENTRIES, OURS.replace("16384", "16384\t# count 2") + ENTRIES])
def test_the_sets_of_audit_mode_are_known_whatever_they_hold(printed):
    current = table(before="\tset seen_in4 {\n\t\t" + printed + "\t}\n\n")
    assert current.foreign == [] and current.sets == {"seen_in4": wanted(mode="audit").sets["seen_in4"]}
    assert nft_listing.repairs(current, wanted(mode="audit")) == ""
    assert nft_listing.repairs(current, wanted()).splitlines() == [
        "flush chain inet portmatrix input",
        "delete set inet portmatrix seen_in4",
    ]


def test_a_set_that_only_has_the_name_of_ours_goes():
    current = table(before="\tset seen_in4 {\n\t\ttype ipv4_addr\n\t}\n\n")
    assert "delete set inet portmatrix seen_in4\n" in nft_listing.repairs(current, wanted(mode="audit"))


def test_the_mode_changes_no_flow():
    rules = [rule("1", "any", flows=("a",)), rule("2", "any", direction="out", flows=("b",))]
    for egress in ("allow", "enforce"):
        one, other = (wanted(*rules, egress=egress, mode=mode) for mode in ("enforce", "audit"))
        assert nft_listing.flow_changes(one, other) == {"added": [], "removed": [], "changed": []}
        assert nft_listing.as_text(one) != nft_listing.as_text(other)


def test_a_long_listing_is_read_in_time_that_grows_with_its_length():
    line = "\t\t\t     10.0.%d.%d . tcp . 80 . host counter packets 1 bytes 60,\n"
    entries = "".join(line % (number >> 8, number & 255) for number in range(30000))
    listing = "\tset seen_in4 {\n\t\t" + OURS + "\t\telements = {\n" + entries + "\t\t}\n\t}\n"
    before = time.process_time()
    assert table(before=listing).sets
    assert time.process_time() - before < 5


def test_nothing_is_deleted_when_only_rules_or_the_policy_differ():
    current = table("tcp dport 1 accept")
    assert nft_listing.repairs(current, wanted()) == nft_listing.relaxed(current, wanted()) == ""


def test_a_base_chain_lets_everything_pass_before_it_is_deleted():
    current = wanted(egress="enforce")
    assert nft_listing.relaxed(current, wanted()) == (
        "add chain inet portmatrix output { type filter hook output priority filter; policy accept; }\n"
    )
    assert nft_listing.relaxed(current).count("policy accept;") == 2


def test_flow_changes():
    before = wanted(
        rule("1", "any", flows=("stays", "leaves")),
        rule("2", "any", flows=("moves",)),
        rule("3", "any", flows=("gone",)),
    )
    after = wanted(
        rule("1", "any", flows=("stays",)), rule("4", "any", flows=("moves",)), rule("5", "any", flows=("new",))
    )
    assert nft_listing.flow_changes(before, after) == {
        "added": ["new"],
        "removed": ["gone", "leaves"],
        "changed": ["moves"],
    }
    assert nft_listing.flow_changes(None, after)["added"] == ["moves", "new", "stays"]
    assert nft_listing.flow_changes(after, None)["removed"] == ["moves", "new", "stays"]


def test_flows_that_a_comment_had_no_room_for_are_not_reported_while_their_rule_stays():
    many = tuple(f"vendor.component.flow{number}" for number in range(9))
    after = wanted(rule("1", "any", flows=many), rule("2", "any", flows=("new",)))
    kernel = nft_listing.parse(nft_listing.as_text(wanted(rule("1", "any", flows=many))))
    assert nft_listing.flow_changes(kernel, after) == {"added": ["new"], "removed": [], "changed": []}


def test_a_comment_made_by_hand_is_no_flow():
    assert nft_listing.flow_changes(table('accept comment "for Bob, till Monday"'), wanted())["removed"] == []


ports = st.one_of(st.sampled_from([1, 80, 81, 65534, 65535]), st.integers(1, 65535))
port_texts = st.one_of(ports.map(str), st.tuples(ports, ports).map(lambda pair: "%d-%d" % tuple(sorted(pair))))
edges = st.sampled_from(
    ["any", "0.0.0.0/0", "::/0", "0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    + [
        "10.0.0.0/24",
        "10.0.1.0/24",
        "10.0.0.128/25",
        "2001:db8::/64",
        "2001:db8:0:1::/64",
        "::ffff:10.0.0.1",
        "fe80::/10",
    ]
)
networks = st.builds(
    lambda address, length: "%s/%d" % (_network(address, length), length), st.integers(0, 2**32 - 1), st.integers(0, 32)
)
addresses = st.ip_addresses().map(str)
one_rule = st.builds(
    lambda protocol, ports, **other: {"protocol": protocol, "ports": [] if protocol == "igmp" else ports, **other},
    protocol=st.sampled_from(["tcp", "udp", "igmp"]),
    ports=st.lists(port_texts, min_size=1, max_size=5),
    direction=st.sampled_from(["in", "out"]),
    peers=st.lists(st.one_of(edges, addresses, networks), min_size=1, max_size=8),
    flows=st.lists(st.text("abz019_.-", min_size=1, max_size=60), max_size=6),
    reason=st.text(max_size=20),
)


def _network(address, length):
    return ".".join(str(byte) for byte in (address >> (32 - length) << (32 - length)).to_bytes(4, "big"))


@pytest.fixture(scope="module")
def nft():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        yield Nft(lab.nft_command())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(one_rule, max_size=6), st.sampled_from(["allow", "enforce"]), st.sampled_from(["enforce", "audit"]))
def test_whatever_the_rules_the_kernel_takes_them_and_gives_them_back(nft, rules, egress, mode):
    try:
        checked = policy_rules.checked(rules)
    except policy_rules.RuleError as error:
        assert all("says the same as" in problem for problem in error.problems)
        return
    table = nft_script.policy(checked, egress, mode)
    listing = nft.read()
    current = nft_listing.parse(listing) if listing else None
    script = nft_listing.repairs(current, table) + nft_script.text(table)
    nft.check(script)
    nft.apply(script)
    printed = nft.read()
    for script in ("", nft_script.text(table), "delete table inet portmatrix\n" + printed):
        nft.apply(script)
        assert nft_listing.as_text(nft_listing.parse(nft.read())) == nft_listing.as_text(table)
