# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The read-back of a Windows host against an enumeration of packets, one by one, and what its rows say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import build, evaluate, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_force import InForce, read
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import PROFILES, Profile, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.readback import differences
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Packets
from ansible_collections.vidnet.portmatrix.tests.support import windows_host as stand_in
from ansible_collections.vidnet.portmatrix.tests.support import windows_store
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.naive_windows import ADDRESSES

PEERS = range(10 << 24, (10 << 24) + 8)
ANOTHER = ranges.network("203.0.113.9")[0]
PORTS = range(1, 7)
LISTENED = ((2, 5),)
LOCAL = ranges.network("192.168.0.1")[0]
OWN = {"ipv4": ((LOCAL, LOCAL),), "ipv6": ranges.union([ranges.network("fd00::1")])}
RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"
MEDIA = MatrixPort(6, ((7563, 7563),), "milestone.recording.media", frozenset({"milestone_recording_server"}))
WEB = MatrixPort(6, ((443, 443),), "milestone.management.web", frozenset({"milestone_management_server"}))


def rule_in(ports: list[str], peers: list[str], **different: Any) -> dict[str, Any]:
    return {
        "direction": "in",
        "protocol": "tcp",
        "ports": ports,
        "peers": peers,
        "flows": ["a.b"],
        "reason": "",
        **different,
    }


port_texts = st.sampled_from(["*", "1", "2,4-5", "0-3", "2-6"])
others = st.builds(
    WindowsRule,
    name=st.sampled_from(["one", "two", "three"]),
    enabled=st.sampled_from([True] * 7 + [False]),
    action=st.sampled_from(["allow", "allow", "block"]),
    protocol=st.sampled_from([6] * 6 + [17, 256]),
    local_ports=port_texts,
    remote_addresses=st.sampled_from([*ADDRESSES, "LocalSubnet"]),
    remote_ports=st.sampled_from(["*", "*", "50000"]),
    profiles=st.sampled_from([1, 6, *[0x7FFFFFFF] * 3]),
    others=st.sampled_from([(), (), ("RUAuth=someone",), ("RMAuth=some", "Action=ByPass")]),
).map(lambda rule: rule._replace(local_ports="*", remote_ports="*") if rule.protocol == 256 else rule)
declared = st.builds(
    rule_in,
    ports=st.sampled_from([["2"], ["3-4"], ["1-5"], ["6"]]),
    peers=st.sampled_from([["any"], ["10.0.0.1"], ["10.0.0.2/31", "10.0.0.7"], ["2001:db8::1"]]),
)


def told(rows: Sequence[dict[str, Any]], kind: str) -> set[tuple[int, int]]:
    """Return peers and ports of the rows of one kind, IPv4 and TCP."""
    out = set()
    for row in rows:
        if (row["kind"], row["family"], row["protocol"]) == (kind, "ipv4", "tcp"):
            peers = values.addresses(",".join(row["peers"])).ipv4
            ports = values.ports(",".join(row["ports"])).ranges
            out |= {
                (peer, port)
                for peer, port in itertools.product((*PEERS, ANOTHER), PORTS)
                if ranges.contains(peers, peer) and ranges.contains(ports, port)
            }
    return out


def one_by_one(policy: evaluate.Policy, rules: Sequence[dict[str, Any]]) -> dict[str, set[tuple[int, int]]]:
    """Return the same by asking for every packet by itself, in every profile."""
    out: dict[str, set[tuple[int, int]]] = {"open": set(), "shut": set(), "unknown": set()}
    for peer, port, peer_port, profile in itertools.product((*PEERS, ANOTHER), PORTS, (50000, 50001), PROFILES):
        granted = any(
            ranges.contains(values.ports(",".join(rule["ports"])).ranges, port)
            and ranges.contains(values.addresses(",".join(rule["peers"])).ipv4, peer)
            for rule in rules
        )
        said, _rule = evaluate.verdict(policy, Packets("in", "ipv4", 6, profile), (peer, LOCAL, port, peer_port))
        if granted and said != "allow":
            out["shut" if said == "block" else "unknown"].add((peer, port))
        elif not granted and said != "block" and ranges.contains(LISTENED, port):
            out["open" if said == "allow" else "unknown"].add((peer, port))
    return out


