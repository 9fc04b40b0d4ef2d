# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must change so that a host has the rules of its policy, and of this collection's own no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule


class Difference(NamedTuple):
    """Rules to ``add``, to ``remove`` and to ``keep``.

    Windows removes by name, and of rules with one name any. So a rule that somebody changed is removed, with all that share
    its name, and added again; those of ``remove`` whose name is to be added (:meth:`before`) must go first, and the others
    (:meth:`after`) can go when the new ones are there, which leaves no moment without rules.
    """

    add: tuple[WindowsRule, ...]
    remove: tuple[WindowsRule, ...]
    keep: tuple[WindowsRule, ...]

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)

    def before(self) -> list[str]:
        """Return the names to be removed before anything is added, one for each rule."""
        added = {rule.name for rule in self.add}
        return [rule.name for rule in self.remove if rule.name in added]

    def after(self) -> list[str]:
        """Return the names to be removed after the others are added, one for each rule."""
        added = {rule.name for rule in self.add}
        return [rule.name for rule in self.remove if rule.name not in added]


def difference(desired: Sequence[WindowsRule], existing: Iterable[WindowsRule], group: str = GROUP) -> Difference:
    """Return what turns the ``existing`` rules of ``group`` into the ``desired``; other groups' rules are not looked at."""
    found: dict[str, list[WindowsRule]] = {}
    for rule in existing:
        if rule.group == group:
            found.setdefault(rule.name, []).append(rule)
    add: list[WindowsRule] = []
    remove: list[WindowsRule] = []
    keep: list[WindowsRule] = []
    for rule in desired:
        same = found.pop(rule.name, [])
        if same and _all_are(rule, same):
            keep.append(rule)
            remove.extend(same[1:])
        else:
            add.append(rule)
            remove.extend(same)
    remove.extend(rule for rules in found.values() for rule in rules)
    return Difference(tuple(add), tuple(remove), tuple(keep))


def _all_are(rule: WindowsRule, others: list[WindowsRule]) -> bool:
    wanted: tuple[Any, ...] | None = None
    for other in others:
        if other != rule:
            wanted = wanted or normal.key(rule)
            if normal.key(other) != wanted:
                return False
    return True
