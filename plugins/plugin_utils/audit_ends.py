# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who in an audit: addresses become hosts or networks of the site, and sets of them get names that a flow can have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from . import addresses
from .matrix import Matrix
from .parties import Parties
from .site import Host, Site

#: Ansible's group of hosts that are in no other: nothing that a flow should name.
NO_GROUP = "ungrouped"
MADE = "audit_"


class End(NamedTuple):
    """One end of what was seen: a ``host`` by its name, or a ``network`` by the component that it is given to."""

    kind: str
    name: str


Pair = tuple[End, End]


class Names(NamedTuple):
    """How a flow may call its ends: components and groups."""

    initiators: tuple[str, ...]
    listeners: tuple[str, ...]
    across_sites: bool


class Ends:
    """Answers for one site."""

    def __init__(self, site: Site, matrix: Matrix) -> None:
        self.site = site
        self.matrix = matrix
        self._at: dict[str, str] = {}
        self._members: dict[str, list[Host]] = {}
        for host in site.hosts.values():
            for component in host.components - {NO_GROUP}:
                self._members.setdefault(component, []).append(host)
            for address in host.addresses:
                self._at.setdefault(address.text, host.name)
        parties = Parties(site, matrix)
        documented = {name: networks for name in matrix.components if (networks := parties.documented(name))}
        # A host's variables come before the vendors' documents.
        self._networks = {name: {**documented, **host.networks} for name, host in site.hosts.items()}
        self._with_networks = {name for networks in self._networks.values() for name in networks}
        self._made: dict[str, str] = {}
        self._alone: dict[str, list[Host]] = {}

    def at(self, address: str, host: str) -> End | None:
        """Return who is at an address as ``host`` sees it: a host, else the smallest network around it; None for nobody."""
        peer = addresses.network(address)
        if peer.text in self._at:
            return End("host", self._at[peer.text])
        around = [
            (network.last - network.first, component)
            for component, networks in self._networks[host].items()
            if addresses.ANY not in networks
            for network in networks
            if network.version == peer.version and network.first <= peer.first and peer.last <= network.last
        ]
        return End("network", min(around)[1]) if around else None

    def names(self, end: End) -> tuple[str, ...]:
        """Return what an end may be called, what says most about it first."""
        if end.kind == "network":
            return (end.name,)
        known = self.matrix.components
        found = self.site.hosts[end.name].components - {NO_GROUP}
        return tuple(sorted(found, key=lambda name: (name not in known, -len(self.matrix.kinds(name)), name)))

    def across_sites(self, pair: Pair) -> bool:
        """Return whether the ends are in different sites, so that a flow between them has to say so."""
        first, second = (self.site.hosts[end.name].site if end.kind == "host" else None for end in pair)
        return None not in (first, second) and first != second

    def pairs(self, names: Names) -> Iterator[Pair]:
        """Yield who meets whom by a flow of these names, as the compiler has it."""
        for initiator in names.initiators:
            for listener in names.listeners:
                yield from self._meetings(initiator, listener, names)

    def own_name(self, end: End) -> str:
        """Return a name that this end alone has; a host without one is given a group to be made."""
        if end.kind == "network":
            return end.name
        for name in self.names(end):
            if len(self._members[name]) == 1 and name not in self._with_networks:
                return name
        if end.name not in self._made:
            base = MADE + re.sub(r"[^a-z0-9_]", "_", end.name.lower())
            group = unused(base, self._members.keys() | self.matrix.components.keys() | self._alone.keys())
            self._made[end.name], self._alone[group] = group, [self.site.hosts[end.name]]
        return self._made[end.name]

    def made(self, used: Collection[str]) -> dict[str, str]:
        """Return group -> host for those of the names in use that are groups to be made."""
        return {group: host for host, group in sorted(self._made.items()) if group in used}

    def _meetings(self, initiator: str, listener: str, names: Names) -> Iterator[Pair]:
        for first in self._hosts(initiator):
            if names.across_sites and first.components & {*names.listeners} - {*names.initiators}:
                continue
            for second in self._hosts(listener):
                apart = first.site != second.site
                if first is not second and apart == names.across_sites and first.versions & second.versions:
                    yield End("host", first.name), End("host", second.name)
        for first in self._hosts(initiator):
            if listener in self._networks[first.name]:
                yield End("host", first.name), End("network", listener)
        for second in self._hosts(listener):
            if initiator in self._networks[second.name]:
                yield End("network", initiator), End("host", second.name)

    def _hosts(self, name: str) -> list[Host]:
        return self._members.get(name) or self._alone.get(name, [])


