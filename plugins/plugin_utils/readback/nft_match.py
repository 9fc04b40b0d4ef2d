# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a match of nft's JSON asks of a packet. What is not understood makes it uncertain, never wider or narrower."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import conditions, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.conditions import (
    ANY,
    NONE,
    UNCERTAIN,
    Condition,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NAMES, NUMBERS, Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.nft_fields import (
    STATES,
    TCP_FLAGS,
    About,
    Field,
    field,
    flags,
    implied,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.places import KINDS

_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_TRANSLATED = frozenset({"dnat", "snat"})
_PIECE_OF_MANY = 0x3FFF
"""The bits of ``ip frag-off`` that only a fragment has."""


class Asked(NamedTuple):
    """What is asked. ``odd``: only packets match that no policy speaks of, such as fragments or ones from a wrong interface."""

    condition: Condition
    odd: bool = False


def asked(match: Mapping[str, Any], about: About) -> Asked:
    """Return what a ``match`` asks."""
    left, operation, right = match.get("left"), match.get("op", "=="), match.get("right")
    special = _presence(left, operation, right)
    if special is not None:
        return special
    return Asked(_condition(left, operation, right, about))


def equal(left: Any, values: Iterable[Any], about: About) -> Condition:
    """Return the condition that an expression is one of ``values``, elements of a set or keys of a map."""
    found = _bare(values)
    if any(value == "*" for value in found):
        return Condition((implied(left),))
    if isinstance(left, dict) and "concat" in left:
        return _concatenated(left["concat"], found, about)
    what = field(left, about)
    return _certain_where(what, found) if what else Condition((implied(left),), False)


def set_of(value: Any, about: About) -> list[Any] | None:
    """Return the elements of a set, by its name or written out, or the one value; None where the set is not known."""
    if isinstance(value, str) and value.startswith("@"):
        return about.sets.get(value[1:])
    if isinstance(value, dict) and "set" in value:
        inner = value["set"]
        return inner if isinstance(inner, list) else [inner]
    return [value]


def _condition(left: Any, operation: str, right: Any, about: About) -> Condition:
    match left:
        case {"ct": {"key": "status"}}:
            return _status(operation, right)
        case {"ct": {"key": "direction"}}:
            replies: Box = {"state": frozenset({"established", "related"})}
            return Condition((replies if (operation, right) == ("==", "reply") else {},), False)
        case {"fib": {"result": "type", "flags": ["daddr"]}} if not about.arriving:
            return _destination_type(operation, right, about)
    bits = _bits(left, operation, right)
    if bits is not None:
        return bits
    what = field(left, about)
    if operation in ("<", ">", "<=", ">=") and what:
        return _ordered(what, operation, right)
    values = set_of(right, about)
    if operation not in ("==", "!=") or values is None or isinstance(right, list):
        return Condition((implied(left),), False)
    if operation == "==":
        return equal(left, values, about)
    if what is None:
        return Condition((implied(left),), False)
    return _certain_where(what, _bare(values), True)


def _bare(values: Iterable[Any]) -> list[Any]:
    """Return elements without their counters, comments and times."""
    return [value["elem"]["val"] if isinstance(value, dict) and "elem" in value else value for value in values]


def _certain_where(what: Field, values: Iterable[Any], inverted: bool = False) -> Condition:
    """Return the condition that a field is one of ``values``, or none of them."""
    numbers: list[tuple[int, int]] = []
    names: set[str] = set()
    for value in values:
        meaning = what.read(value)
        if meaning is None:
            return Condition((what.implied,), False)
        if isinstance(meaning, frozenset):
            names |= meaning
        else:
            numbers.extend(meaning)
    if what.dimension in NAMES:
        found = conditions.names(what.dimension, names, inverted, what.known)
    else:
        found = conditions.numbers(what.dimension, numbers, inverted)
    return conditions.all_of([Condition((what.implied,)), found])


def _concatenated(parts: list[Any], values: list[Any], about: About) -> Condition:
    fields = [field(part, about) for part in parts]
    boxes: list[Box] = []
    certain = True
    for value in values:
        components = value.get("concat") if isinstance(value, dict) else None
        if components is None or len(components) != len(parts):
            return Condition((_implied_by(parts),), False)
        one = conditions.all_of(
            _certain_where(what, [component]) if what else Condition((implied(part),), False)
            for what, part, component in zip(fields, parts, components)
        )
        boxes.extend(one.boxes)
        certain = certain and one.certain
    return Condition(conditions.union(boxes), certain)


def _implied_by(parts: list[Any]) -> Box:
    found = conditions.all_of(Condition((implied(part),)) for part in parts)
    return found.boxes[0] if found.boxes else {}


def _ordered(what: Field, operation: str, right: Any) -> Condition:
    meaning = what.read(right)
    if not isinstance(meaning, tuple) or len(meaning) != 1 or meaning[0][0] != meaning[0][1]:
        return Condition((what.implied,), False)
    number, highest = meaning[0][0], NUMBERS[what.dimension]
    span = {
        "<": (0, number - 1),
        "<=": (0, number),
        ">": (number + 1, highest),
        ">=": (number, highest),
    }[operation]
    found = conditions.numbers(what.dimension, [span] if span[0] <= span[1] else [])
    return conditions.all_of([Condition((what.implied,)), found])


def _bits(left: Any, operation: str, right: Any) -> Condition | None:
    """Return the condition where flags are compared by bits; None where they are not, or are compared with a set."""
    mask: int | None = None
    inner = left
    if isinstance(left, dict) and "&" in left:
        inner, masked = left["&"]
    match inner:
        case {"ct": {"key": "state", **rest}} if not rest:
            names, universe = STATES, list(STATES.values())
        case {"payload": {"protocol": "tcp", "field": "flags"}}:
            names, universe = TCP_FLAGS, list(range(256))
        case _:
            return None
    if inner is not left:
        mask = flags(masked, names)
        if mask is None:
            return Condition((implied(inner),), False)
    elif operation in ("==", "!=") and not (isinstance(right, dict) and "|" in right):
        return None
    value = flags(right, names)
    if value is None:
        return Condition((implied(inner),), False)
    seen = {number: number if mask is None else number & mask for number in universe}
    if operation in ("in", "!"):
        matching = [number for number, bits in seen.items() if bool(bits & value) == (operation == "in")]
    elif operation in _COMPARE:
        matching = [number for number, bits in seen.items() if _COMPARE[operation](bits, value)]
    else:
        return Condition((implied(inner),), False)
    if names is STATES:
        return conditions.names("state", [name for name, bit in STATES.items() if bit in matching])
    found = conditions.numbers("tcp_flags", [(number, number) for number in matching])
    return conditions.all_of([Condition((implied(inner),)), found])


def _status(operation: str, right: Any) -> Condition:
    """What was translated has been judged where that happened, so none of the packets that are left is."""
    asked = {right} if isinstance(right, str) else set(right) if isinstance(right, list) else set()
    if not asked or not asked <= _TRANSLATED:
        return UNCERTAIN
    return {"in": NONE, "==": NONE, "!": ANY, "!=": ANY}.get(operation, UNCERTAIN)


def _destination_type(operation: str, right: Any, about: About) -> Condition:
    """What leaves is for the host itself where the destination is an address of its own."""
    if right != "local" or operation not in ("==", "!="):
        return UNCERTAIN
    own = []
    for family, mine in about.addresses.items():
        inside = ranges.union(mine, KINDS[family].loop)
        found = conditions.numbers("destination", inside, operation == "!=")
        own.append(conditions.all_of([conditions.names("family", [family]), found]))
    return conditions.any_of(own)


def _presence(left: Any, operation: str, right: Any) -> Asked | None:
    """Return what is asked where only odd packets differ from the others; None where something else is asked."""
    match left:
        case {"exthdr": dict(header)}:
            there = "field" in header or bool(right) == (operation == "==")
            family = "ipv6"
        case {"fib": {"result": "oif" | "oifname" | "check", "flags": [*which]}} if "saddr" in which and right in (
            0,
            1,
        ):
            there = bool(right) != (operation == "==")
            family = ""
        case {"&": [{"payload": {"protocol": "ip", "field": "frag-off"}}, int(mask)]} if mask & ~_PIECE_OF_MANY == 0:
            there = right != 0 or operation != "=="
            family = "ipv4"
        case _:
            return None
    of_family = conditions.names("family", [family]) if family else ANY
    return Asked(of_family._replace(certain=not there), there)
