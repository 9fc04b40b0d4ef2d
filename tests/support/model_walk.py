# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one packet under tables of the read-back's model, rule by rule: slow, and short enough to be seen right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import HOOKS, Table

WAYS = {"in": ("prerouting", "input"), "out": ("output", "postrouting")}
FINAL = {"accept": {"accept"}, "drop": {"drop"}, "reject": {"drop"}, "translate": {"accept", "drop"}}
GOES_ON, CONNTRACK = "goes on", -200
Facts = Mapping[str, int | str]


def ends(tables: Sequence[Table], direction: str, facts: Facts) -> set[str]:
    """Return what may become of a packet: ``accept``, ``drop``, or both where the rules do not tell.

    ``facts`` has a value for each dimension that the packet has. A packet without ports has none, say.
    """
    bases = [
        (HOOKS.index(chain.hook), chain.priority, table, chain)
        for table in tables
        if facts["family"] in table.families
        for chain in table.chains.values()
        if chain.hook in WAYS[direction]
    ]
    possible = {"accept"}
    for _hook, priority, table, chain in sorted(bases, key=lambda base: base[:2]):
        seen = {**facts, "state": "invalid"} if priority < CONNTRACK else facts
        found = _chain(table, chain.name, 0, seen)
        if GOES_ON in found:
            found = found - {GOES_ON} | {chain.policy}
        if "accept" not in found:
            return {"drop"}
        possible |= found
    return possible


def _chain(table: Table, name: str, start: int, facts: Facts) -> set[str]:
    """Return the possible ends in a chain from rule ``start`` on; GOES_ON is that it comes back from it."""
    rules = table.chains[name].rules
    for number in range(start, len(rules)):
        rule = rules[number]
        if rule.verdict == "continue" or not any(inside(box, facts) for box in rule.boxes):
            continue
        if rule.verdict in ("jump", "goto"):
            found = _chain(table, rule.target, 0, facts)
            if rule.verdict == "jump" and GOES_ON in found:
                found = found - {GOES_ON} | _chain(table, name, number + 1, facts)
        else:
            found = {GOES_ON} if rule.verdict == "return" else FINAL.get(rule.verdict, {"accept", "drop"})
        return found if rule.certain else found | _chain(table, name, number + 1, facts)
    return {GOES_ON}


def inside(box: Mapping[str, object], facts: Facts) -> bool:
    """Tell whether a packet is in a box."""
    for dimension, values in box.items():
        if dimension not in facts:
            return False
        value = facts[dimension]
        if isinstance(values, frozenset):
            if value not in values:
                return False
        elif not any(first <= value <= last for first, last in values):  # type: ignore[attr-defined]
            return False
    return True
