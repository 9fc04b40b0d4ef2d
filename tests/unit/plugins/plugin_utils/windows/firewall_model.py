# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Windows in memory for plans: what the module reads of it, and what it is after the module applied a request.

It gives back addresses and ports in other spellings, and removes any one rule of a name. Shares nothing with the planner but the data of
its model.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import profile
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.respelling import respelled

State = dict[str, Any]
PROFILES = ("domain", "private", "public")
ON = profile()
SELECTED = ("name", "program", "service", "protocol", "local_ports", "direction")


def row(rule: WindowsRule, **others: Any) -> dict[str, Any]:
    """Return a rule as the module reads it."""
    given = rule._asdict()
    texts = dict(other.split("=", 1) for other in given.pop("others"))
    return {
        **given,
        "direction": 1 if rule.direction == "in" else 2,
        "action": 1 if rule.action == "allow" else 0,
        "interfaces": [name for name in rule.interfaces.split(",") if name],
        "edge_options": 0,
        "package": texts.get("AppPkgId", ""),
        "owner": texts.get("LUOwn", ""),
        "local_users": "",
        "remote_users": "",
        "remote_computers": "",
        "secure": 0,
        **others,
    }


def a_state(
    rules: Iterable[WindowsRule] = (), profiles: Mapping[str, Mapping[str, Any]] | None = None, **changes: Any
) -> State:
    """Return what the module reads of a host with these rules, its profiles as they are from the start but for ``profiles``."""
    return {
        "rules": [row(rule) for rule in rules],
        "profiles": {name: {**ON, **(profiles or {}).get(name, {})} for name in PROFILES},
        "current_profiles": 1,
        "modify_state": 0,
        "group_policy": {"rules": {}, "values": {}},
        "service": "Running",
        "products": [],
        "connections": [],
        "ssh_connection": "",
        "note": "",
        "pending": None,
        "addresses": ["10.0.0.11"],
        "version": "10.0.20348",
        "powershell": "5.1",
        **changes,
    }


def applied(state: State, request: Mapping[str, Any], dice: random.Random) -> State:
    """Return the host after the module applied the request, and the controller confirmed it."""
    state = copy.deepcopy(state)
    rules = state["rules"]
    _remove(rules, request["remove_before"], dice)
    rules += [_added(rule, dice) for rule in request["add"]]
    _switch(rules, request["disable"], False)
    for entry in request["profiles"]:
        profile = state["profiles"][entry["name"]]
        for name in ("enabled", "log_allowed", "log_dropped"):
            profile[name] = entry.get(name, profile[name])
        if "default_inbound" in entry:
            profile["block_all_inbound"] = entry["default_inbound"] == "block_all"
            for name in ("default_inbound", "default_outbound"):
                profile[name] = {"block_all": 0, "block": 0, "allow": 1}[entry[name]]
    _switch(rules, request["enable"], True)
    _remove(rules, request["remove_after"], dice)
    dice.shuffle(rules)
    return {**state, "note": request["note"]}


def others(state: State) -> list[str]:
    """Return what does not belong to this collection: others' rules, and the profiles."""
    return [*sorted(repr(rule) for rule in state["rules"] if rule["group"] != GROUP), repr(state["profiles"])]


def _remove(rules: list[Any], names: Iterable[str], dice: random.Random) -> None:
    for name in names:
        rules.remove(dice.choice([rule for rule in rules if rule["name"] == name]))


def _added(given: Mapping[str, Any], dice: random.Random) -> dict[str, Any]:
    words = {"direction": {1: "in", 2: "out"}[given["direction"]], "action": {1: "allow", 0: "block"}[given["action"]]}
    return row(respelled(WindowsRule(**{**given, **words}), dice))


def _switch(rules: list[Any], selectors: Iterable[Mapping[str, Any]], enabled: bool) -> None:
    for selector in selectors:
        for rule in rules:
            if all(rule[field] == selector[field] for field in SELECTED):
                rule["enabled"] = enabled
