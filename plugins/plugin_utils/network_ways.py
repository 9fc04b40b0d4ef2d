# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall between the hosts must let through: ways from one address to another, and lines that say them in few words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from .addresses import ANY_TEXT, Network, network
from .peer_names import Party, PeerNames, shown
from .peers import Peers
from .port_expression import Range
from .report import one_line

IGMP = "igmp"


class Way(NamedTuple):
    """From one address (or network) to another; the names tell apart sites that use the same addresses."""

    source: str
    source_address: str
    destination: str
    destination_address: str
    protocol: str


class Cause(NamedTuple):
    """Ports that a way needs, and why."""

    ports: tuple[Range, ...]
    reason: str
    flows: tuple[str, ...]


class Line(NamedTuple):
    """Ways of the same ports between the same two, as one rule of a firewall."""

    source: str
    source_addresses: tuple[str, ...]
    destination: str
    destination_addresses: tuple[str, ...]
    protocol: str
    ports: tuple[Range, ...]
    causes: tuple[Cause, ...]


class LeftOut(NamedTuple):
    """A rule of a host that is no line, and what to do about it."""

    host: str
    flow: str
    reason: str
    remedy: str


Ways = dict[Way, list[Cause]]


def needed(names: PeerNames, hosts: Collection[str] | None = None) -> tuple[Ways, list[LeftOut]]:
    """Return the ways for the policies that ``names`` knows, and what cannot be one.

    ``hosts``: only ways that begin or end at one of these (None: all); those of a multicast end at its listeners.
    """
    collector = _Collector(names, hosts)
    for name in sorted(names.policies):
        collector.incoming(name)
    for name in sorted(names.policies):
        collector.outgoing(name)
    return collector.ways, sorted(set(collector.left_out))


def without(ways: Ways, others: Ways) -> Ways:
    """Return what of ``ways`` is not in ``others``, down to the port."""
    found: Ways = {}
    for way, causes in ways.items():
        known = [pair for cause in others.get(way, ()) for pair in cause.ports]
        rest = [cause._replace(ports=ports) for cause in causes if (ports := _outside(cause.ports, known))]
        if rest:
            found[way] = rest
    return found


def lines(ways: Ways) -> list[Line]:
    """Return the fewest lines that say these ways and no others, sorted."""
    between: dict[tuple[str, str, str], dict[tuple[Range, ...], list[Way]]] = {}
    for way, causes in ways.items():
        ports = tuple(port_ranges.merge(pair for cause in causes for pair in cause.ports))
        between.setdefault((way.source, way.destination, way.protocol), {}).setdefault(ports, []).append(way)
    found = []
    for (source, destination, protocol), by_ports in between.items():
        for ports, same in by_ports.items():
            for sources, destinations in _rectangles(same):
                why = tuple(dict.fromkeys(cause for way in same for cause in ways[way]))
                found.append(Line(source, sources, destination, destinations, protocol, ports, why))
    return sorted(found, key=_order)


