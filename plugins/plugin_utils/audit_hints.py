# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows of the matrices would have allowed what an audit has seen: a hint at a host or network that nobody declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from . import parameters
from .audit_ends import Pair
from .matrix import Flow, Matrix
from .parameters import MissingParameter
from .port_expression import Range
from .site import Host, Site

#: A flow with a wider range says nothing about one of its ports.
WIDEST = 1024


class _Offer(NamedTuple):
    flow: Flow
    ports: tuple[Range, ...]
    others: tuple[str, ...]


class Hints:
    """Answers for one site; what a host could take part in is worked out once."""

    def __init__(self, matrix: Matrix, site: Site) -> None:
        self._matrix = matrix
        self._site = site
        self._present = {component for host in site.hosts.values() for component in host.components}
        self._offers: dict[tuple[str, str], list[_Offer]] = {}

    def like(self, pairs: Iterable[Pair], protocol: str, port: int) -> list[str]:
        """Return the ids of flows that allow just this between other components, for any of the pairs."""
        found: set[str] = set()
        for first, second in pairs:
            host, direction = (second, "in") if second.kind == "host" else (first, "out")
            found.update(offer.flow.id for offer in self._matching(host.name, direction, protocol, port))
        return sorted(found)

    def candidates(self, seen: Iterable[tuple[str, str, str, int]]) -> list[dict[str, Any]]:
        """Return ``{component, explains, in_site, flows}`` for what an unknown peer may be, best first.

        ``seen``: host, direction, protocol and port of what the peer did; ``explains``: how many of these. ``in_site``: whether
        a host of the site is one already.
        """
        explained: dict[str, tuple[set[tuple[str, str, str, int]], set[str]]] = {}
        for sight in seen:
            for offer in self._matching(*sight):
                for component in offer.others:
                    sights, flows = explained.setdefault(component, (set(), set()))
                    sights.add(sight)
                    flows.add(offer.flow.id)
        found: list[dict[str, Any]] = [
            {
                "component": component,
                "explains": len(sights),
                "in_site": component in self._present,
                "flows": sorted(flows),
            }
            for component, (sights, flows) in explained.items()
        ]
        return sorted(found, key=lambda entry: (*_worth(entry), entry["component"]))

    def _matching(self, host: str, direction: str, protocol: str, port: int) -> list[_Offer]:
        if (host, direction) not in self._offers:
            self._offers[host, direction] = list(self._made(self._site.hosts[host], direction))
        return [
            offer
            for offer in self._offers[host, direction]
            if protocol in offer.flow.protocols
            and (protocol == "igmp" or any(low <= port <= high for low, high in offer.ports))
        ]

    def _made(self, host: Host, direction: str) -> Iterable[_Offer]:
        for flow in self._matrix.flows.values():
            mine, others = (flow.listeners, flow.initiators) if direction == "in" else (flow.initiators, flow.listeners)
            if host.components.isdisjoint(mine):
                continue
            try:
                ports = parameters.ports(flow, host, self._matrix)
            except (MissingParameter, ValueError):
                continue
            if sum(high - low + 1 for low, high in ports) <= WIDEST:
                yield _Offer(flow, ports, others)


def best(candidates: Sequence[dict[str, Any]]) -> str:
    """Return the component that explains more than any other of `Hints.candidates` does, "" where two are alike."""
    alike = [entry["component"] for entry in candidates if _worth(entry) == _worth(candidates[0])]
    return alike[0] if len(alike) == 1 else ""


def _worth(entry: dict[str, Any]) -> tuple[int, bool]:
    return -entry["explains"], not entry["in_site"]