NEAR = WindowsRule(name="near", protocol=6, local_ports="2-3", remote_addresses="LocalSubnet")
USUAL: dict[str, Any] = {"applied": True, "states": [(True, "block")] * 3, "merged": True, "blocked": False}


@stable(200)
@example(foreign=[WindowsRule(name="all"), NEAR._replace(action="block")], rules=[], **USUAL)
@example(foreign=[NEAR, NEAR._replace(action="block", remote_addresses="10.0.0.4/30")], rules=[], **USUAL)
@example(foreign=[NEAR._replace(action="block")], rules=[rule_in(["2"], ["10.0.0.1"])], **USUAL)
@given(
    foreign=st.lists(others, min_size=2, max_size=6),
    rules=st.lists(declared, max_size=2, unique_by=repr),
    applied=st.booleans(),
    states=st.lists(
        st.sampled_from([*[(True, "block")] * 5, (True, "allow"), (False, "block")]), min_size=3, max_size=3
    ),
    merged=st.sampled_from([True] * 7 + [False]),
    blocked=st.sampled_from([False] * 7 + [True]),
)
def test_rows_are_what_every_packet_by_itself_says(
    foreign: list[WindowsRule],
    rules: list[dict[str, Any]],
    applied: bool,
    states: list[tuple[bool, str]],
    merged: bool,
    blocked: bool,
) -> None:
    own = build.build(rules) if applied else []
    profiles = [
        Profile(name, enabled, default, "allow", merged, blocked) for name, (enabled, default) in zip(PROFILES, states)
    ]
    policy = evaluate.Policy([*own, *foreign[1:]], foreign[:1], profiles)
    in_force = InForce(policy, [MatrixPort(6, LISTENED, "own.flow")], OWN)
    rows = differences(in_force, rules)
    wanted = one_by_one(policy, rules)
    for kind, packets in wanted.items():
        assert told(rows, kind) == packets, kind


def test_examples_are_packets_that_the_evaluator_lets_in_or_drops() -> None:
    foreign = [WindowsRule(name="wide", protocol=6, local_ports="1-9", remote_addresses="10.0.0.0/30")]
    shut = WindowsRule(name="ban", protocol=6, action="block", remote_addresses="10.0.0.9", remote_ports="4000")
    rules = [rule_in(["3"], ["10.0.0.9", "10.0.0.1"])]
    policy = evaluate.Policy([*build.build(rules), *foreign, shut])
    rows = differences(InForce(policy, [MatrixPort(6, LISTENED, "own.flow")], OWN), rules)
    assert {row["kind"] for row in rows} == {"open", "shut"}
    for row in rows:
        example = row["example"]
        numbers = [ranges.network(example[end])[0] for end in ("source", "destination")]
        packet = (*numbers, example["port"], example["source_port"])
        said = evaluate.verdict(policy, Packets("in", row["family"], 6), packet)[0]
        assert said == {"open": "allow", "shut": "block"}[row["kind"]]
        assert numbers[1] == LOCAL


def found(
    *local: WindowsRule,
    rules: Sequence[dict[str, Any]] = (),
    ports: Sequence[MatrixPort] = (MEDIA, WEB),
    egress: str = "allow",
    **different: Any,
) -> list[dict[str, Any]]:
    policy = evaluate.Policy([*build.build(rules), *local], **different)
    return differences(InForce(policy, ports, OWN), rules, egress)


def shown(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["direction"], row["kind"], row["family"], row["ports"], row["peers"]) for row in rows]


def test_an_applied_policy_beside_what_windows_has_of_its_own_is_as_declared() -> None:
    rules = [rule_in(["7563"], ["10.0.0.0/24"]), rule_in(["5985"], ["10.9.0.1"], flows=["portmatrix.management"])]
    assert found(*windows_host.own(), rules=rules) == []
    assert found(*windows_host.own(), rules=rules, egress="enforce", profiles=outbound("block")) == []


def outbound(default: str) -> list[Profile]:
    return [Profile(name, default_outbound=default) for name in PROFILES]