class _Collector:
    """Goes through the rules of every host: first what listeners let in, then what only an initiator knows of."""

    def __init__(self, names: PeerNames, hosts: Collection[str] | None) -> None:
        self.names = names
        self.hosts = hosts
        self.ways: Ways = {}
        self.left_out: list[LeftOut] = []
        self._heard: set[tuple[str, str]] = set()
        self._peers: dict[tuple[str, ...], Peers] = {}
        self._open: dict[tuple[str, str, str, bool], list[Range]] = {}

    def incoming(self, name: str) -> None:
        """Add the ways to a host, but for groups: those end elsewhere."""
        host = self.names.host(name)
        for rule, cause in self._rules(name, "in"):
            for party in self.names.peers(name, rule):
                if not self._chosen(host, party):
                    continue
                if party.hosts and self.names.is_multicast(rule):
                    self._heard.update((sender, flow) for sender in party.hosts for flow in rule["flows"])
                else:
                    self._add(party, host, rule["protocol"], cause)

    def outgoing(self, name: str) -> None:
        """Add the ways from a host that no listener's rules have."""
        host = self.names.host(name)
        for rule, cause in self._rules(name, "out"):
            heard = any((name, flow) in self._heard for flow in rule["flows"])
            for party in self.names.peers(name, rule):
                if heard or self._chosen(host, party):
                    self._add(host, party, rule["protocol"], cause, listeners=party.hosts)

    def _rules(self, name: str, direction: str) -> Iterator[tuple[Mapping[str, Any], Cause]]:
        for rule in self.names.policies[name]["rules"]:
            if rule["direction"] != direction:
                continue
            if rule["protocol"] == IGMP:
                if self.hosts is None or name in self.hosts:
                    remedy = "multicast routing, where the hosts are in several networks"
                    reason = "IGMP stays in its own network"
                    self.left_out.extend(LeftOut(name, flow, reason, remedy) for flow in rule["flows"])
                continue
            ports = tuple(port_ranges.merge(map(port_ranges.parse_range, rule["ports"])))
            yield rule, Cause(ports, rule["reason"], tuple(rule["flows"]))

    def _add(
        self, source: Party, destination: Party, protocol: str, cause: Cause, listeners: Sequence[str] = ()
    ) -> None:
        for end in (source, destination):
            if not end.addresses:
                reason, remedy = f"no address is known of {end.name}", f"portmatrix_addresses on {end.name}"
                self.left_out.extend(LeftOut(end.name, flow, reason, remedy) for flow in cause.flows)
        for first in source.addresses:
            for second in destination.addresses:
                if not compatible(first, second) or first == second:
                    continue
                known = [pair for name in listeners for pair in self._let_in(name, protocol, first)]
                ports = _outside(cause.ports, known)
                if ports:
                    way = Way(one_line(source.name), first, one_line(destination.name), second, protocol)
                    self.ways.setdefault(way, []).append(cause._replace(ports=ports))

    def _let_in(self, listener: str, protocol: str, address: str) -> list[Range]:
        """Return the ports of the listener's own lines for an address: when it is not shown itself, only those by name."""
        by_name = self.hosts is not None and listener not in self.hosts
        key = (listener, protocol, address, by_name)
        if key not in self._open:
            wanted = network(address)
            self._open[key] = [
                port_ranges.parse_range(port)
                for rule in self.names.policies[listener]["rules"]
                if rule["direction"] == "in" and rule["protocol"] == protocol
                if (wanted.text in rule["peers"] if by_name else self._set_of(rule["peers"]).covers(wanted))
                for port in rule["ports"]
            ]
        return self._open[key]

    def _set_of(self, peers: Sequence[str]) -> Peers:
        key = tuple(peers)
        if key not in self._peers:
            self._peers[key] = Peers(map(network, key))
        return self._peers[key]

    def _chosen(self, host: Party, party: Party) -> bool:
        return self.hosts is None or any(name in self.hosts for name in (*host.hosts, *party.hosts))


def compatible(first: str, second: str) -> bool:
    """Return whether packets go from one to the other: of one family, or anything."""
    return ANY_TEXT in (first, second) or (":" in first) == (":" in second)


def _outside(ports: Sequence[Range], known: Sequence[Range]) -> tuple[Range, ...]:
    """Return the parts of ``ports`` that are not in ``known``."""
    if not known:
        return tuple(ports)
    rest: list[Range] = []
    for low, high in ports:
        for first, last in port_ranges.merge(known):
            if last < low or first > high:
                continue
            if first > low:
                rest.append((low, first - 1))
            low = last + 1
        if low <= high:
            rest.append((low, high))
    return tuple(rest)


def _rectangles(ways: Sequence[Way]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Divide ways into pairs of sources and destinations of which every compatible combination is a way."""
    targets: dict[str, set[str]] = {}
    for way in ways:
        targets.setdefault(way.source_address, set()).add(way.destination_address)
    alike: dict[frozenset[str], set[str]] = {}
    for source, found in targets.items():
        alike.setdefault(frozenset(found), set()).add(source)
    if len(alike) == 2:
        [first, second], [sources, others] = list(alike), list(alike.values())
        if not any(compatible(a, b) for a, b in [*_pairs(sources, second), *_pairs(others, first)]):
            alike = {first | second: sources | others}
    return [(_sorted(sources), _sorted(destinations)) for destinations, sources in alike.items()]


def _pairs(sources: Collection[str], destinations: Collection[str]) -> Iterator[tuple[str, str]]:
    return ((source, destination) for source in sources for destination in destinations)


def _sorted(addresses: Collection[str]) -> tuple[str, ...]:
    return tuple(shown(each.text) for each in sorted(map(network, addresses)))


def _order(line: Line) -> tuple[str, str, str, tuple[Network, ...], tuple[Network, ...], tuple[Range, ...]]:
    sources, destinations = tuple(map(network, line.source_addresses)), tuple(map(network, line.destination_addresses))
    return line.source, line.destination, line.protocol, sources, destinations, line.ports
