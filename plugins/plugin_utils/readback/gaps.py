# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the rules in force and the intent part, over all packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import places, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.area import bits
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.circumstances import (
    Circumstances,
    circumstances,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import Ruleset
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import Scene, scene
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.walk import End, walk


class Gap(NamedTuple):
    """Packets of some ports and peers (bits) that are let through though they must not be (``open``), or the other way round
    (``shut``), or of which it is not known (``unknown``), by the rule whose text this is."""

    kind: str
    ports: int
    peers: int
    rule: str


class Asked(NamedTuple):
    """Of which peers packets to some ports ``must`` be let through, and of which they ``may`` (bits)."""

    ports: int
    must: int
    may: int


class Groups(NamedTuple):
    """All that is asked, by groups of ports, and class of ports -> place of its group."""

    asked: list[Asked]
    of_port: dict[int, int]


class Found(NamedTuple):
    """A gap, and the circumstances of its packets."""

    circumstances: Circumstances
    gap: Gap


def gaps(in_force: Ruleset, wanted: Intent, direction: str, family: str) -> tuple[Scene, list[Found]]:
    """Return all gaps of a direction (``in``, ``out``) and family, and the scene that their bits are of."""
    kinds = places.places(direction, family, in_force.host)
    extra = [[one.box for one in part if one.direction == direction] for part in wanted]
    bounds = [place.peers for place in kinds]
    stage = scene(in_force.tables, direction, family, ranges.union(*bounds), extra, bounds)
    # Rules and intent tell apart more packets than either does.
    ends: dict[tuple[int, int, int, bool], list[End]] = {}
    asked: dict[int, Groups] = {}
    known: dict[tuple[int, int, int, bool, int], list[Gap]] = {}
    of_intent = sum(1 << number for numbers in stage.extra for number in numbers)
    out: list[Found] = []
    for found in circumstances(stage, in_force.host, kinds):
        way = found.boxes & ~of_intent, found.early & ~of_intent, found.peers, found.place.loopback
        mine = found.boxes & of_intent
        key = (*way, mine)
        if key not in known:
            if way not in ends:
                ends[way] = walk(stage, *way)
            if mine not in asked:
                asked[mine] = _asked(stage, mine)
            known[key] = list(_gaps(ends[way], asked[mine]))
        out.extend(Found(found, gap) for gap in known[key])
    return stage, out


def _gaps(ends: Iterable[End], groups: Groups) -> Iterator[Gap]:
    for end in ends:
        if end.ports.bit_count() < len(groups.asked):
            touched = {groups.of_port[port] for port in bits(end.ports)}
        else:
            touched = set(range(len(groups.asked)))
        for group in sorted(touched):
            ports, must, may = groups.asked[group]
            kind, peers = _parted(end, must, may)
            if peers and end.ports & ports:
                yield Gap(kind, end.ports & ports, peers, end.rule)


def _parted(end: End, must: int, may: int) -> tuple[str, int]:
    """Return which of an end's peers are not as they must be, and how."""
    if end.verdict == "accept":
        return "open", end.peers & ~may
    if end.verdict == "unknown":
        return "unknown", end.peers & (must | ~may)
    return "shut", end.peers & must


def _asked(stage: Scene, boxes: int) -> Groups:
    """Return what the intent asks of packets that are in ``boxes``."""
    whole = (1 << len(stage.ports)) - 1
    everywhere = [0, 0, 0]
    somewhere: dict[int, list[int]] = {}
    for part, numbers in enumerate(stage.extra):
        for number in numbers:
            ports, peers = stage.box_ports[number], stage.box_peers[number]
            if not boxes >> number & 1:
                continue
            if ports == whole:
                everywhere[part] |= peers
            else:
                for port in bits(ports):
                    somewhere.setdefault(port, [0, 0, 0])[part] |= peers
    groups: dict[tuple[int, int], list[int]] = {}
    for port in range(len(stage.ports)):
        required, tolerated, withheld = (a | b for a, b in zip(somewhere.get(port, (0, 0, 0)), everywhere))
        groups.setdefault((required & ~withheld, required | tolerated), []).append(port)
    asked = [Asked(sum(1 << port for port in ports), must, may) for (must, may), ports in groups.items()]
    return Groups(asked, {port: place for place, ports in enumerate(groups.values()) for port in ports})