def test_an_installers_rules_are_open_for_the_ports_of_their_programs() -> None:
    rows = found(*windows_host.own(), *windows_host.installer(), rules=[rule_in(["7563"], ["10.0.0.0/24"])])
    beyond = ["0.0.0.0-9.255.255.255", "10.0.1.0-255.255.255.255"]
    assert [(row["kind"], row["ports"], row["peers"], row["rule"]) for row in rows if row["family"] == "ipv4"] == [
        ("open", ["443", "7563"], ["10.50.0.0/16"], "the rule 'Everything from the office'"),
        ("open", ["7563"], beyond, "the rule 'Log server' for the service Milestone XProtect Log Server"),
        ("open", ["7563"], beyond, "the rule 'Media'"),
        ("open", ["7563"], beyond, f"the rule 'Recorder' for {RECORDER}"),
    ]


def test_a_rule_is_judged_on_the_ports_of_whom_it_is_for() -> None:
    rows = found(WindowsRule(name="Recorder", program=RECORDER), rules=[rule_in(["7563"], ["10.0.0.0/24"])])
    assert shown(rows) == [
        ("in", "open", "ipv4", ["7563"], ["0.0.0.0-9.255.255.255", "10.0.1.0-255.255.255.255"]),
        ("in", "open", "ipv6", ["7563"], ["any"]),
    ]
    assert rows[1]["sentence"] == (
        f"IPv6 TCP port 7563 from anywhere is let in, though nothing declares it: the rule 'Recorder' for {RECORDER}"
    )
    assert found(WindowsRule(name="Game", program=r"C:\game.exe")) == []


def test_ports_that_the_matrix_does_not_know_are_no_matter() -> None:
    assert found(WindowsRule(name="Backup", protocol=6, local_ports="10000")) == []
    assert shown(found(WindowsRule(name="Backup", protocol=6, local_ports="10000,443"))) == [
        ("in", "open", "ipv4", ["443"], ["any"]),
        ("in", "open", "ipv6", ["443"], ["any"]),
    ]


def test_a_service_of_windows_may_have_its_own_ports_and_no_others() -> None:
    ports = [MatrixPort(6, ((22, 22), (443, 443), (3389, 3389)), "own.flow")]
    desktop = WindowsRule(name="Desktop", group="Remote Desktop", protocol=6, local_ports="3389,443")
    assert shown(found(desktop, ports=ports)) == [
        ("in", "open", "ipv4", ["443"], ["any"]),
        ("in", "open", "ipv6", ["443"], ["any"]),
    ]
    assert shown(found(desktop._replace(name="x", group="Others", local_ports="22"), ports=ports)) == []


def test_what_cannot_be_judged_is_unknown() -> None:
    (row, _v6) = found(WindowsRule(name="Near", protocol=6, local_ports="443", remote_addresses="LocalSubnet"))
    assert shown([row]) == [("in", "unknown", "ipv4", ["443"], ["any"])]
    assert row["sentence"] == (
        "IPv4 TCP port 443 from anywhere may be let in or not, which cannot be told from: the rule 'Near', for LocalSubnet"
    )


def test_the_profiles_that_are_meant_are_named() -> None:
    profiles = [Profile("domain"), Profile("private", enabled=False), Profile("public", default_inbound="allow")]
    sentences = [row["sentence"] for row in found(profiles=profiles) if row["family"] == "ipv4"]
    assert sentences == [
        "IPv4 TCP ports 443, 7563 from anywhere while the private profile is current is let in, though nothing declares it: the firewall is off",
        "IPv4 TCP ports 443, 7563 from anywhere while the public profile is current is let in, though nothing declares it:"
        " what no rule blocks is let in by default",
    ]


def test_why_a_declared_packet_is_dropped() -> None:
    rules = [rule_in(["7563"], ["10.0.0.1"])]
    ban = WindowsRule(name="Canceled", action="block", program=RECORDER)
    assert [row["rule"] for row in found(ban, rules=rules)] == [f"the rule 'Canceled' for {RECORDER} (it blocks)"]
    missing = differences(InForce(evaluate.Policy(), [MEDIA], OWN), rules)
    assert [(row["kind"], row["peers"], row["rule"]) for row in missing] == [
        ("shut", ["10.0.0.1"], "no rule lets it in")
    ]
    for change, why in (
        ({"local_rules": False}, "AllowLocalPolicyMerge"),
        ({"block_all_inbound": True}, "BlockAllInboundTraffic"),
    ):
        rows = found(rules=rules, profiles=[Profile(name, **change) for name in PROFILES])
        assert [row["kind"] for row in rows] == ["shut"] and why in rows[0]["rule"]


