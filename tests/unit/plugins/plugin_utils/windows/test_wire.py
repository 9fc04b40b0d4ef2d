# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module reads and takes, as the library's own data and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal, rule_string, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Packets, bypasses, region
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import a_state, row
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.stored_rules import rules

TCP = Packets("in", "ipv4", 6)
ALLOW = WindowsRule("x", protocol=6, local_ports="7563")


@stable(80)
@given(rules())
def test_a_row_is_the_rule_it_was_made_of(rule: WindowsRule) -> None:
    plain = rule._replace(others=())
    assert wire.rule_of(row(plain)) == plain


@pytest.mark.parametrize(
    ("given", "others"),
    [
        ({}, ()),
        ({"package": "S-1-15-2-1"}, ("AppPkgId=S-1-15-2-1",)),
        ({"owner": "S-1-5-18"}, ("LUOwn=S-1-5-18",)),
        ({"local_users": "D:(A;;CC;;;S-1-5-18)"}, ("LUAuth=D:(A;;CC;;;S-1-5-18)",)),
        ({"secure": 1}, ("Security2_9=An-NoEncap",)),
        ({"secure": 2, "remote_users": "O:LSD:"}, ("RUAuth=O:LSD:", "Security=Authenticate")),
        ({"secure": 3}, ("Security2=AnE-Nego",)),
        (
            {"secure": 4, "remote_computers": "O:LSD:"},
            ("RMAuth=O:LSD:", "Security=AuthenticateEncrypt", "Action=ByPass"),
        ),
        ({"edge_options": 2}, ("Defer=App",)),
        ({"edge_options": 3}, ("Defer=User",)),
    ],
)
def test_conditions_of_newer_interfaces_are_those_of_rule_strings(
    given: dict[str, Any], others: tuple[str, ...]
) -> None:
    rule = wire.rule_of(row(ALLOW, **given))
    assert rule.others == others
    sure = not others or others[0].startswith("Defer")
    assert bool(region(rule, TCP).sure) is sure and region(rule, TCP).possible
    assert bypasses(rule) is ("Action=ByPass" in others)
    assert normal.key(rule_string.read(rule_string.write(rule))) == normal.key(rule)


def test_a_host_without_the_newer_interfaces() -> None:
    old = {key: value for key, value in row(ALLOW).items() if key not in ("package", "owner", "secure", "edge_options")}
    assert wire.rule_of(old) == ALLOW
    assert wire.rule_of(row(ALLOW, edge_options=1)).edge


def test_a_rule_to_be_added_in_full() -> None:
    rule = WindowsRule("n", GROUP, "why", True, "out", "allow", 2, "*", "*", "*", "*", "10.0.0.5/255.255.255.255", 3)
    assert wire.add_row(rule) == {
        "name": "n",
        "description": "why",
        "group": GROUP,
        "direction": 2,
        "protocol": 2,
        "local_ports": "",
        "remote_ports": "",
        "local_addresses": "*",
        "remote_addresses": "10.0.0.5/255.255.255.255",
        "profiles": 3,
        "action": 1,
        "enabled": True,
    }
    assert wire.add_row(ALLOW)["local_ports"] == "7563"


def test_a_selector_and_its_key() -> None:
    rule = ALLOW._replace(program=r"C:\A.exe", service="Svc", direction="out")
    assert wire.selector(rule) == {
        "name": "x",
        "program": r"C:\A.exe",
        "service": "Svc",
        "protocol": 6,
        "local_ports": "7563",
        "direction": 2,
    }
    assert wire.key_of(wire.selector(rule)) == wire.key_of_rule(rule)


@pytest.mark.parametrize(
    ("values", "profile", "expected"),
    [
        ({"DomainProfile": {"EnableFirewall": 0}}, "domain", ("enabled", False)),
        ({"DomainProfile": {"DefaultInboundAction": 0}}, "domain", ("default_inbound", "allow")),
        ({"PublicProfile": {"DefaultOutboundAction": 1}}, "public", ("default_outbound", "block")),
        ({"PrivateProfile": {"AllowLocalPolicyMerge": 0}}, "private", ("local_rules", False)),
        ({"PublicProfile": {"DoNotAllowExceptions": 1}}, "public", ("block_all_inbound", True)),
        ({"StandardProfile": {"EnableFirewall": 0}}, "private", ("enabled", False)),
        ({"StandardProfile": {"EnableFirewall": 0}}, "public", ("enabled", False)),
        ({"StandardProfile": {"EnableFirewall": 0}}, "domain", ("enabled", True)),
        ({"StandardProfile": {"EnableFirewall": 0}, "PublicProfile": {}}, "private", ("enabled", True)),
        ({"domainprofile": {"enablefirewall": 0}}, "domain", ("enabled", False)),
        ({}, "public", ("block_all_inbound", False)),
    ],
)
def test_group_policy_decides_over_the_hosts_own_settings(values: Any, profile: str, expected: tuple[str, Any]) -> None:
    host = wire.firewall(a_state(group_policy={"rules": {}, "values": values}))
    found = {each.name: each for each in host.policy.profiles}[profile]
    assert getattr(found, expected[0]) == expected[1]
    assert host.settings[profile] == wire.firewall(a_state()).settings[profile]


def test_current_profiles_and_what_blocks_all() -> None:
    host = wire.firewall(a_state(profiles={"public": {"block_all_inbound": True}}, current_profiles=6))
    assert host.current == ("private", "public") and host.policy.profiles[2].block_all_inbound
    assert wire.firewall(a_state(current_profiles=0)).current == ("domain", "private", "public")
