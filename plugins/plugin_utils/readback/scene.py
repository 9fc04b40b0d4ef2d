# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that packets of one direction and family meet, made ready to be walked for whole classes of packets at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import classes, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import (
    HOOKS,
    Box,
    Chain,
    Ranges,
    Rule,
    Table,
)

DIRECTIONS: dict[str, tuple[str, ...]] = {"in": ("prerouting", "input"), "out": ("output", "postrouting")}
PEER = {"in": "source", "out": "destination"}
LOCAL = {"in": "destination", "out": "source"}
#: No service has port 0.
PORTS: Ranges = ((1, 65535),)
#: From this priority on, rules know the state of a packet's connection.
CONNTRACK = -200
_TRACKED_AT = ("prerouting", "output")


class Step(NamedTuple):
    """A rule, its number among all texts, its boxes by number and as bits, its target's place among the chains (-1 is none)."""

    number: int
    rule: Rule
    boxes: tuple[int, ...]
    mask: int
    target: int


class Base(NamedTuple):
    """A chain where the kernel begins: ``chain`` by its place; ``policy_number`` is that of the policy among all texts."""

    chain: int
    hook: str
    accepts: bool
    policy_number: int
    stateless: bool


class Scene(NamedTuple):
    """All of it. ``boxes`` holds those of the rules first, then those that were given besides."""

    direction: str
    family: str
    chains: tuple[tuple[Step, ...], ...]
    bases: tuple[Base, ...]
    texts: tuple[str, ...]
    boxes: tuple[Box, ...]
    ports: tuple[classes.Numbers, ...]
    peers: tuple[classes.Numbers, ...]
    box_ports: tuple[int, ...]
    box_peers: tuple[int, ...]
    extra: tuple[tuple[int, ...], ...]


def scene(
    tables: Iterable[Table],
    direction: str,
    family: str,
    peers: Ranges,
    extra: Sequence[Sequence[Box]] = (),
    bounds: Sequence[Ranges] = (),
) -> Scene:
    """Return the scene of one direction (``in``, ``out``) and family.

    ``peers`` are all addresses of interest at the other end. ``extra`` holds more lists of boxes; their numbers are in the
    scene's ``extra``. ``bounds`` are sets of peers that classes must not straddle.
    """
    boxes: list[Box] = []

    def added(found: Iterable[Box]) -> tuple[int, ...]:
        first = len(boxes)
        for box in found:
            if family in box.get("family", (family,)):
                boxes.append({dimension: values for dimension, values in box.items() if dimension != "family"})
        return tuple(range(first, len(boxes)))

    mine = [table for table in tables if family in table.families]
    places = _places(mine)
    texts: list[str] = []
    chains: list[tuple[Step, ...]] = []
    bases: list[tuple[int, int, Base]] = []
    for table_number, table in enumerate(mine):
        met = _met(table, direction)
        for chain in table.chains.values():
            steps = []
            for rule in chain.rules if chain.name in met else ():
                if rule.verdict != "continue" and rule.boxes:
                    target = places.get((table_number, rule.target), -1)
                    numbers = added(rule.boxes)
                    steps.append(Step(len(texts), rule, numbers, sum(1 << box for box in numbers), target))
                    texts.append(rule.text)
            chains.append(tuple(step for step in steps if step.boxes))
            if chain.hook in DIRECTIONS[direction]:
                bases.append((HOOKS.index(chain.hook), chain.priority, _base(table, chain, len(chains) - 1, texts)))
    more = tuple(added(part) for part in extra)
    ports = classes.numbers("destination_port", PORTS, boxes)
    sources = classes.numbers(PEER[direction], peers, [*boxes, *({PEER[direction]: bound} for bound in bounds)])
    return Scene(
        direction,
        family,
        tuple(chains),
        tuple(base for _hook, _priority, base in sorted(bases, key=lambda found: found[:2])),
        tuple(texts),
        tuple(boxes),
        tuple(ports),
        tuple(sources),
        _transposed(ports, len(boxes)),
        _transposed(sources, len(boxes)),
        more,
    )


def chosen(found: Sequence[classes.Numbers], wanted: Ranges) -> int:
    """Return as bits which of the classes lie in ``wanted``, which none of them straddles."""
    return sum(1 << place for place, one in enumerate(found) if ranges.contains(wanted, one.ranges[0][0]))


def values(found: Sequence[classes.Numbers], picked: int) -> Ranges:
    """Return the numbers of the classes whose bits are ``picked``."""
    return ranges.union(*(one.ranges for place, one in enumerate(found) if picked >> place & 1))


def _met(table: Table, direction: str) -> set[str]:
    """Return the chains that packets of a direction can come to."""
    met: set[str] = set()
    waiting = [chain.name for chain in table.chains.values() if chain.hook in DIRECTIONS[direction]]
    while waiting:
        name = waiting.pop()
        if name not in met and name in table.chains:
            met.add(name)
            waiting.extend(rule.target for rule in table.chains[name].rules if rule.target)
    return met


def _places(tables: Sequence[Table]) -> Mapping[tuple[int, str], int]:
    names = [(number, name) for number, table in enumerate(tables) for name in table.chains]
    return {name: place for place, name in enumerate(names)}


def _base(table: Table, chain: Chain, place: int, texts: list[str]) -> Base:
    texts.append(f"{table.name} {chain.name}: policy {chain.policy}")
    stateless = chain.hook in _TRACKED_AT and chain.priority < CONNTRACK
    return Base(place, chain.hook, chain.policy == "accept", len(texts) - 1, stateless)


def _transposed(found: Sequence[classes.Numbers], count: int) -> tuple[int, ...]:
    """Return for each box which of the classes are in it."""
    out = [0] * count
    for place, one in enumerate(found):
        bit = 1 << place
        left = one.boxes & ((1 << count) - 1)
        while left:
            low = left & -left
            out[low.bit_length() - 1] |= bit
            left ^= low
    return tuple(out)
