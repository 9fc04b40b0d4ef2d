# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and rules of others that plans are made of in these tests, and a host after such plans."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import (
    State,
    a_state,
    applied,
)

RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"
PORTS = [
    MatrixPort(6, ((7563, 7563),), "milestone.recording.media", frozenset({"milestone_recording_server"})),
    MatrixPort(6, ((5432, 5432),), "milestone.recording.drivers", frozenset({"milestone_recording_server"})),
]
BROAD = WindowsRule("Recording Server", protocol=6, local_ports="7563", description="Installer's")
METRICS = WindowsRule("Metrics", protocol=6, local_ports="9182")


def policy_rule(*ports: str, peers: tuple[str, ...] = ("10.0.0.5/32",), flow: str = "milestone.recording.media") -> Any:
    return {
        "direction": "in",
        "protocol": "tcp",
        "ports": list(ports),
        "peers": list(peers),
        "flows": [flow],
        "reason": "Smart Client shows video",
    }


MANAGEMENT = policy_rule("5986", peers=("10.0.99.0/24",), flow="portmatrix.management")
RULES = (policy_rule("7563"), MANAGEMENT)
ENFORCE = Intent(RULES, ports=PORTS, management_port=5986)
AUDIT = ENFORCE._replace(mode="audit")
ABSENT = ENFORCE._replace(state="absent")
DICE = random.Random(1)


def done(state: State, *intents: Intent) -> State:
    """Return the host after one plan after the other was applied."""
    for intent in intents:
        state = applied(state, plan(state, intent).request(), DICE)
    return state


def names(state: State, enabled: bool = True) -> list[str]:
    return sorted(rule["name"] for rule in state["rules"] if rule["enabled"] is enabled and rule["group"] != GROUP)


def enforced(*rules: WindowsRule, **changes: Any) -> State:
    return done(a_state(rules or [BROAD], **changes), ENFORCE)
