# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign rules that let peers reach ports of the matrix which the policy does not grant, and no other rule."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import build, matrix_ports, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import Policy, verdict
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.left_open import left_open
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import (
    GROUP,
    PROFILES,
    Profile,
    WindowsRule,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Here, Packets
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.planned_host import policy_rule

SERVER = (
    "milestone_management_server",
    "milestone_recording_server",
    "milestone_event_server",
    "milestone_log_server",
    "milestone_mobile_server",
)
RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"

GRANTED = (policy_rule("7563"),)
PORTS = matrix_ports.of_rules(GRANTED, {"milestone.recording.media": ["milestone_recording_server"]})


def found(*rules: WindowsRule, granted: Any = GRANTED, ports: Any = PORTS, **known: Any) -> list[dict[str, Any]]:
    return left_open(Policy(rules), granted, ports, Here(**known))


def a_rule(**changes: Any) -> WindowsRule:
    return WindowsRule(**{"name": "x", "protocol": 6, **changes})


def test_a_rule_by_port_in_full() -> None:
    assert found(
        a_rule(local_ports="7000-8000", remote_addresses="10.0.0.0/255.255.255.248", group="Some", profiles=3)
    ) == [
        {
            "rule": "x",
            "group": "Some",
            "program": "",
            "service": "",
            "local_ports": "7000-8000",
            "direction": "in",
            "store": "local",
            "how": "port",
            "protocol": "tcp",
            "ports": ["7563"],
            "peers": ["10.0.0.0/29"],
            "beyond": ["10.0.0.0-10.0.0.4", "10.0.0.6/31"],
            "profiles": ["domain", "private"],
            "flows": ["milestone.recording.media"],
            "sure": True,
            "untouched": "",
            "wider": True,
            "sentence": "The rule 'x' lets in TCP 7563 from 10.0.0.0-10.0.0.4, 10.0.0.6/31, which the policy does not.",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"local_ports": "7563"}, "port"),
        ({"local_ports": "7563", "program": r"C:\other.exe"}, "port"),
        ({}, "anything"),
        ({"protocol": 256}, "anything"),
        ({"program": RECORDER}, "program"),
        ({"program": RECORDER, "protocol": 256}, "program"),
        ({"program": r"%ProgramFiles%\Milestone\Something new.exe"}, "program"),
        ({"program": r"E:\VMS\videoos.recorder.service.EXE"}, "program"),
        ({"program": "System"}, "program"),
        ({"service": "Milestone XProtect Recording Server"}, "service"),
        ({"service": "*"}, "service"),
        ({"remote_addresses": "2001:db8::/32"}, "anything"),
    ],
)
def test_what_reaches_a_port_of_the_matrix(changes: dict[str, Any], how: str) -> None:
    (row,) = found(a_rule(**changes))
    assert (row["how"], row["protocol"], row["ports"]) == (how, "tcp", ["7563"])


@pytest.mark.parametrize(
    "changes",
    [
        {"local_ports": "7562,7564"},
        {"local_ports": "RPC"},
        {"protocol": 17},
        {"protocol": 1},
        {"enabled": False},
        {"direction": "out"},
        {"action": "block"},
        {"group": GROUP},
        {"remote_addresses": "10.0.0.5/255.255.255.255"},
        {"program": r"C:\other.exe"},
        {"program": r"C:\Program Files\Milestone\VideoOS.Event.Server.exe"},
        {"program": r"C:\Windows\System32\svchost.exe", "service": "winmgmt"},
        {"service": "winmgmt"},
        {"others": ("AppPkgId=S-1-15-2-1", "LUOwn=S-1-5-21-1")},
    ],
)
def test_what_does_not(changes: dict[str, Any]) -> None:
    assert found(a_rule(**changes)) == []


def test_ports_of_http_sys_belong_to_system() -> None:
    listeners = {"milestone.recording.management_api": ["milestone_recording_server"]}
    granted = [policy_rule("9001", flow="milestone.recording.management_api")]
    ports = matrix_ports.of_rules(granted, listeners)
    assert found(a_rule(program=RECORDER), granted=granted, ports=ports) == []
    assert found(a_rule(program="System"), granted=granted, ports=ports)[0]["ports"] == ["9001"]
    assert found(a_rule(program=RECORDER, local_ports="9001"), granted=granted, ports=ports)[0]["how"] == "port"
    both = [MatrixPort(6, ((8081, 8082),), "milestone.mobile.web_client", frozenset({"milestone_mobile_server"}))]
    (row,) = found(a_rule(program=r"D:\VideoOS.MobileServer.Service.exe"), granted=[], ports=both)
    assert row["ports"] == ["8081"]


