# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody changed on a Windows host since it was brought to its policy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import row
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.planned_host import (
    ABSENT,
    ENFORCE,
    RULES,
    done,
    enforced,
    names,
    policy_rule,
)


def test_a_rule_put_back_is_drift_and_disabled_again() -> None:
    state = enforced()
    for rule in state["rules"]:
        rule["enabled"] = True
    planned = plan(state, ENFORCE)
    assert planned.drift == [
        "Somebody enabled the rule 'Recording Server' again, which was disabled for what it lets in."
    ]
    assert names(done(state, ENFORCE)) == [] and names(done(state, ENFORCE, ABSENT)) == ["Recording Server"]


def test_a_rule_that_is_new_is_drift() -> None:
    state = enforced()
    state["rules"].append(row(WindowsRule("Everything")))
    assert plan(state, ENFORCE).drift == [
        "Somebody added or enabled the rule 'Everything' since this host was last brought to its policy."
    ]
    assert plan(state, ENFORCE._replace(rules=RULES[:1])).drift == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"remote_addresses": "*"}, "Somebody changed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
        ({"enabled": False}, "Somebody changed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
        ({"name": "mine"}, "Somebody removed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
    ],
)
def test_own_rules_that_somebody_changed(change: dict[str, Any], sentence: str) -> None:
    state = enforced()
    next(rule for rule in state["rules"] if rule["local_ports"] == "7563" and rule["group"] == GROUP).update(change)
    planned = plan(state, ENFORCE)
    assert planned.drift[0].startswith(sentence)
    assert (
        planned.flows["changed"] == ([] if "name" in change else ["milestone.recording.media"])
        or not planned.flows["changed"]
    )
    assert not plan(done(state, ENFORCE), ENFORCE).changed


def test_a_rule_added_to_our_group_is_drift() -> None:
    state = enforced()
    state["rules"].append(row(WindowsRule("mine", group=GROUP)))
    assert plan(state, ENFORCE).drift == ["Somebody added a rule 'mine' to the group vidnet.portmatrix."]
    own = next(rule for rule in state["rules"] if rule["group"] == GROUP and rule["local_ports"] == "7563")
    doubled = {**state, "rules": [*state["rules"][:-1], own]}
    assert plan(doubled, ENFORCE).drift == [f"Somebody added a rule {own['name']!r} to the group vidnet.portmatrix."]


def test_a_new_policy_is_no_drift() -> None:
    planned = plan(enforced(), ENFORCE._replace(rules=[policy_rule("7563", peers=("10.0.0.6/32",))]))
    assert planned.drift == [] and planned.flows == {
        "added": [],
        "removed": ["portmatrix.management"],
        "changed": ["milestone.recording.media"],
    }


def test_a_profile_switched_off_again_is_drift() -> None:
    state = enforced(profiles={"public": {"enabled": False, "default_inbound": 1}})
    state["profiles"]["public"].update(enabled=False, default_inbound=1)
    assert plan(state, ENFORCE).drift == [
        "Somebody changed the public profile back: it is off again.",
        "Somebody changed the public profile back: it allows inbound again.",
    ]