def unused(base: str, used: Collection[str]) -> str:
    """Return ``base``, or with a number behind it the first that is not in use."""
    number, name = 1, base
    while name in used:
        number += 1
        name = f"{base}_{number}"
    return name


def exact(ends: Ends, pairs: Iterable[Pair]) -> tuple[list[tuple[Names, frozenset[Pair]]], list[Pair]]:
    """Return names for flows between just these pairs, each with the pairs it is for; and the pairs that have no such names.

    A flow of a component to a component is chosen only where all of the one were seen with all of the other.
    """
    wanted = frozenset(pairs)
    chosen, left = _by_component(ends, wanted)
    singles, nameless = _by_host(ends, wanted, left)
    return _joined(chosen) + singles, nameless


def _by_component(ends: Ends, wanted: frozenset[Pair]) -> tuple[list[tuple[Names, frozenset[Pair]]], set[Pair]]:
    offers: dict[Names, frozenset[Pair]] = {}
    refused: set[Names] = set()
    for pair in sorted(wanted):
        for initiator in ends.names(pair[0]):
            for listener in ends.names(pair[1]):
                names = Names((initiator,), (listener,), ends.across_sites(pair))
                if names not in offers and names not in refused:
                    found = _within(ends, names, wanted)
                    if found:
                        offers[names] = found
                    else:
                        refused.add(names)
    chosen, left = [], set(wanted)
    while offers and left:
        # The first of the largest: offers are in the order of what says most.
        names = max(offers, key=lambda names: len(offers[names] & left))
        found = offers.pop(names)
        if not found & left:
            break
        chosen.append((names, found))
        left -= found
    return chosen, left


def _within(ends: Ends, names: Names, wanted: frozenset[Pair]) -> frozenset[Pair]:
    """Return the pairs of a flow of these names, or none when one of them is not wanted."""
    found = set()
    for pair in ends.pairs(names):
        if pair not in wanted:
            return frozenset()
        found.add(pair)
    return frozenset(found)


def _by_host(
    ends: Ends, wanted: frozenset[Pair], left: set[Pair]
) -> tuple[list[tuple[Names, frozenset[Pair]]], list[Pair]]:
    initiators: dict[tuple[End, bool], set[End]] = {}
    nameless = []
    for first, second in sorted(left):
        names = Names((ends.own_name(first),), (ends.own_name(second),), ends.across_sites((first, second)))
        if _within(ends, names, wanted):
            initiators.setdefault((second, names.across_sites), set()).add(first)
        else:
            nameless.append((first, second))
    listeners: dict[tuple[tuple[End, ...], bool], list[End]] = {}
    for (second, across), firsts in initiators.items():
        listeners.setdefault((tuple(sorted(firsts)), across), []).append(second)
    found = []
    for (firsts_, across), seconds in listeners.items():
        names = Names(
            tuple(ends.own_name(end) for end in firsts_), tuple(ends.own_name(end) for end in sorted(seconds)), across
        )
        found.append((names, frozenset((first, second) for first in firsts_ for second in seconds)))
    return found, nameless


def _joined(chosen: list[tuple[Names, frozenset[Pair]]]) -> list[tuple[Names, frozenset[Pair]]]:
    """Make one flow of those that differ in their initiators alone. Across sites, who else is named decides: left alone."""
    joined: dict[tuple[tuple[str, ...], bool, Names | None], tuple[tuple[str, ...], frozenset[Pair]]] = {}
    for names, pairs in chosen:
        key = (names.listeners, names.across_sites, names if names.across_sites else None)
        initiators, known = joined.get(key, ((), frozenset()))
        joined[key] = (tuple(sorted({*initiators, *names.initiators})), known | pairs)
    return [
        (Names(initiators, listeners, across), pairs)
        for (listeners, across, _alone), (initiators, pairs) in joined.items()
    ]
