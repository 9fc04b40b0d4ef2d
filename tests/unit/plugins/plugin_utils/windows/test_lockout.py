# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that would cut off the connection that brings it is refused; any other is not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import lockout
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import a_state

MANAGEMENT = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["22", "5986"],
    "peers": ["10.0.99.0/24", "2001:db8::/32"],
    "flows": ["portmatrix.management"],
    "reason": "",
}
OURS = Intent([MANAGEMENT])
NONE = Intent([])
WINRM = WindowsRule("WinRM", "@FirewallAPI.dll,-30267", protocol=6, local_ports="5985-5986", program="System")
SSHD = WindowsRule(
    "sshd", "OpenSSH Server", protocol=6, local_ports="22", program=r"%SystemRoot%\System32\OpenSSH\sshd.exe"
)


def refused(intent: Intent, *rules: WindowsRule, client: str = "10.0.99.5", port: int = 5986, **changes: Any) -> str:
    state = a_state(rules, **changes)
    return lockout.refused(state, plan(state, intent), [client], port)


@pytest.mark.parametrize("client", ["10.0.99.5", "2001:db8::5", "::ffff:10.0.99.5", "2001:db8::5%12"])
@pytest.mark.parametrize("port", [22, 5986])
def test_the_policys_own_rule_lets_administrators_in(client: str, port: int) -> None:
    assert refused(OURS, client=client, port=port) == ""


@pytest.mark.parametrize(("client", "port"), [("10.0.98.5", 5986), ("10.0.99.5", 5985), ("2001:db9::1", 22)])
def test_what_nobody_lets_in_is_refused(client: str, port: int) -> None:
    assert refused(OURS, client=client, port=port) == (
        f"this policy would cut off this very connection: in the domain profile tcp to port {port} from {client} would not be let in,"
        f" for no rule allows it; add {client} to portmatrix_management_sources"
    )


@pytest.mark.parametrize(
    ("rule", "port", "word"),
    [
        (WINRM, 5985, ""),
        (WINRM._replace(program=""), 5985, ""),
        (WINRM._replace(profiles=6), 5985, "no rule allows it"),
        (WINRM._replace(enabled=False), 5985, "no rule allows it"),
        (WINRM._replace(remote_addresses="LocalSubnet"), 5985, "depends on the rule 'WinRM'"),
        (WINRM._replace(program=r"C:\x.exe"), 5985, "no rule allows it"),
        (WINRM._replace(remote_ports="50000-50009"), 5985, "no rule allows it"),
        (WINRM._replace(interface_types="Wireless"), 5985, "depends on the rule 'WinRM'"),
        (SSHD, 22, "depends on the rule 'sshd'"),
        (SSHD._replace(program=""), 22, ""),
    ],
)
def test_others_rules_count_where_they_surely_match(rule: WindowsRule, port: int, word: str) -> None:
    found = refused(NONE, rule, port=port)
    assert (word in found and "portmatrix_management_sources" in found) if word else found == ""


def test_a_block_rule_is_named() -> None:
    block = WindowsRule("No one", protocol=6, action="block", remote_addresses="10.0.0.0/255.0.0.0")
    assert "for the rule 'No one' blocks it; disable that rule" in refused(OURS, block)
    assert "depends on the rule 'No one'" in refused(OURS, block._replace(program=r"C:\x.exe", service="y"), port=22)


def test_every_current_profile_counts_and_all_where_none_is() -> None:
    rule = WINRM._replace(profiles=1)
    assert refused(NONE, rule, port=5985) == ""
    assert "in the private profile" in refused(NONE, rule, port=5985, current_profiles=3)
    assert "in the private profile" in refused(NONE, rule, port=5985, current_profiles=0)


def test_the_address_that_is_connected_to_counts() -> None:
    rule = WINRM._replace(local_addresses="10.0.0.11")
    connection = {"local_address": "10.0.0.11", "local_port": 5985, "remote_address": "10.0.99.5"}
    assert refused(NONE, rule, port=5985)
    assert refused(NONE, rule, port=5985, connections=[connection]) == ""
    assert refused(NONE, rule, port=5985, connections=[{**connection, "local_address": "10.0.0.12"}])


def test_a_rule_that_the_plan_disables_no_longer_lets_in() -> None:
    everything = WindowsRule("Everything", profiles=7)
    intent = Intent([{**MANAGEMENT, "ports": ["7563"], "flows": ["milestone.recording.media"]}])
    assert refused(intent, everything)
    assert refused(intent._replace(foreign="report"), everything) == ""


@pytest.mark.parametrize("intent", [NONE._replace(mode="audit"), NONE._replace(state="absent")])
def test_where_nothing_is_enforced_a_doubtful_rule_is_enough(intent: Intent) -> None:
    assert refused(intent, WINRM._replace(remote_addresses="LocalSubnet"), port=5985) == ""
    assert refused(intent, profiles={"domain": {"enabled": False}}) == ""
    assert "no rule allows it" in refused(intent)


def test_without_a_client_there_is_nothing_to_cut_off() -> None:
    state = a_state()
    assert lockout.refused(state, plan(state, NONE), [], 5986) == ""
