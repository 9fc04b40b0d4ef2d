# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences between the rules in force on a host and its policy, for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import difference, housekeeping
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.gaps import Found, gaps
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.intent import intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import Ruleset
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import ruleset as rules_in_force
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import Scene

_KINDS = ("open", "shut", "unknown")
#: Stands for all protocols that have no name here, where their ports make no difference.
_RARE = 256
_STATES = ("new", "established", "related", "invalid")
#: A difference in a state is not told when the same one is told for one of these: it follows.
_FOLLOWS = {"established": ("new",), "related": ("new", "established"), "invalid": ("new",)}


def differences(
    ruleset: Mapping[str, Any] | Ruleset,
    rules: Iterable[Mapping[str, Any]],
    egress: str = "allow",
    addresses: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Return where the rules in force on a host part from its policy, over all packets.

    ``ruleset`` is the result of that name of the module policy_readback; ``rules`` and ``egress`` (``allow``, ``enforce``) are
    the policy; ``addresses`` are the host's, besides those that were read. Raises ValueError where these are something else.
    """
    in_force = rules_in_force(ruleset, addresses)
    manager = housekeeping.manager(in_force.tables)
    wanted = intent(rules, egress, housekeeping.TOLERATED.get(manager, ()), housekeeping.WITHHELD.get(manager, ()))
    out = []
    for direction in ("in", "out"):
        for family in ("ipv4", "ipv6"):
            stage, found = gaps(in_force, wanted, direction, family)
            groups: dict[tuple[Any, ...], list[Found]] = {}
            for one in found:
                if one.gap.kind == "shut" and housekeeping.bans(one.gap.rule):
                    continue
                groups.setdefault(_alike(stage, one), []).append(one)
            told = {key: difference.packets(stage, group) for key, group in groups.items()}
            for key, group in sorted(groups.items(), key=lambda item: _order(item[0])):
                if not any(_covers(told.get((*key[:-1], state)), told[key]) for state in _FOLLOWS.get(key[-1], ())):
                    out.extend(difference.rows(stage, group, in_force.host.interfaces))
    return out


def _alike(stage: Scene, found: Found) -> tuple[Any, ...]:
    """Differences that have this in common are told as one; the state is the last of it."""
    about = found.circumstances
    protocol = about.kind.protocols[0][0]
    if protocol not in difference.NAMES and found.gap.ports == (1 << len(stage.ports)) - 1:
        protocol = _RARE
    return (found.gap.kind, protocol, about.place.loopback, found.gap.rule, about.kind.state)


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (_KINDS.index(key[0]), _STATES.index(key[-1]), *key[1:-1])


def _covers(others: Mapping[int, int] | None, mine: Mapping[int, int]) -> bool:
    return others is not None and all(not peers & ~others.get(port, 0) for port, peers in mine.items())


def only(found: Sequence[Mapping[str, Any]], mode: str) -> list[dict[str, Any]]:
    """Return those differences that count in a mode: in ``audit`` everything is let in, so only what is shut is wrong."""
    return [dict(one) for one in found if mode != "audit" or one["kind"] == "shut"]
