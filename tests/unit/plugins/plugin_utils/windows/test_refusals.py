# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose own rules would mean nothing are refused, and each reason is named."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import WindowsError, plan
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import a_state

RULE = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["10.0.0.5"],
    "flows": ["milestone.recording.media"],
    "reason": "",
}
INTENT = Intent([RULE])
ABSENT = INTENT._replace(state="absent")


def policy(profile: str = "DomainProfile", **values: int) -> dict[str, Any]:
    return {"group_policy": {"rules": {}, "values": {profile: values}}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"service": "Stopped"}, ["MpsSvc", "is Stopped"]),
        ({"service": ""}, ["MpsSvc", "is not there"]),
        ({"products": [{"name": "Acme Shield", "categories": [0, 2]}]}, ["Acme Shield has taken over"]),
        (policy(AllowLocalPolicyMerge=0), ["AllowLocalPolicyMerge is 0", "DomainProfile", "docs/windows.md"]),
        (policy(EnableFirewall=0), ["EnableFirewall is 0", "off in the domain profile", "docs/windows.md"]),
        (policy(DefaultInboundAction=0), ["DefaultInboundAction is 0", "docs/windows.md"]),
        (policy(DoNotAllowExceptions=1), ["DoNotAllowExceptions is 1", "docs/windows.md"]),
        (policy("PublicProfile", EnableFirewall=0), ["EnableFirewall is 0", "public profile"]),
        (policy("StandardProfile", DefaultInboundAction=0), ["private profile", "public profile"]),
        ({"modify_state": 1}, ["LocalPolicyModifyState is 1", "docs/windows.md"]),
        ({"modify_state": 2}, ["LocalPolicyModifyState is 2"]),
        (
            {"profiles": {"domain": {"block_all_inbound": True}}},
            ["BlockAllInboundTraffic", "netsh advfirewall set domainprofile"],
        ),
        (
            {**policy(EnableFirewall=0), "products": [{"name": "Acme Shield", "categories": [2]}]},
            ["Acme Shield", "EnableFirewall"],
        ),
        ({"note": "{"}, ["note.json", "cannot be understood"]),
        ({"note": '{"version": 2}'}, ["version 2; allowed: 1"]),
        ({"note": '{"version": 1, "rules": [{}], "profiles": {}}'}, ["note.json"]),
        ({"note": "[]"}, ["note.json"]),
    ],
)
def test_what_is_refused(changes: dict[str, Any], words: list[str]) -> None:
    changes = dict(changes)
    state = a_state(profiles=changes.pop("profiles", None), **changes)
    with pytest.raises(WindowsError) as caught:
        plan(state, INTENT)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (policy("PublicProfile", AllowLocalPolicyMerge=0), "AllowLocalPolicyMerge is 0"),
        (policy("PublicProfile", DoNotAllowExceptions=1), "DoNotAllowExceptions is 1"),
        (policy(EnableFirewall=1, DefaultInboundAction=1, AllowLocalPolicyMerge=1), ""),
        (policy(DefaultOutboundAction=0), ""),
        ({"products": [{"name": "Acme VPN", "categories": [3]}]}, ""),
        ({"products": None}, ""),
    ],
)
def test_what_is_not(changes: dict[str, Any], warning: str) -> None:
    found = plan(a_state(**changes), INTENT).warnings
    assert len(found) == bool(warning) and warning in "".join(found)


def test_what_comes_out_is_the_groups_affair_only_where_it_is_to_be_shut() -> None:
    state = a_state(**policy(DefaultOutboundAction=0))
    with pytest.raises(WindowsError, match="DefaultOutboundAction is 0"):
        plan(state, INTENT._replace(egress="enforce"))


def test_a_profile_that_is_not_current_may_be_off_where_profiles_are_only_reported() -> None:
    state = a_state(**policy("PublicProfile", EnableFirewall=0))
    found = plan(state, INTENT._replace(profiles="report")).warnings
    assert any("EnableFirewall is 0" in text for text in found)
    with pytest.raises(WindowsError):
        plan({**state, "current_profiles": 4}, INTENT._replace(profiles="report"))


@pytest.mark.parametrize("changes", [policy(AllowLocalPolicyMerge=0), {"modify_state": 1}])
def test_absent_works_where_rules_mean_nothing(changes: dict[str, Any]) -> None:
    assert not plan(a_state(**changes), ABSENT).changed
    with pytest.raises(WindowsError, match="MpsSvc"):
        plan(a_state(service="Stopped"), ABSENT)


def test_what_group_policy_sets_is_not_set_again() -> None:
    given = policy("PublicProfile", EnableFirewall=1, DefaultInboundAction=1)
    planned = plan(a_state(profiles={"public": {"enabled": False, "default_inbound": 1}}, **given), INTENT)
    assert planned.request()["profiles"] == []


def test_a_profile_that_blocks_all_goes_on_doing_so() -> None:
    public = {"block_all_inbound": True}
    assert plan(a_state(profiles={"public": public}), INTENT).request()["profiles"] == []
    off = plan(a_state(profiles={"public": {**public, "enabled": False}}), INTENT)
    assert off.request()["profiles"] == [{"name": "public", "enabled": True}]
    out = plan(a_state(profiles={"public": public}), INTENT._replace(egress="enforce"))
    assert out.request()["profiles"][2] == {
        "name": "public",
        "default_inbound": "block_all",
        "default_outbound": "block",
    }
    assert out.after.profiles[2].block_all_inbound and not out.after.profiles[1].block_all_inbound


def test_both_defaults_go_together() -> None:
    planned = plan(a_state(profiles={"public": {"default_inbound": 1}}), INTENT)
    assert planned.request()["profiles"] == [
        {"name": "public", "default_inbound": "block", "default_outbound": "allow"},
    ]
    assert planned.profiles.former == {"public": {"default_inbound": "allow"}}


def test_logging_that_group_policy_forbids_is_told() -> None:
    logging = {"LogDroppedPackets": 0, "LogFilePath": r"C:\fw.log"}
    state = a_state(group_policy={"rules": {}, "values": {"DomainProfile\\Logging": logging}})
    planned = plan(state, INTENT._replace(mode="audit"))
    assert planned.warnings == ["Group policy keeps the domain profile from logging (LogDroppedPackets is 0)."]
    assert planned.request()["profiles"][0] == {"name": "domain", "log_allowed": True}
    assert plan(state, INTENT).warnings == []
