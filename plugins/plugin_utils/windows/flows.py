# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows a host's own rules are for, read back from their descriptions, and which differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import FLOW_ID

from . import normal
from .model import WindowsRule

_HEADING, _CUT = "Flows: ", "..."


def flows_of(rule: WindowsRule) -> list[str]:
    """Return the flows that a rule's description names; one that is cut names those there was room for."""
    _reason, heading, names = rule.description.rpartition(_HEADING)
    if not heading:
        return []
    found = names.split(", ")
    if names.endswith(_CUT):
        found.pop()
    return [name for name in found if FLOW_ID.match(name)]


def differences(before: Iterable[WindowsRule], after: Iterable[WindowsRule]) -> dict[str, list[str]]:
    """Return the flows ``added``, ``removed``, and ``changed`` in directions, protocols, ports or peers."""
    old, new = _by_flow(before), _by_flow(after)
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(flow for flow in old.keys() & new.keys() if old[flow] != new[flow]),
    }


def _by_flow(rules: Iterable[WindowsRule]) -> dict[str, set[Any]]:
    out: dict[str, set[Any]] = {}
    for rule in rules:
        if rule.enabled:
            condition = normal.key(rule._replace(name="", description=""))
            for flow in flows_of(rule):
                out.setdefault(flow, set()).add(condition)
    return out
