# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host, as an initiator, must be able to reach and must not: the input of the proof.

Both follow from the listeners' finished rules: a port is open to an initiator exactly when a rule lets its address in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from ..module_utils.probe_requests import LANGUAGES
from .addresses import Network
from .coverage import additions, sources
from .rules import Final
from .site import Host, Site

#: Ports that are asked of every host although nothing declares them.
UNDECLARED = {"tcp": (22, 80, 443, 8080), "udp": (161,)}


class Service(NamedTuple):
    """What a host's rules say about one protocol: its incoming rules, and the ports worth asking.

    Those are a sample of every range of every rule, the neighbours of where it begins and ends, and a few that nothing declares.
    ``speaks``: port -> the protocol that its service can be asked in, where the flows say so.
    """

    protocol: str
    rules: tuple[Final, ...]
    ports: tuple[int, ...]
    speaks: Mapping[int, str]


def expectations(
    site: Site,
    final: Mapping[str, Sequence[Final]],
    services: Mapping[str, tuple[Service, ...]],
    met: Mapping[str, Iterable[Sequence[Host]]],
) -> dict[str, list[dict[str, Any]]]:
    """Return host -> entries ``{to, source, address, protocol, open: [ports], shut: [ports]}``, sorted.

    Where ports speak a protocol that a service can be asked in, the entry also has ``speaks: {port: protocol}``.
    Every host that an initiator meets by a flow (``met``) or that its rules name is asked, and a sample of the others
    (``portmatrix_undeclared_sample`` of them, spread over sites and kinds of hosts). Then those are added that leave no part
    of any listener's rules without somebody whom it lets in and somebody whom it does not (see ``coverage``).
    """
    by_address = {address: host for host in site.hosts.values() for address in host.addresses}
    spread = _Spread(site)
    outgoing = {name: [rule for rule in rules if rule.direction == "out"] for name, rules in final.items()}
    targets: dict[str, set[str]] = {}
    for host in site.hosts.values():
        named = {by_address[n].name for rule in outgoing[host.name] for n in rule.peers.networks if n in by_address}
        named.update(other.name for others in met[host.name] for other in others)
        named.update(spread.sample(host, named))
        targets[host.name] = named - {host.name}
    admitted = {name: [rule.peers for service in ours for rule in service.rules] for name, ours in services.items()}
    for initiator, listener in additions(site, admitted, targets):
        targets[initiator].add(listener)
    return {
        host.name: [
            entry
            for name in sorted(targets[host.name])
            for entry in _entries(
                host, site.hosts[name], services[name], outgoing[host.name] if host.egress_enforced else None
            )
        ]
        for host in site.hosts.values()
    }


def services_of(rules: Sequence[Final], spoken: Mapping[str, str] | None = None) -> tuple[Service, ...]:
    """Return what a host with these finished rules offers: one service for each protocol.

    ``spoken``: flow id -> what its listener speaks. A rule speaks it where all of its flows do.
    """
    found = []
    for protocol, undeclared in UNDECLARED.items():
        ours = tuple(rule for rule in rules if rule.direction == "in" and rule.protocol == protocol)
        ports = {port for rule in ours for port in port_ranges.sample(rule.ports)}.union(undeclared)
        for low, high in (pair for rule in ours for pair in rule.ports):
            ports.update((low - 1, high + 1))
        asked_for = tuple(sorted(ports.difference((0, port_ranges.HIGHEST + 1))))
        found.append(Service(protocol, ours, asked_for, _speaks(protocol, ours, spoken or {})))
    return tuple(found)


def _speaks(protocol: str, rules: Sequence[Final], spoken: Mapping[str, str]) -> dict[int, str]:
    found = {}
    for rule in rules:
        languages = {spoken.get(flow, "") for flow in rule.flows}
        if len(languages) == 1 and languages <= LANGUAGES[protocol].keys():
            found.update(dict.fromkeys(port_ranges.sample(rule.ports), languages.pop()))
    return found


def asked(services: Sequence[Service]) -> list[dict[str, Any]]:
    """Return the ports that the proof asks of a host with these services, open and shut: where a responder must answer."""
    return [{"direction": "in", "protocol": s.protocol, "ports": [str(port) for port in s.ports]} for s in services]


def _entries(
    initiator: Host, listener: Host, services: tuple[Service, ...], limits: list[Final] | None
) -> Iterator[dict[str, Any]]:
    own = sources(initiator)
    for address in listener.addresses:
        source = own.get(address.version)
        if source is None or address in initiator.addresses:
            continue
        for service in services:
            allowed = _reachable(service, source, address, limits)
            shut = [port for port in service.ports if port not in allowed] if listener.managed else []
            opened = [port for port in service.ports if port in allowed]
            speaks = {str(port): service.speaks[port] for port in opened if port in service.speaks}
            if opened or shut:
                yield {
                    "to": listener.name,
                    "source": source.text.partition("/")[0],
                    "address": address.text.partition("/")[0],
                    "protocol": service.protocol,
                    "open": opened,
                    "shut": shut,
                    **({"speaks": speaks} if speaks else {}),
                }


def _reachable(service: Service, source: Network, address: Network, limits: list[Final] | None) -> set[int]:
    """Return those of the service's ports that the listener lets in, and an enforced egress lets out."""
    ranges = [pair for rule in service.rules if rule.peers.covers(source) for pair in rule.ports]
    ports = {port for port in service.ports if any(low <= port <= high for low, high in ranges)}
    if limits is None or not ports:
        return ports
    leaving = [
        p for rule in limits if rule.protocol == service.protocol and rule.peers.covers(address) for p in rule.ports
    ]
    return {port for port in ports if any(low <= port <= high for low, high in leaving)}


class _Spread:
    """Picks hosts so that any few of them are of many kinds; each initiator gets others of a kind."""

    def __init__(self, site: Site) -> None:
        self._kinds: dict[str | None, dict[frozenset[str], list[str]]] = {}
        self._position = {name: position for position, name in enumerate(site.hosts)}
        for host in site.hosts.values():
            if host.addresses:
                for place in (host.site, None):
                    self._kinds.setdefault(place, {}).setdefault(host.components, []).append(host.name)

    def sample(self, host: Host, declared: set[str]) -> list[str]:
        """Return up to ``host.sample`` undeclared hosts: three quarters of its own site, the rest from anywhere."""
        near = self._take(host, host.site, host.sample - host.sample // 4, declared)
        return near + self._take(host, None, host.sample - len(near), declared.union(near))

    def _take(self, host: Host, place: str | None, count: int, without: set[str]) -> list[str]:
        candidates = self._candidates(place, self._position[host.name])
        fitting = (name for name in candidates if name not in without and name != host.name)
        return list(itertools.islice(fitting, count))

    def _candidates(self, place: str | None, start: int) -> Iterator[str]:
        """Yield one host of each kind, then another of each, and so on until there are no more."""
        kinds = list(self._kinds.get(place, {}).values())
        step = 0
        while kinds:
            first = start % len(kinds)
            for names in kinds[first:] + kinds[:first]:
                yield names[(start + step) % len(names)]
            step += 1
            kinds = [names for names in kinds if step < len(names)]
