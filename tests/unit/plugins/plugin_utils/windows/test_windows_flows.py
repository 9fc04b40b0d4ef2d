# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows of a host's own rules, from their descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import build, flows
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule


def policy_rule(*names: str, **changes: Any) -> dict[str, Any]:
    given = {"direction": "in", "protocol": "tcp", "ports": ["80"], "peers": ["10.0.0.5"], "reason": "Why. Flows: x"}
    return {**given, "flows": list(names), **changes}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("", []),
        ("Somebody's", []),
        ("Flows: a.b", ["a.b"]),
        ("Why. Flows: a.b, c.d", ["a.b", "c.d"]),
        ("Why. Flows: a.b, c.d...", ["a.b"]),
        ("Why. Flows: a...", []),
        ("Flows: not a flow, a.b", ["a.b"]),
    ],
)
def test_flows_of_a_description(description: str, expected: list[str]) -> None:
    assert flows.flows_of(WindowsRule("x", description=description)) == expected


def test_what_build_writes_is_read_back() -> None:
    names = [f"acme.flow{number}" for number in range(20)]
    (rule,) = build.build([policy_rule(*names)])
    assert flows.flows_of(rule) == sorted(names)
    many = [f"acme.a_rather_long_name_of_a_flow_{number:04}" for number in range(400)]
    (cut,) = build.build([policy_rule(*many)])
    found = flows.flows_of(cut)
    assert 200 < len(found) < 400 and found == many[: len(found)]


def test_which_flows_differ() -> None:
    before = build.build([policy_rule("a.a", "b.b"), policy_rule("c.c", ports=["81"])])
    after = build.build([policy_rule("a.a"), policy_rule("b.b", "d.d", ports=["82"])])
    assert flows.differences(before, after) == {"added": ["d.d"], "removed": ["c.c"], "changed": ["b.b"]}
    disabled = [rule._replace(enabled=False) for rule in before]
    assert flows.differences(disabled, before)["added"] == ["a.a", "b.b", "c.c"]


def test_peers_in_several_rules_are_one_flow() -> None:
    peers = [f"10.{number // 100}.{number % 100}.1/32" for number in range(1100)]
    before, after = build.build([policy_rule("a.a", peers=peers)]), build.build([policy_rule("a.a", peers=peers[:-1])])
    assert len(before) == 2
    assert flows.differences(before, after) == {"added": [], "removed": [], "changed": ["a.a"]}
