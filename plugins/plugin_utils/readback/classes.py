# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of values that no rule tells apart, so that all packets are looked at by looking at one of each class.

Everything that rules and intent ask is a list of boxes. A set of boxes is a number whose bits are the places of the boxes in
that list; so the boxes that a packet is in are found by ``&``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Ranges


class Numbers(NamedTuple):
    """Numbers that are in the same ``boxes``."""

    ranges: Ranges
    boxes: int


class Names(NamedTuple):
    """Names that are in the same ``boxes``."""

    names: frozenset[str]
    boxes: int


def all_of(boxes: Sequence[Box]) -> int:
    """Return the set of all boxes."""
    return (1 << len(boxes)) - 1


def silent(dimension: str, boxes: Sequence[Box]) -> int:
    """Return the boxes that say nothing of a dimension: the only ones that hold a packet without it."""
    return sum(1 << place for place, box in enumerate(boxes) if dimension not in box)


def numbers(dimension: str, universe: Ranges, boxes: Sequence[Box]) -> list[Numbers]:
    """Return the classes of the numbers of ``universe``, in the order of their lowest."""
    turns: dict[int, int] = {}
    inside = 0
    for place, box in enumerate(boxes):
        bit = 1 << place
        if dimension not in box:
            inside |= bit
            continue
        for first, last in cast(Ranges, box[dimension]):
            turns[first] = turns.get(first, 0) ^ bit
            turns[last + 1] = turns.get(last + 1, 0) ^ bit
    for first, last in universe:
        turns.setdefault(first, 0)
        turns.setdefault(last + 1, 0)
    groups: dict[int, list[tuple[int, int]]] = {}
    points = sorted(turns)
    place = 0
    for point, following in zip(points, points[1:]):
        inside ^= turns[point]
        while place < len(universe) and universe[place][1] < point:
            place += 1
        if place < len(universe) and universe[place][0] <= point:
            spans = groups.setdefault(inside, [])
            if spans and spans[-1][1] + 1 == point:
                spans[-1] = spans[-1][0], following - 1
            else:
                spans.append((point, following - 1))
    return [Numbers(tuple(spans), inside) for inside, spans in groups.items()]


def names(dimension: str, universe: Iterable[str], boxes: Sequence[Box]) -> list[Names]:
    """Return the classes of the names of ``universe``."""
    groups: dict[int, set[str]] = {}
    for name in sorted(universe):
        inside = 0
        for place, box in enumerate(boxes):
            if dimension not in box or name in box[dimension]:
                inside |= 1 << place
        groups.setdefault(inside, set()).add(name)
    return [Names(frozenset(found), inside) for inside, found in groups.items()]
