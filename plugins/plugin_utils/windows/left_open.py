# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others left open: enabled rules that let peers reach ports of the matrix on this host which the policy does not grant.

Allow rules add up, so that a narrow rule restricts nothing while an installer's broad one stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, left_open_rows
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known as knowledge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import Policy
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.grants import FAMILIES, Grants, let_through
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import Known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import (
    ANY_PROTOCOL,
    GROUP,
    PROFILES,
    WindowsRule,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.reach import reach
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import (
    ANYWHERE,
    Here,
    Listener,
    Packets,
    Region,
    bypasses,
    region,
)

#: Profile -> the block rules that are in force.
Blocks = Mapping[str, Sequence[WindowsRule]]


def left_open(
    policy: Policy,
    granted: Iterable[Mapping[str, Any]],
    ports: Sequence[MatrixPort],
    here: Here = ANYWHERE,
    known: Known | None = None,
) -> list[dict[str, Any]]:
    """Return a row for each foreign rule, protocol and set of peers that ``granted`` (``portmatrix_rules``) does not have.

    A row has ``rule``, ``group``, ``program``, ``service``, ``local_ports`` and ``direction`` of the rule as Windows has them,
    ``store`` (``local`` or ``group policy``), ``how`` (as in Reach), ``protocol``, ``ports``, ``peers`` (whom the rule lets in),
    ``beyond`` (addresses of those that the policy does not let in), ``profiles``, ``flows``, ``sure`` (False where the rule has
    conditions that cannot be judged from here), ``untouched`` (what a rule that is never touched is for, else empty), ``wider`` (whether
    the rule also lets in what the matrix knows nothing of) and ``sentence``. Raises policy_rules.RuleError for wrong ``granted``.
    """
    return [row for _rule, row in with_rules(policy, granted, ports, here, known)]


def with_rules(
    policy: Policy,
    granted: Iterable[Mapping[str, Any]],
    ports: Sequence[MatrixPort],
    here: Here = ANYWHERE,
    known: Known | None = None,
) -> Iterator[tuple[WindowsRule, dict[str, Any]]]:
    """Yield each row of :func:`left_open` with its rule."""
    known = known or knowledge.known()
    grants = let_through(policy_rules.checked(list(granted)), "in")
    by_protocol: dict[int, list[MatrixPort]] = {}
    for port in ports:
        by_protocol.setdefault(port.protocol, []).append(port)
    blocks = {
        profile.name: [rule for rule in policy.in_force(profile, "in") if rule.action == "block"]
        for profile in policy.profiles
    }
    for store, rules in (("group policy", policy.group_policy), ("local", policy.local)):
        names = [profile.name for profile in policy.profiles if store != "local" or profile.local_rules]
        for rule in rules:
            if not rule.enabled or rule.direction != "in" or rule.action == "block" or rule.group == GROUP:
                continue
            in_force = {name: blocks[name] for name in names if rule.profiles & PROFILES[name]}
            for number in by_protocol if rule.protocol == ANY_PROTOCOL else (rule.protocol,):
                reached = reach(rule, by_protocol.get(number, ()), known)
                if reached:
                    opened = _Opened(rule, number, here)
                    wanted = ranges.union(*(found.ports for found in reached))
                    rest = {family: opened.rest(family, wanted, in_force, grants) for family in FAMILIES}
                    for row in left_open_rows.rows(rule, number, reached, rest, known):
                        row.update(store=store, sure=opened.sure())
                        yield rule, {**row, "sentence": left_open_rows.sentence(row)}


class _Opened:
    """What one rule lets in by one protocol. Who listens is taken to be whom the rule is for."""

    def __init__(self, rule: WindowsRule, protocol: int, here: Here) -> None:
        self.rule, self.protocol, self.here = rule, protocol, here
        self.listener = Listener(rule.program or None, rule.service or None)
        self.regions = {family: self._region(rule, family) for family in FAMILIES}

    def _region(self, rule: WindowsRule, family: str) -> Region:
        return region(rule, Packets("in", family, self.protocol), self.listener, self.here)

    def sure(self) -> bool:
        """Tell whether nothing of the rule depends on what is not known here."""
        return all(each.sure == each.possible for each in self.regions.values())

    def rest(self, family: str, ports: Ranges, blocks: Blocks, grants: Grants) -> dict[str, list[Box]]:
        """Return profile -> what of ``ports`` neither a block rule shuts nor a grant has."""
        box = self.regions[family].possible
        box = box._replace(ports=ranges.intersect(box.ports, ports))
        rest = boxes.without([box], grants.get((self.protocol, family), ()))
        if bypasses(self.rule) or not rest:
            return dict.fromkeys(blocks, rest)
        return {
            profile: boxes.without(rest, (self._region(rule, family).sure for rule in rules))
            for profile, rules in blocks.items()
        }
