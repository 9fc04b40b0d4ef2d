# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in the making: merged where packets cannot tell them apart, then sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from .peers import Peers
from .port_expression import Range


class Draft(NamedTuple):
    """One flow's part in a host's rules."""

    direction: str
    protocol: str
    ports: tuple[Range, ...]
    peers: Peers
    flow: str


class Final(NamedTuple):
    """A finished rule; ``flows`` are sorted ids."""

    direction: str
    protocol: str
    ports: tuple[Range, ...]
    peers: Peers
    flows: tuple[str, ...]

    def rule(self, reasons: Mapping[str, str]) -> dict[str, Any]:
        """Return the rule in the public form; ``reasons``: flow id -> text."""
        return {
            "direction": self.direction,
            "protocol": self.protocol,
            "ports": [port_ranges.text(pair) for pair in self.ports],
            "peers": list(self.peers.texts),
            "flows": list(self.flows),
            "reason": "; ".join(dict.fromkeys(reasons[flow] for flow in self.flows)),
        }

    def covers(self, other: Final) -> bool:
        """Return whether every packet of ``other`` is one of this rule's."""
        ports = all(any(low <= first and last <= high for low, high in self.ports) for first, last in other.ports)
        return ports and self.peers.includes(other.peers)


class Drafts:
    """The drafts of one host."""

    def __init__(self) -> None:
        self._flows: dict[tuple[str, str, tuple[Range, ...], int], tuple[Peers, set[str]]] = {}

    def add(self, draft: Draft) -> None:
        """Add a flow; flows of the same packets share a rule."""
        key = (draft.direction, draft.protocol, draft.ports, id(draft.peers))
        self._flows.setdefault(key, (draft.peers, set()))[1].add(draft.flow)

    def final(self) -> list[Final]:
        """Return the rules, sorted; one whose packets another rule has already joins that rule."""
        groups: dict[tuple[str, str], list[tuple[tuple[Range, ...], Peers, set[str]]]] = {}
        for (direction, protocol, ports, _peers), (peers, flows) in self._flows.items():
            groups.setdefault((direction, protocol), []).append((ports, peers, set(flows)))
        found = []
        for (direction, protocol), entries in groups.items():
            finals = [Final(direction, protocol, ports, peers, tuple(sorted(flows))) for ports, peers, flows in entries]
            found.extend(_folded(finals))
        return sorted(
            found, key=lambda rule: (rule.direction, rule.protocol, rule.ports, rule.peers.networks, rule.flows)
        )


def _folded(finals: list[Final]) -> list[Final]:
    """Fold each rule that another one covers into that one; only a larger rule can cover a smaller."""
    if len(finals) < 2:
        return finals
    kept: list[Final] = []
    for rule in sorted(finals, key=_widest_first):
        for position, wider in enumerate(kept):
            if wider.covers(rule):
                kept[position] = wider._replace(flows=tuple(sorted({*wider.flows, *rule.flows})))
                break
        else:
            kept.append(rule)
    return kept


def _widest_first(rule: Final) -> tuple[int, int, int, tuple[Range, ...], tuple[str, ...]]:
    """A rule comes before all that it covers; of two with the same packets, the shorter one."""
    ports = sum(high - low + 1 for low, high in rule.ports)
    return -rule.peers.size, -ports, len(rule.peers.networks), rule.ports, rule.flows
