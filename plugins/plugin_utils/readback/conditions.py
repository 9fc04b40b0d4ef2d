# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule asks of a packet, as boxes of the model, put together from its single conditions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NUMBERS, Box, Values

_MOST_BOXES = 20000
_MOST_INVERTED = 4
_MERGED = ("source", "destination", "source_port", "destination_port")


class Condition(NamedTuple):
    """The packets that meet a condition are in one of ``boxes``; unless it is ``certain``, not all of those meet it."""

    boxes: tuple[Box, ...]
    certain: bool = True


ANY = Condition(({},))
NONE = Condition(())
#: Which packets meet it cannot be told.
UNCERTAIN = Condition(({},), False)


def numbers(dimension: str, values: Iterable[tuple[int, int]], inverted: bool = False) -> Condition:
    """Return the condition that a number is in one of the ranges ``values``, or in none of them."""
    merged = ranges.union(values)
    return _of({dimension: ranges.complement(merged, NUMBERS[dimension]) if inverted else merged})


def names(dimension: str, values: Iterable[str], inverted: bool = False, known: Iterable[str] = ()) -> Condition:
    """Return the condition that a name is one of ``values``, or one of those ``known`` besides."""
    return _of({dimension: frozenset(known) - frozenset(values) if inverted else frozenset(values)})


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all are met."""
    boxes: tuple[Box, ...] = ({},)
    certain = True
    for condition in conditions:
        certain = certain and condition.certain
        if len(boxes) * len(condition.boxes) > _MOST_BOXES:
            certain = False  # those of the others hold all that match, and more
            boxes = min(boxes, condition.boxes, key=len)
        else:
            pairs = (_overlap(one, other) for one in boxes for other in condition.boxes)
            boxes = tuple(box for box in pairs if box is not None)
    return Condition(boxes, certain)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that one is met at least."""
    known = list(conditions)
    boxes = tuple(box for condition in known for box in condition.boxes)
    return Condition(({},) if {} in boxes else boxes, all(condition.certain for condition in known))


def inverted(condition: Condition) -> Condition:
    """Return the condition that ``condition`` is not met; it must be about numbers. Of an uncertain one it says nothing."""
    if not condition.certain or len(condition.boxes) > _MOST_INVERTED:
        return UNCERTAIN
    return all_of(_outside(box) for box in condition.boxes)


def union(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Return the same packets in fewer boxes: those that differ in one number alone become one."""
    found = list(boxes)
    for dimension in _MERGED:
        groups: dict[tuple[tuple[str, Values], ...], list[tuple[int, int]]] = {}
        others = []
        for box in found:
            values = box.get(dimension)
            if isinstance(values, tuple):
                rest = tuple((name, box[name]) for name in sorted(box) if name != dimension)
                groups.setdefault(rest, []).extend(values)
            else:
                others.append(box)
        found = [*others, *({**dict(rest), dimension: ranges.union(pairs)} for rest, pairs in groups.items())]
    return tuple(found)


def network(text: str, family: str) -> tuple[int, int] | None:
    """Return the first and last address of ``10.0.0.0/8``, ``10.0.0.0/255.0.0.0``, ``10.0.0.1`` or ``10.0.0.1-10.0.0.9``.

    None where the mask has holes, or the text is something else.
    """
    kind = ipaddress.IPv6Address if family == "ipv6" else ipaddress.IPv4Address
    bits = ranges.BITS[family]
    try:
        if "-" in text:
            first, last = (int(kind(end)) for end in text.split("-"))
            return (first, last) if first <= last else None
        address, slash, mask = text.partition("/")
        length = bits if not slash else _length(mask, kind, bits)
        host = (1 << (bits - length)) - 1
        first = int(kind(address)) & ~host
        return first, first | host
    except ValueError:
        return None


def _length(mask: str, kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address], bits: int) -> int:
    """Return the length of a mask; raises ValueError when it has none."""
    if mask.isascii() and mask.isdigit():
        length = int(mask)
    else:
        value = int(kind(mask))
        length = value.bit_count()
        if value != ((1 << length) - 1) << (bits - length):
            raise ValueError(mask)
    if length > bits:
        raise ValueError(mask)
    return length


def _of(box: Mapping[str, Values]) -> Condition:
    return Condition((box,)) if all(box.values()) else NONE


def _outside(box: Box) -> Condition:
    out = []
    for dimension, values in box.items():
        if not isinstance(values, tuple):
            return UNCERTAIN
        out.append(numbers(dimension, values, True))
    return any_of(out)


def _overlap(one: Box, other: Box) -> Box | None:
    out = dict(one)
    for dimension, values in other.items():
        mine = out.get(dimension)
        common = values if mine is None else _common(mine, values)
        if not common:
            return None
        out[dimension] = common
    return out


def _common(one: Values, other: Values) -> Values:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return ranges.intersect(one, other)
    return frozenset(map(str, one)) & frozenset(map(str, other))
