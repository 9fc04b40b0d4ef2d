# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluator against an enumeration of every packet, and what it says of profiles."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import (
    Policy,
    accepted,
    faults,
    verdict,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import (
    DEFAULT_PROFILES,
    GROUP,
    PROFILES,
    Profile,
    WindowsRule,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Here, Listener, Packets
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import naive_windows, windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.naive_windows import (
    ADDRESSES,
    PORTS,
    PROGRAMS,
    SERVICES,
    Packet,
    Plain,
)

TCP = Packets("in", "ipv4", 6)
FIRST = 10 << 24
LOCAL = 192 << 24
SUBNET = Here(keywords={"localsubnet": values.addresses("10.0.0.0/30")})

plain_rules = st.builds(
    Plain,
    action=st.sampled_from(["allow", "allow", "block"]),
    enabled=st.sampled_from([True, True, True, False]),
    protocol=st.sampled_from([6, 6, 17, 256]),
    ports=st.sampled_from(list(PORTS)),
    peer_ports=st.sampled_from(["*", "*", *PORTS]),
    peers=st.sampled_from([*ADDRESSES, "LocalSubnet"]),
    profiles=st.sampled_from([1, 2, 4, 6, 0x7FFFFFFF]),
    program=st.sampled_from(["", "", *PROGRAMS]),
    service=st.sampled_from(["", "", *SERVICES]),
    condition=st.sampled_from([False, False, False, True]),
).map(lambda rule: rule._replace(ports="*", peer_ports="*") if rule.protocol == 256 else rule)


def as_windows(rule: Plain, number: int) -> WindowsRule:
    return WindowsRule(
        name=f"rule {number}",
        action=rule.action,
        enabled=rule.enabled,
        protocol=rule.protocol,
        local_ports=rule.ports,
        remote_ports=rule.peer_ports,
        remote_addresses=rule.peers,
        profiles=rule.profiles,
        program=rule.program,
        service=rule.service,
        others=("RUAuth=someone",) if rule.condition else (),
    )


def contains(found: list[boxes.Box], packet: tuple[int, int, int, int]) -> bool:
    return any(box.contains(packet) for box in found)


@stable(150)
@given(
    rules=st.lists(plain_rules, max_size=9),
    profile=st.sampled_from(list(PROFILES)),
    enabled=st.sampled_from([True, True, True, False]),
    default=st.sampled_from(["block", "block", "allow"]),
    program=st.sampled_from([None, *PROGRAMS[1:]]),
    service=st.sampled_from([None, "", "one"]),
    here=st.sampled_from([Here(), SUBNET]),
)
def test_every_packet_ends_as_the_plain_enumeration_says(
    rules: list[Plain],
    profile: str,
    enabled: bool,
    default: str,
    program: str | None,
    service: str | None,
    here: Here,
) -> None:
    profiles = [Profile(name, enabled, default) for name in PROFILES]
    found = Policy([as_windows(rule, number) for number, rule in enumerate(rules)], (), profiles)
    packets, listener = TCP._replace(profile=profile), Listener(program, service)
    sets = accepted(found, packets, listener, here)
    for peer, peer_port, port in itertools.product(range(8), range(6), range(6)):
        expected = naive_windows.decision(
            rules,
            PROFILES[profile],
            {"enabled": enabled, "default": default},
            Packet(peer, peer_port, port),
            program,
            service,
            here is SUBNET,
        )
        packet = (FIRST + peer, LOCAL, port, peer_port)
        by_sets = ("block", "unknown", "?", "allow")[contains(sets.possible, packet) + 2 * contains(sets.sure, packet)]
        assert by_sets == expected
        assert verdict(found, packets, packet, listener, here)[0] == expected


def one(rule: WindowsRule, packets: Packets = TCP, **known: Any) -> Any:
    return accepted(Policy([rule]), packets, Listener(None, None), Here(**known))


def test_nothing_is_let_in_and_everything_out_by_default() -> None:
    assert accepted(Policy(), TCP) == ([], [])
    assert accepted(Policy(), TCP._replace(direction="out")).sure == [
        boxes.Box(((0, 2**32 - 1),), ((0, 2**32 - 1),), ((0, 65535),), ((0, 65535),))
    ]


def test_a_rule_of_group_policy_counts_where_local_rules_do_not() -> None:
    profiles = [Profile(name, local_rules=False) for name in PROFILES]
    rule = WindowsRule("a")
    assert accepted(Policy([rule], (), profiles), TCP).possible == []
    assert accepted(Policy([], [rule], profiles), TCP).sure


def test_addresses_of_one_family_let_nobody_of_the_other_in() -> None:
    rule = WindowsRule("a", protocol=6, local_ports="80", remote_addresses="2001:db8::/32")
    assert one(rule).possible == []
    assert one(rule, TCP._replace(family="ipv6")).sure[0].peers == ((0x20010DB8 << 96, (0x20010DB9 << 96) - 1),)


@pytest.mark.parametrize(("word", "family"), [("LocalSubnet4", "ipv4"), ("localsubnet6", "ipv6"), ("DNS4", "ipv4")])
def test_a_keyword_of_one_family_is_of_that_one_only(word: str, family: str) -> None:
    for packets in (TCP, TCP._replace(family="ipv6")):
        found = one(WindowsRule("a", protocol=6, remote_addresses=word), packets)
        assert bool(found.possible) == (packets.family == family)
        assert not found.sure


def test_a_keyword_for_ports_is_possible_and_never_sure() -> None:
    found = one(WindowsRule("a", protocol=6, local_ports="RPC-EPMap,80"))
    assert [box.ports for box in found.sure] == [((80, 80),)]
    assert [box.ports for box in found.possible] == [((80, 80), (135, 135))]
    assert one(WindowsRule("a", protocol=6, local_ports="Something")).possible[0].ports == ((0, 65535),)


def test_icmp_goes_by_type_and_code() -> None:
    rule = WindowsRule("ping", protocol=1, icmp="8:*,3:4")
    assert one(rule, TCP._replace(protocol=1)).sure[0].ports == ((3 * 256 + 4, 3 * 256 + 4), (8 * 256, 8 * 256 + 255))
    assert one(rule).possible == []


def test_a_rule_for_another_address_of_the_host_opens_nothing_here() -> None:
    rule = WindowsRule("a", protocol=6, local_addresses="10.1.0.1")
    assert one(rule, addresses=values.addresses("10.1.0.2")).possible == []
    assert one(rule, addresses=values.addresses("10.1.0.1,10.1.0.2")).sure[0].locals == ((0x0A010001, 0x0A010001),)


def test_a_packaged_application_is_never_a_service() -> None:
    rule = WindowsRule("app", others=("AppPkgId=S-1-15-2-1",))
    assert accepted(Policy([rule]), TCP).possible
    assert accepted(Policy([rule]), TCP, Listener(r"C:\a.exe")).possible == []


def test_a_rule_that_bypasses_blocks_may_let_in_what_they_shut() -> None:
    rules = [WindowsRule("b", action="block"), WindowsRule("a", protocol=6, others=("Action=ByPass",))]
    found = accepted(Policy(rules), TCP)
    assert found.sure == [] and found.possible
    assert verdict(Policy(rules), TCP, (FIRST, LOCAL, 80, 50000)) == ("unknown", "a")


def test_the_deciding_rule_is_named() -> None:
    rules = [
        WindowsRule("a", protocol=6, local_ports="80"),
        WindowsRule("b", action="block", remote_addresses="10.0.0.1"),
    ]
    assert verdict(Policy(rules), TCP, (FIRST, LOCAL, 80, 50000)) == ("allow", "a")
    assert verdict(Policy(rules), TCP, (FIRST + 1, LOCAL, 80, 50000)) == ("block", "b")
    assert verdict(Policy(rules), TCP, (FIRST, LOCAL, 81, 50000)) == ("block", "")


def test_faults_of_profiles_are_said() -> None:
    assert faults(DEFAULT_PROFILES) == []
    assert faults(
        [Profile("domain", enabled=False), Profile("private", default_inbound="allow", local_rules=False)]
    ) == [
        "The domain profile is off: everything is let in and out.",
        "The private profile lets in by default: only block rules restrict anything.",
        "Group policy lets no local rule count in the private profile (AllowLocalPolicyMerge).",
        "The public profile is not known.",
    ]


def test_a_profile_that_blocks_all_lets_nothing_in_and_everything_out() -> None:
    rules = [WindowsRule("a", protocol=6), WindowsRule("b", protocol=6, others=("Action=ByPass",), local_ports="80")]
    shut = Policy(rules, (), [Profile("public", default_inbound="allow", block_all_inbound=True)])
    assert accepted(shut, TCP).sure == []
    assert not contains(accepted(shut, TCP).possible, (FIRST, LOCAL, 81, 50000))
    assert verdict(shut, TCP, (FIRST, LOCAL, 81, 50000)) == ("block", "")
    assert verdict(shut, TCP, (FIRST, LOCAL, 80, 50000)) == ("unknown", "b")
    assert verdict(shut, TCP._replace(direction="out"), (FIRST, LOCAL, 80, 50000))[0] == "allow"
    off = shut._replace(profiles=[shut.profiles[0]._replace(enabled=False)])
    assert verdict(off, TCP, (FIRST, LOCAL, 81, 50000)) == ("allow", "")
    assert "lets nothing in, whatever rules allow" in faults(shut.profiles)[2]


def test_a_plain_server_lets_its_own_services_be_reached() -> None:
    rules = windows_host.own()
    assert len(rules) > 590 and GROUP not in {rule.group for rule in rules}
    shown = verdict(
        Policy(rules), TCP, (FIRST, LOCAL, 3389, 50000), Listener(r"C:\Windows\System32\svchost.exe", "TermService")
    )
    assert shown == ("allow", "Remote Desktop (User Mode (TCP-In))")
    assert verdict(Policy(rules), TCP, (FIRST, LOCAL, 7563, 50000), Listener(r"C:\Recorder.exe", ""))[0] == "block"


def test_many_blocks_of_addresses_are_one() -> None:
    rules = [WindowsRule(str(i), action="block", remote_addresses=f"10.{i // 250}.{i % 250}.7") for i in range(3000)]
    profiles = [Profile(name, default_inbound="allow") for name in PROFILES]
    found = accepted(Policy(rules, (), profiles), TCP)
    assert len(found.sure) == 1 and found.sure == found.possible
    assert not contains(found.sure, (FIRST + 7, LOCAL, 80, 50000)) and contains(found.sure, (FIRST, LOCAL, 80, 50000))