def test_igmp_is_the_kernels() -> None:
    igmp = rule_in([], ["10.0.0.1"], protocol="igmp")
    assert found(rules=[igmp]) == []
    ban = WindowsRule(name="ban", protocol=2, action="block", program="System")
    assert shown(found(ban, rules=[igmp])) == [("in", "shut", "ipv4", [], ["10.0.0.1"])]
    assert found(ban._replace(program=r"C:\x.exe"), rules=[igmp]) == []


def test_what_leaves() -> None:
    out = rule_in(["443"], ["10.0.0.1"], direction="out")
    ban = WindowsRule(name="ban", direction="out", protocol=6, remote_ports="400-500", action="block")
    assert shown(found(ban, rules=[out])) == [("out", "shut", "ipv4", ["443"], ["10.0.0.1"])]
    assert found(rules=[out]) == []
    assert {row["kind"] for row in found(rules=[out], egress="enforce")} == {"open"}
    assert found(rules=[out], egress="enforce", profiles=outbound("block")) == []
    loose = WindowsRule(name="loose", direction="out", protocol=6, remote_addresses="10.0.0.1", remote_ports="443-444")
    (row,) = found(loose, rules=[out], egress="enforce", profiles=outbound("block"))
    assert row["sentence"] == "IPv4 TCP port 444 to 10.0.0.1 is let out, though nothing declares it: the rule 'loose'"
    assert row["example"] == {
        "source": "192.168.0.1",
        "destination": "10.0.0.1",
        "protocol": "tcp",
        "source_port": 49152,
        "port": 444,
    }


def test_many_sets_of_peers_are_told_as_one() -> None:
    rules = [rule_in([str(port)], [f"10.0.0.{port}"]) for port in range(1, 12)]
    rows = found(WindowsRule(name="all"), rules=rules, ports=[MatrixPort(6, ((1, 11),), "own.flow")])
    assert shown(rows) == [("in", "open", "ipv4", ["1-11"], ["any"]), ("in", "open", "ipv6", ["1-11"], ["any"])]
    assert "from anywhere, but for what is declared, is let in" in rows[0]["sentence"]


def test_of_what_the_module_reads() -> None:
    state = stand_in.fresh(rules=[windows_store.rule("Wide", protocol=6, local_ports="7563")])
    rows = differences(read(state, [MEDIA]), [])
    assert [row["rule"] for row in rows] == ["the rule 'Wide'"] * 2
    assert rows[0]["example"]["destination"] == "10.0.0.1"


def test_no_rule_holds_where_the_service_does_not_run() -> None:
    rows = differences(read(stand_in.fresh(service="Stopped"), [MEDIA]), [])
    assert {(row["kind"], row["rule"]) for row in rows} == {
        ("open", "the firewall's service (MpsSvc) is not running (Stopped)")
    }


@pytest.mark.parametrize(
    ("different", "why"),
    [
        ({"products": [{"name": "Other Firewall", "categories": [0, 2]}]}, "Other Firewall has taken over"),
        ({"modify_state": 1}, "LocalPolicyModifyState"),
        ({"group_policy": {"rules": {"{1}": "v2.10|Nonsense"}, "values": {}}}, "cannot be read"),
    ],
)
def test_what_leaves_all_of_it_in_doubt(different: dict[str, Any], why: str) -> None:
    rows = differences(read(stand_in.fresh(**different), [MEDIA]), [])
    assert {row["kind"] for row in rows} == {"unknown"} and all(why in row["rule"] for row in rows)


def test_all_of_it_shut() -> None:
    rules = [rule_in(["7563"], ["10.0.0.2"])]
    rows = differences(read(stand_in.fresh(modify_state=2, rules=[]), [MEDIA]), rules)
    assert [("BlockAllInboundTraffic" in row["rule"], row["sentence"].split(" is declared")[0]) for row in rows] == [
        (True, "IPv4 TCP port 7563 from 10.0.0.2 while the private profile is current"),
        (False, "IPv4 TCP port 7563 from 10.0.0.2 while the domain or public profile is current"),
    ]


@pytest.mark.parametrize("state", [{}, [], {"rules": []}, {**stand_in.fresh(), "addresses": None}])
def test_what_no_module_returned(state: Any) -> None:
    with pytest.raises(ValueError, match="win_firewall_policy"):
        read(state, [])
