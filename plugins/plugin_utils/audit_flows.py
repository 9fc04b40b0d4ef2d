# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What known ends had to do with each other, as flows that allow just that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..module_utils import policy_rules, port_ranges
from . import audit_ends, audit_noise
from .audit_ends import Ends, Names, Pair
from .audit_hints import Hints

DESCRIPTION = "Seen in audit mode; say here what it is for"
PREFIX = "audit"
_LONGEST_PART = 28


class Service(NamedTuple):
    """What was asked for; ``flags`` as in audit_noise."""

    protocol: str
    port: int
    flags: tuple[str, ...]


class Sight:
    """What one pair had to do with each other on one port: rows of ``seen``."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    def flags(self, protocol: str, port: int) -> tuple[str, ...]:
        return audit_noise.flags(protocol, port, {row["cast"] for row in self.rows}, {row["peer"] for row in self.rows})

    @property
    def packets(self) -> int:
        """Where both ends have counted, they counted the same packets."""
        return max(
            sum(row["packets"] for row in self.rows if row["direction"] == direction)
            for direction in policy_rules.DIRECTIONS
        )


Seen = Mapping[Pair, Mapping[tuple[str, int], Sight]]
Named = tuple[Service, Names, frozenset[Pair]]


def nameable(ends: Ends, seen: Seen) -> tuple[list[Named], list[tuple[Pair, Service]]]:
    """Return what flows can say, as service, names and pairs; and what none can, as pair and service."""
    services: dict[Service, set[Pair]] = {}
    for pair, sights in seen.items():
        for (protocol, port), sight in sights.items():
            services.setdefault(Service(protocol, port, sight.flags(protocol, port)), set()).add(pair)
    known: dict[frozenset[Pair], tuple[list[tuple[Names, frozenset[Pair]]], list[Pair]]] = {}
    named: list[Named] = []
    nameless: list[tuple[Pair, Service]] = []
    for service, pairs in sorted(services.items()):
        key = frozenset(pairs)
        if key not in known:
            known[key] = audit_ends.exact(ends, key)
        named.extend((service, names, some) for names, some in known[key][0])
        nameless.extend((pair, service) for pair in known[key][1])
    return named, nameless


def entries(named: Iterable[Named], seen: Seen, hints: Hints, taken: Iterable[str]) -> list[dict[str, Any]]:
    """Return ``{flow, packets, flags, pairs, like}`` for each flow, those with flags last; no id is one of ``taken``."""
    together: dict[tuple[str, tuple[str, ...], Names, frozenset[Pair]], list[int]] = {}
    for service, names, pairs in named:
        together.setdefault((service.protocol, service.flags, names, pairs), []).append(service.port)
    found: list[dict[str, Any]] = []
    for (protocol, flags, names, pairs), ports in together.items():
        for low, high in port_ranges.merge((port, port) for port in ports):
            sights = [seen[pair][protocol, port] for pair in pairs for port in range(low, high + 1)]
            found.append(
                {
                    "flow": _flow(names, protocol, low, high),
                    "packets": sum(sight.packets for sight in sights),
                    "flags": list(flags),
                    "pairs": [f"{first.name} -> {second.name}" for first, second in sorted(pairs)],
                    "like": hints.like(pairs, protocol, low),
                }
            )
    found.sort(key=lambda entry: (bool(entry["flags"]), entry["flow"]["id"]))
    used = set(taken)
    for entry in found:
        entry["flow"]["id"] = audit_ends.unused(entry["flow"]["id"], used)
        used.add(entry["flow"]["id"])
    return found


def _flow(names: Names, protocol: str, low: int, high: int) -> dict[str, Any]:
    numbers = [] if protocol == "igmp" else [low] if low == high else [low, high]
    service = "_".join([protocol, *map(str, numbers)])
    flow: dict[str, Any] = {
        "id": ".".join((PREFIX, _part(names.listeners), _part(names.initiators), service)),
        "from": list(names.initiators),
        "to": list(names.listeners),
        "protocol": [protocol],
        "port": low if len(numbers) == 1 else "-".join(map(str, numbers)) or "-",
        "description": DESCRIPTION,
    }
    return {**flow, "scope": "across_sites"} if names.across_sites else flow


def _part(names: tuple[str, ...]) -> str:
    more = f"_and_{len(names) - 1}" if len(names) > 1 else ""
    return re.sub(r"[^a-z0-9_]", "_", names[0].lower())[:_LONGEST_PART] + more