def test_what_a_block_rule_shuts_is_not_open() -> None:
    block = a_rule(name="b", action="block", protocol=256, remote_addresses="10.0.0.0/8")
    (row,) = found(a_rule(remote_addresses="10.0.0.0/7"), block)
    assert row["beyond"] == ["11.0.0.0/8"]
    own = a_rule(name="b", action="block", program=RECORDER)
    assert found(a_rule(program=RECORDER), own) == []
    assert found(a_rule(), own), "the block is for one program, the other rule for any"


def test_a_block_in_one_profile_leaves_the_others_open() -> None:
    (row,) = found(a_rule(), a_rule(name="b", action="block", profiles=1))
    assert row["profiles"] == ["private", "public"]


def test_a_profile_without_local_rules_has_only_those_of_group_policy() -> None:
    profiles = [Profile(name, local_rules=name == "public") for name in PROFILES]
    rows = left_open(Policy([a_rule()], [a_rule(name="gpo")], profiles), GRANTED, PORTS)
    assert [(row["rule"], row["store"], row["profiles"]) for row in rows] == [
        ("gpo", "group policy", ["domain", "private", "public"]),
        ("x", "local", ["public"]),
    ]


def test_a_keyword_is_told_by_name_until_it_is_known() -> None:
    rule = a_rule(remote_addresses="localsubnet,192.0.2.1")
    (row,) = found(rule)
    assert row["peers"] == ["192.0.2.1", "LocalSubnet"] and not row["sure"]
    assert "may let in TCP 7563 from 192.0.2.1, LocalSubnet," in row["sentence"]
    (row,) = found(rule, keywords={"localsubnet": values.addresses("10.0.0.4/31")})
    assert row["beyond"] == ["10.0.0.4", "192.0.2.1"] and row["sure"]
    subnet = a_rule(remote_addresses="LocalSubnet")
    assert found(subnet, keywords={"localsubnet": values.addresses("10.0.0.5")}) == []


def test_a_condition_that_cannot_be_judged_is_said() -> None:
    (row,) = found(a_rule(others=("RUAuth=O:LSD:(A;;CC;;;S-1-5-32-544)",)))
    assert not row["sure"] and "may let in" in row["sentence"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"group": "@FirewallAPI.dll,-28752"}, "remote desktop"),
        ({"group": "Windows Remote Management"}, "WinRM"),
        ({"group": "@firewallapi.dll,-30252", "local_ports": "7563"}, "WinRM"),
        ({"group": "@FirewallAPI.dll,-25000"}, "core networking"),
        ({"group": "File and Printer Sharing"}, "file sharing"),
        ({"local_ports": "22,7563"}, "ssh"),
        ({"local_ports": "7563", "program": r"C:\Program Files\OpenSSH\sshd.exe"}, "ssh"),
        ({"local_ports": "7563", "service": "TermService"}, "remote desktop"),
        ({"local_ports": "20-8000"}, ""),
        ({}, ""),
    ],
)
def test_rules_that_are_never_touched_are_told_as_such(changes: dict[str, Any], what: str) -> None:
    (row,) = found(a_rule(**changes))
    assert row["untouched"] == what and ("left alone" in row["sentence"]) == bool(what)


def test_ports_with_different_peers_are_different_rows() -> None:
    granted = [
        policy_rule("7563"),
        policy_rule("80", peers=("10.0.0.5/32", "10.0.0.6/32")),
        policy_rule("443", peers=("any",)),
    ]
    rows = found(a_rule(remote_addresses="10.0.0.4/30"), granted=granted, ports=matrix_ports.of_rules(granted))
    assert [(row["ports"], row["beyond"]) for row in rows] == [
        (["80"], ["10.0.0.4", "10.0.0.7"]),
        (["7563"], ["10.0.0.4", "10.0.0.6/31"]),
    ]


def test_administrators_ports_are_none_of_the_matrix() -> None:
    assert matrix_ports.of_rules([policy_rule("22", flow="portmatrix.management")]) == []


def host(*components: str) -> site.Host:
    inventory = {"h": {"groups": list(components), "vars": {"ansible_host": "10.0.0.1"}}}
    return site.build(matrix.load(), inventory).hosts["h"]


