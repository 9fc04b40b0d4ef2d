# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sets of ``ipset save``, and what a rule asks that refers to one.

What is in a set when it is read counts, also where it goes by itself after some time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import conditions
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.conditions import NONE, UNCERTAIN, Condition
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_words import (
    ICMP_TYPES,
    WITH_PORTS,
    protocol_number,
    words,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Values

_NUMBER = re.compile(r"[0-9]+")
#: What a member may have besides, that does not change whether it matches: name -> how many words follow.
_BESIDES = {"timeout": 1, "packets": 1, "bytes": 1, "comment": 1, "skbmark": 1, "skbprio": 1, "skbqueue": 1}
_DIMENSIONS = {
    "address": {"src": "source", "dst": "destination"},
    "port": {"src": "source_port", "dst": "destination_port"},
    "interface": {"src": "input_interface", "dst": "output_interface"},
}
_ICMP = {"icmp": "ipv4", "ipv6-icmp": "ipv6", "icmpv6": "ipv6"}
_DEPTH = 8
"""Of sets in sets: the kernel allows one."""


class IpSet(NamedTuple):
    """``kinds`` are the parts of a member (``ip``, ``net``, ``port``, ``iface``, ``set``, ...); ``family`` is "" where any will do.

    A member has a box for each part, whose dimensions are ``address``, ``port``, ``interface``, ``protocol`` and ``icmp_type``.
    Unless the set is ``certain``, it may hold less than its members. ``sets`` are the names of those in a set of sets.
    """

    kinds: tuple[str, ...]
    family: str
    members: tuple[tuple[Box, ...], ...]
    certain: bool
    sets: tuple[str, ...]


class _Open:
    """A set while its lines are read."""

    def __init__(self, kind: str, options: list[str]) -> None:
        structure, colon, parts = kind.partition(":")
        self.kinds = tuple(parts.split(","))
        self.family = {"inet": "ipv4", "inet6": "ipv6"}.get(_after(options, "family"), "")
        if structure == "bitmap" and "port" not in self.kinds:
            self.family = "ipv4"
        self.certain = structure in ("hash", "bitmap", "list") and bool(colon) and "bitmask" not in options
        self.port_alone = structure == "bitmap"
        self.mask = _after(options, "netmask")
        self.members: list[tuple[Box, ...]] = []
        self.sets: list[str] = []

    def add(self, member: str, options: list[str]) -> None:
        if self.kinds == ("set",):
            self.sets.append(member)
            return
        position = 0
        while position < len(options):
            self.certain = self.certain and options[position] in _BESIDES
            position += 1 + _BESIDES.get(options[position], 0)
        parts = member.split(",")
        if len(parts) != len(self.kinds):
            self.certain, parts = False, [""] * len(self.kinds)
        self.members.append(tuple(self._part(kind, text) for kind, text in zip(self.kinds, parts)))

    def _part(self, kind: str, text: str) -> Box:
        found: tuple[Box, bool] | None = None
        if kind in ("ip", "net"):
            ends = conditions.network(text + f"/{self.mask}" * bool(self.mask and "/" not in text), self.family)
            found = ({"address": (ends,)}, True) if ends else None
        elif kind == "port" and self.port_alone:
            found = (
                ({"protocol": ((6, 6), (17, 17)), "port": ((int(text), int(text)),)}, True) if _is_port(text) else None
            )
        elif kind == "port":
            found = _port(text)
        elif kind == "iface" and text and not text.startswith("physdev:") and not text.endswith("*"):
            found = ({"interface": frozenset({text})}, True)
        box, certain = found or ({}, False)
        self.certain = self.certain and certain
        return box


def sets(text: str) -> dict[str, IpSet]:
    """Return name -> set for the text of ``ipset save``; raises ValueError, with the line, where it is something else."""
    found: dict[str, _Open] = {}
    for line in text.splitlines():
        verb, *rest = words(line) or [""]
        if verb == "create" and len(rest) > 1:
            found[rest[0]] = _Open(rest[1], rest[2:])
        elif verb == "add" and len(rest) > 1 and rest[0] in found:
            found[rest[0]].add(rest[1], rest[2:])
        elif verb:
            raise ValueError(f"ipset save: this line is not understood: {line}")
    return {
        name: IpSet(each.kinds, each.family, tuple(each.members), each.certain, tuple(each.sets))
        for name, each in found.items()
    }


def asked(known: Mapping[str, IpSet], name: str, directions: Sequence[str], family: str, inverted: bool) -> Condition:
    """Return what ``--match-set name directions`` asks of a packet of a family."""
    if not set(directions) <= {"src", "dst"}:
        return UNCERTAIN
    found = _asked(known, name, directions, family, _DEPTH)
    return conditions.inverted(found) if inverted else found


def _asked(known: Mapping[str, IpSet], name: str, directions: Sequence[str], family: str, depth: int) -> Condition:
    about = known.get(name)
    if about is None or depth == 0:
        return UNCERTAIN
    if about.kinds == ("set",):
        return conditions.any_of(_asked(known, each, directions, family, depth - 1) for each in about.sets)
    if about.family not in ("", family) or len(directions) < len(about.kinds):
        return NONE  # the kernel does not look into such a set
    boxes: list[Box] = []
    for member in about.members:
        parts = [Condition((_turned(box, way),)) for box, way in zip(member, directions)]
        boxes.extend(conditions.all_of(parts).boxes)
    return Condition(conditions.union(boxes), about.certain)


def _turned(box: Box, direction: str) -> Box:
    return {_DIMENSIONS[name][direction] if name in _DIMENSIONS else name: values for name, values in box.items()}


def _port(text: str) -> tuple[Box, bool] | None:
    """Return the box of ``tcp:80``, ``80``, ``icmp:8/0`` or ``vrrp:0``, and whether that is all that it asks."""
    name, colon, port = text.partition(":")
    if not colon:
        name, port = "tcp", text
    number = protocol_number(name)
    if number is None:
        return None
    box: dict[str, Values] = {"protocol": ((number, number),)}
    if name in WITH_PORTS and _is_port(port):
        return {**box, "port": ((int(port), int(port)),)}, True
    if name in _ICMP:  # a code besides, which is not told apart
        kind = port.partition("/")[0]
        value = int(kind) if _NUMBER.fullmatch(kind) else ICMP_TYPES[_ICMP[name]].get(kind)
        return ({**box, "icmp_type": ((value, value),)} if value is not None else box), False
    return box, port == "0" and name not in WITH_PORTS


def _is_port(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and int(text) <= 65535


def _after(options: list[str], name: str) -> str:
    """Return the word after ``name``, "" where there is none."""
    return options[options.index(name) + 1] if name in options[:-1] else ""
