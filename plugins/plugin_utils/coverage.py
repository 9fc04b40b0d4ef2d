# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else has to ask, so that no part of a listener's rules goes unproven: some for every listener, however large the site.

Every listener that is managed is to be asked, by each family of its addresses and where the site has such hosts, by

- one whom each of its rules lets in, and one whom that rule does not let in,
- one of its own site and one of another whom none of its rules lets in.

Whoever asks a listener asks all of its ports, so that is enough to see both sides of every end of every range. A host whose
own egress is enforced cannot tell what a listener would do, so it does not count.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .addresses import Network
from .peers import Peers
from .site import Host, Site


class _Asker(NamedTuple):
    """A host, and the address of one family that it asks from."""

    host: Host
    source: Network


def sources(host: Host) -> dict[int, Network]:
    """Return IP version -> the address that a host asks from."""
    return {address.version: address for address in reversed(host.addresses)}


def additions(
    site: Site, admitted: Mapping[str, Sequence[Peers]], targets: Mapping[str, Iterable[str]]
) -> list[tuple[str, str]]:
    """Return the pairs (initiator, listener) to ask besides ``targets`` (initiator -> listeners).

    ``admitted``: host -> the peers of each of its incoming rules. Only hosts whose ``sample`` is not 0 ask where nothing is
    declared.
    """
    return list(_Coverage(site, admitted, targets).missing())


class _Coverage:
    def __init__(
        self, site: Site, admitted: Mapping[str, Sequence[Peers]], targets: Mapping[str, Iterable[str]]
    ) -> None:
        self.site = site
        self.admitted = admitted
        self.position = {name: position for position, name in enumerate(site.hosts)}
        self.askers: dict[str, list[Host]] = {name: [] for name in site.hosts}
        self.pools: dict[int, dict[str, list[_Asker]]] = {}
        self.ordered: dict[int, list[_Asker]] = {}
        self.firsts: dict[int, list[int]] = {}
        self.sources = {name: sources(host) for name, host in site.hosts.items()}
        self.everybody: dict[tuple[int, int, str], bool] = {}
        for host in site.hosts.values():
            if not host.egress_enforced:
                for name in targets[host.name]:
                    self.askers[name].append(host)
                for version, source in self.sources[host.name].items():
                    self.ordered.setdefault(version, []).append(_Asker(host, source))
                    if host.sample:
                        self.pools.setdefault(version, {}).setdefault(host.site, []).append(_Asker(host, source))
        for version, askers in self.ordered.items():
            askers.sort(key=lambda asker: asker.source.first)
            self.firsts[version] = [asker.source.first for asker in askers]

    def missing(self) -> Iterator[tuple[str, str]]:
        for listener in self.site.hosts.values():
            if listener.managed:
                for version in sorted({address.version for address in listener.addresses}):
                    for asker in self.wanted(listener, version):
                        yield asker.host.name, listener.name

    def wanted(self, listener: Host, version: int) -> list[_Asker]:
        """Return who else has to ask a listener at its addresses of one family."""
        peers = list({id(each): each for each in self.admitted[listener.name]}.values())
        asking = [
            _Asker(host, source)
            for host in self.askers[listener.name]
            for source in (self.sources[host.name].get(version),)
            if source and _can_ask(host, listener, version)
        ]
        known = len(asking)

        def want(found: _Asker | None) -> None:
            if found:
                asking.append(found)

        for each in peers:
            if not any(each.covers(asker.source) for asker in asking):
                want(self.let_in(listener, version, each))
        strangers = [asker.host.site for asker in asking if not _lets_in(peers, asker)]
        if listener.site not in strangers:
            want(self.stranger(listener, version, peers, [listener.site]))
        if not set(strangers).difference([listener.site]):
            want(self.stranger(listener, version, peers, self.others(listener, version)))
        for each in peers:
            if all(each.covers(asker.source) for asker in asking):
                want(self.stranger(listener, version, [each], [listener.site, *self.others(listener, version)]))
        return asking[known:]

    def let_in(self, listener: Host, version: int, peers: Peers) -> _Asker | None:
        """Return one whom a rule lets in, if there is one."""
        ordered = self.ordered.get(version, [])
        firsts = self.firsts.get(version, [])
        for network in peers.networks:
            low, high = 0, len(firsts)
            if network.version:
                low, high = bisect.bisect_left(firsts, network.first), bisect.bisect_right(firsts, network.last)
            if network.version in (0, version):
                for index in _turned(high - low, self.position[listener.name]):
                    if _can_ask(ordered[low + index].host, listener, version):
                        return ordered[low + index]
        return None

    def stranger(self, listener: Host, version: int, peers: Sequence[Peers], places: Sequence[str]) -> _Asker | None:
        """Return one of some sites whom none of several rules lets in, if there is one."""
        for place in places:
            pool = self.pools.get(version, {}).get(place, [])
            if pool and not any(self.lets_in_everybody(each, version, place) for each in peers):
                for index in _turned(len(pool), self.position[listener.name]):
                    if _can_ask(pool[index].host, listener, version) and not _lets_in(peers, pool[index]):
                        return pool[index]
        return None

    def lets_in_everybody(self, peers: Peers, version: int, place: str) -> bool:
        """Return whether a rule lets in a whole site. Many listeners have the same rules, so the answer is kept."""
        key = (id(peers), version, place)
        if key not in self.everybody:
            self.everybody[key] = all(peers.covers(asker.source) for asker in self.pools[version][place])
        return self.everybody[key]

    def others(self, listener: Host, version: int) -> list[str]:
        """Return the other sites, beginning with another one for each listener."""
        places = [place for place in self.pools.get(version, {}) if place != listener.site]
        return [places[index] for index in _turned(len(places), self.position[listener.name])]


def _turned(length: int, start: int) -> Iterator[int]:
    """Yield 0 to ``length`` - 1, beginning somewhere in between."""
    return ((start + step) % length for step in range(length))


def _lets_in(peers: Iterable[Peers], asker: _Asker) -> bool:
    return any(each.covers(asker.source) for each in peers)


def _can_ask(host: Host, listener: Host, version: int) -> bool:
    """Return whether a listener has an address of the family that is not the host's own as well."""
    return host is not listener and any(a.version == version and a not in host.addresses for a in listener.addresses)
