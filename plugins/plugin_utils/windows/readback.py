# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in force on a Windows host against its policy, over all packets.

What a Windows proof means: for the ports of the matrix on this host it is whole, in each of the three profiles and whoever made a rule. Not
judged are other ports, which foreign rules may open as they like, and what rules of Windows' own services (remote desktop, WinRM, ssh, core
networking, file sharing) let in on the ports of just these services. Of what leaves, see :func:`differences`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known as knowledge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import Policy
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.grants import FAMILIES, let_through
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_force import InForce
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.judged import IGMP, Judge, ports_of
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.passage import (
    Cause,
    Part,
    Passage,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.readback_rows import KINDS_OF_ROWS, Way, rows
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Packets

#: Kind of difference and cause -> profile -> the packets.
_Found = dict[tuple[str, Cause], dict[str, list[Box]]]


def differences(in_force: InForce, rules: Iterable[Mapping[str, Any]], egress: str = "allow") -> list[dict[str, Any]]:
    """Return the rows of the proof's read-back; ``rules`` are ``portmatrix_rules``, ``egress`` is allow or enforce.

    In: ``open`` is what is let in on ports of the matrix and not declared, ``shut`` what is declared and dropped, ``unknown`` where conditions
    cannot be judged from here. Out: ``shut`` in the same way; ``open`` and ``unknown`` only with egress enforced, of default actions and of
    rules that are for any program or for one of the products, not of those that Windows has for its own programs.
    """
    declared = policy_rules.checked(list(rules))
    judge = judge_of(in_force.ports, declared)
    out = []
    for direction in policy_rules.DIRECTIONS:
        granted = let_through(declared, direction)
        for protocol in PROTOCOLS.values():
            said = in_force.about(direction, protocol, judge)
            for family in FAMILIES:
                way = Way(direction, family, protocol)
                grants = [_within(box, in_force, way) for box in granted.get((protocol, family), ())]
                wanted = _wanted(in_force, way, egress)
                if not any(grants) and not wanted:
                    continue
                found = _found(said, way, wanted, grants, judge)
                names = [profile.name for profile in in_force.policy.profiles]
                for (kind, cause), by_profile in sorted(found.items(), key=lambda item: _order(item[0])):
                    own = in_force.addresses.get(family, ())
                    out.extend(rows(way, kind, cause, by_profile, names, own, in_force.peers(family, direction)))
    return out


def _found(said: InForce, way: Way, wanted: Box | None, grants: Sequence[Box], judge: Judge) -> _Found:
    out: _Found = {}
    for names in _alike(said.policy, way.direction):
        found: _Found = {}
        seen = said.passage(Packets(way.direction, way.family, way.protocol, names[0]), judge)
        _undeclared(found, names[0], seen, wanted, grants, judge if way.direction == "in" else None)
        _unmet(found, names[0], seen, grants)
        for doubt in said.doubts:
            _add(found, "unknown", Cause(doubt), names[0], [box for box in (wanted, *grants) if box])
        for key, by_profile in found.items():
            out.setdefault(key, {}).update(dict.fromkeys(names, by_profile[names[0]]))
    return out


def _alike(policy: Policy, direction: str) -> Collection[list[str]]:
    """Return the names of profiles, those together in which the same rules and defaults hold."""
    out: dict[tuple[Any, ...], list[str]] = {}
    for profile in policy.profiles:
        key = (profile._replace(name=""), *map(id, policy.in_force(profile, direction)))
        out.setdefault(key, []).append(profile.name)
    return out.values()


def judge_of(ports: Sequence[MatrixPort], declared: Iterable[Any]) -> Judge:
    """Return who judges rules where ``declared`` (checked rules) shall come through, administrators' own ports among it."""
    more = [
        MatrixPort(PROTOCOLS[rule.protocol], tuple(rule.ports), "")
        for rule in declared
        if rule.direction == "in" and rule.ports
    ]
    return Judge([*ports, *more], knowledge.known())


def _within(box: Box, in_force: InForce, way: Way) -> Box:
    known = in_force.here.addresses
    mine = known.of(way.family) if known else box.locals
    return box._replace(peers=ranges.intersect(box.peers, in_force.peers(way.family, way.direction)), locals=mine)


def _wanted(in_force: InForce, way: Way, egress: str) -> Box | None:
    """Return the packets that nothing may let through but what is declared."""
    if way.protocol == IGMP or (way.direction == "out" and egress != "enforce"):
        return None
    ports = ports_of(way.protocol, in_force.ports) if way.direction == "in" else values.ALL_PORTS
    return _within(Box(ranges.EVERY[way.family], (), ports, values.ALL_PORTS), in_force, way) if ports else None


def _undeclared(
    found: _Found, profile: str, seen: Passage, wanted: Box | None, grants: Sequence[Box], judge: Judge | None
) -> None:
    if not wanted:
        return
    sure = [(part, _beyond(part, part.sure, wanted, grants, judge)) for part in seen.opened]
    for part, some in sure:
        _add(found, "open", part.cause, profile, some)
    everything = [box for _part, some in sure for box in some]
    for part in seen.opened:
        some = _beyond(part, part.possible, wanted, grants, judge)
        _add(found, "unknown", part.cause, profile, _without(some, everything))


def _beyond(part: Part, some: Sequence[Box], wanted: Box, grants: Sequence[Box], judge: Judge | None) -> list[Box]:
    if judge and part.cause.rule:
        ports = ranges.subtract(wanted.ports, judge.tolerated(part.cause.rule))
        wanted = wanted._replace(ports=ports)
    return _without([boxes.common(box, wanted) for box in some], grants)


def _unmet(found: _Found, profile: str, seen: Passage, grants: Sequence[Box]) -> None:
    possible = [box for part in seen.opened for box in part.possible]
    rest = _without(grants, possible)
    for part in seen.closed:
        _add(found, "shut", part.cause, profile, _common(rest, part.sure))
        rest = _without(rest, part.sure)
    _add(found, "shut", seen.otherwise, profile, rest)
    doubtful = _common(_without(grants, [box for part in seen.opened for box in part.sure]), possible)
    for part in (*seen.closed, *seen.opened):
        _add(found, "unknown", part.cause, profile, _common(doubtful, part.possible))
        doubtful = _without(doubtful, part.possible)


def _without(some: Sequence[Box], holes: Sequence[Box]) -> list[Box]:
    """Return what is in none of the holes; of hundreds of rules few speak of the same ports."""
    out = []
    for box in some:
        near = [hole for hole in holes if _meet(box, hole)]
        out.extend(boxes.without([box], near) if near else [box] if box else [])
    return out


def _meet(one: Box, other: Box) -> bool:
    return bool(ranges.intersect(one.ports, other.ports) and ranges.intersect(one.peer_ports, other.peer_ports))


def _common(some: Sequence[Box], others: Sequence[Box]) -> list[Box]:
    return [both for one in some for other in others if _meet(one, other) and (both := boxes.common(one, other))]


def _add(found: _Found, kind: str, cause: Cause, profile: str, some: Sequence[Box]) -> None:
    if some:
        found.setdefault((kind, cause), {}).setdefault(profile, []).extend(some)


def _order(key: tuple[str, Cause]) -> tuple[int, str]:
    kind, cause = key
    return KINDS_OF_ROWS.index(kind), cause.text