def test_ports_of_the_matrix_are_also_those_that_nobody_is_granted() -> None:
    ports = matrix_ports.of_matrix(matrix.load(), host("milestone_event_server"))
    assert ("milestone.event.analytics", ((9090, 9090),)) in [(port.flow, port.ports) for port in ports]
    (row,) = found(a_rule(local_ports="9090"), granted=[], ports=ports)
    assert row["beyond"] == ["any"] and row["flows"] == ["milestone.event.analytics"]


def test_a_server_with_an_installers_rules() -> None:
    rows = left_open(
        Policy([*windows_host.own(), *windows_host.installer()]),
        [],
        matrix_ports.of_matrix(matrix.load(), host(*SERVER)),
    )
    vendors = ["1234-1235", "5210", "5432", "7563", "7609", "8081", "9090", "11000", "22331", "22333", "22337"]
    every = ["80", "443", *vendors[:5], "8081-8082", "9000-9001", *vendors[6:]]
    shown = {(row["rule"], row["protocol"]): (row["how"], row["ports"], row["untouched"]) for row in rows}
    assert shown == {
        ("Recorder", "tcp"): ("program", ["5210", "5432", "7563", "7609", "11000"], ""),
        ("Event server", "tcp"): ("program", ["1234-1235", "7609", "9090", "22331", "22333"], ""),
        ("Event server", "udp"): ("program", ["1234-1235"], ""),
        ("Media", "tcp"): ("port", ["7563"], ""),
        ("Recorder API", "tcp"): ("port", ["9001"], ""),
        ("Log server", "tcp"): ("service", vendors, ""),
        ("Mobile server", "tcp"): ("program", ["7609", "8081"], ""),
        ("Mobile ports", "tcp"): ("port", ["8081-8082"], ""),
        ("Device packs", "udp"): ("program", ["1234-1235"], ""),
        ("Everything from the office", "tcp"): ("anything", every, ""),
        ("Everything from the office", "udp"): ("anything", ["1234-1235"], ""),
    }


RULES = st.builds(
    a_rule,
    name=st.uuids().map(str),
    action=st.sampled_from(["allow", "allow", "block"]),
    protocol=st.sampled_from([6, 6, 256]),
    remote_addresses=st.sampled_from(["*", "10.0.0.0/30", "10.0.0.2-10.0.0.6", "10.0.0.5"]),
    profiles=st.sampled_from([1, 6, 0x7FFFFFFF]),
)
LOCAL_PORTS = st.sampled_from(["*", "80", "80-82", "82,7563"])


@stable(80)
@given(
    rules=st.lists(
        st.builds(
            lambda rule, ports: rule._replace(local_ports="*" if rule.protocol == 256 else ports), RULES, LOCAL_PORTS
        ),
        max_size=6,
    ),
    granted=st.lists(
        st.builds(
            lambda port, peers: policy_rule(port, peers=peers),
            st.sampled_from(["80", "82", "7563"]),
            st.sampled_from([("10.0.0.1/32",), ("10.0.0.0/30",), ("any",)]),
        ),
        max_size=3,
        unique_by=repr,
    ),
)
def test_with_what_is_found_switched_off_nobody_comes_in_who_is_not_granted(rules: Any, granted: Any) -> None:
    """And with nothing found, nobody does: each packet is tried, by the evaluator."""
    ports = [MatrixPort(6, ((80, 80), (82, 82), (7563, 7563)), "milestone.recording.media")]
    own = build.build(granted)
    rows = left_open(Policy([*rules, *own]), granted, ports)
    named = {row["rule"] for row in rows}
    without = Policy([*(rule for rule in rules if rule.name not in named), *own])
    for peer, port, profile in itertools.product(range(8), (80, 82, 7563), PROFILES):
        packets, packet = Packets("in", "ipv4", 6, profile), ((10 << 24) + peer, 1, port, 50000)
        allowed = any(str(port) in rule["ports"] and _in(peer, rule["peers"]) for rule in granted)
        assert verdict(without, packets, packet)[0] == "block" or allowed
        before, by = verdict(Policy([*rules, *own]), packets, packet)
        told = any(
            profile in row["profiles"]
            and ranges.contains(values.ports(",".join(row["ports"])).ranges, port)
            and ranges.contains(values.addresses(",".join(row["beyond"])).ipv4, packet[0])
            for row in rows
        )
        assert not (before == "allow" and not allowed and not told), by


def _in(peer: int, peers: list[str]) -> bool:
    return peers == ["any"] or any(ranges.contains(values.addresses(text).ipv4, (10 << 24) + peer) for text in peers)
