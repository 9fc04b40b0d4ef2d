# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who meets whom: for a flow, each host at one end with the hosts at the other that it may talk to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import addresses
from .addresses import Network
from .matrix import Flow, Matrix
from .matrix_schema import UNDECIDED
from .site import Host, Site


class Meeting(NamedTuple):
    """A host, those at the other end, and whether the host's own variables have the flow switched on."""

    host: Host
    others: tuple[Host, ...]
    active: bool


class _Pool:
    """The hosts of some components in one site (or everywhere), and who owns which of them."""

    def __init__(self, hosts: tuple[Host, ...]) -> None:
        self.hosts = hosts
        self.by_name = {host.name: host for host in hosts}
        self._owned: dict[str, tuple[list[Host], dict[str, list[Host]]]] = {}

    def of_owner(self, kind: str, owner: str) -> tuple[Host, ...]:
        """Return the hosts that name this owner, and those that name none."""
        if kind not in self._owned:
            free: list[Host] = []
            named: dict[str, list[Host]] = {}
            for host in self.hosts:
                if kind not in host.owners:
                    free.append(host)
                for name in host.owners.get(kind, ()):
                    named.setdefault(name, []).append(host)
            self._owned[kind] = (free, named)
        free, named = self._owned[kind]
        if len(free) == len(self.hosts):
            return self.hosts
        return tuple(sorted((*free, *named.get(owner, ())), key=lambda host: host.name))


class Parties:
    """Answers for one site; what many hosts share is one tuple object, so that callers can cache by identity."""

    def __init__(self, site: Site, matrix: Matrix) -> None:
        self.site = site
        self.matrix = matrix
        self.sites = sorted({host.site for host in site.hosts.values()})
        self.features = {feature for host in site.hosts.values() for feature in host.features}
        self._index: dict[tuple[str | None, str], list[Host]] = {}
        self._pools: dict[tuple[str | None, tuple[str, ...]], _Pool] = {}
        self._interned: dict[tuple[Host, ...], tuple[Host, ...]] = {}
        self._documented: dict[str, tuple[Network, ...]] = {}
        holders: dict[Network, set[str]] = {}
        for host in site.hosts.values():
            for component in host.components:
                self._index.setdefault((host.site, component), []).append(host)
                self._index.setdefault((None, component), []).append(host)
            for address in host.addresses:
                holders.setdefault(address, set()).add(host.name)
        named = {component for host in site.hosts.values() for component in (*host.components, *host.networks)}
        self._products = {matrix.products[component] for component in named if component in matrix.products}
        self._sharing = {name for names in holders.values() if len(names) > 1 for name in names}

    def has_product(self, flow: Flow) -> bool:
        """Return whether any host or network is a component of the flow's product; a flow of the site's own always is."""
        return flow.id not in self.matrix.flows or flow.id.partition(".")[0] in self._products

    def concerned(self, flow: Flow, seen: frozenset[str] | None) -> tuple[Host, ...]:
        """Return the hosts to be told of a flow that is not confirmed: either end's, or every one of its product.

        The latter where neither end is named, or nothing of the site is what it names. ``seen``: hosts that give the flow, None for all.
        """
        if seen is not None:
            return tuple(self.site.hosts[name] for name in sorted(seen) if name in self.site.hosts)
        product = flow.id.partition(".")[0]
        of_product = tuple(name for name, owner in self.matrix.products.items() if owner == product)
        ends = (*flow.initiators, *flow.listeners)
        if UNDECIDED in ends:
            ends = (*ends, *of_product)
        return self._pool(None, ends).hosts or self._pool(None, of_product).hosts

    def shares_address(self, host: Host) -> bool:
        """Return whether another name of the inventory is the same machine."""
        return host.name in self._sharing

    def documented(self, component: str) -> tuple[Network, ...]:
        """Return the addresses that the vendor's document gives for a component that no host of the inventory is."""
        if component not in self._documented:
            texts = (
                ()
                if (None, component) in self._index
                else self.matrix.components.get(component, {}).get("networks", ())
            )
            self._documented[component] = tuple(addresses.network(text) for text in texts)
        return self._documented[component]

    def of(self, flow: Flow, seen: frozenset[str] | None, *, listening: bool) -> Iterator[Meeting]:
        """Yield each listener (or initiator) of a flow with the other end; ``seen``: hosts that give the flow, None for all.

        A flow with a feature, or of the site's own, is on where either end's variables say so.
        """
        if flow.feature and not self.features & {flow.feature, "all"}:
            return
        mine, theirs = (flow.listeners, flow.initiators) if listening else (flow.initiators, flow.listeners)
        for site in self.sites:
            hosts = self._pool(site, mine).hosts
            if not hosts:
                continue
            pool = self._pool(None if flow.across_sites else site, theirs)
            for host in hosts:
                active = (not flow.feature or host.has_feature(flow.feature)) and (seen is None or host.name in seen)
                others = self._permitted(flow, host, pool, listening)
                if not active:
                    others = self._active(flow, seen, others)
                if others or (active and not self._excluded(flow, host, listening)):
                    yield Meeting(host, others, active)

    def _permitted(self, flow: Flow, host: Host, pool: _Pool, listening: bool) -> tuple[Host, ...]:
        """The other end as sites and owners allow it, without the host itself."""
        others = pool.hosts
        if flow.limited_by:
            owned = all(self.matrix.components.get(name, {}).get("owned") for name in flow.listeners) == listening
            if not owned:
                others = pool.of_owner(flow.limited_by, host.name)
            elif flow.limited_by in host.owners:
                others = tuple(
                    pool.by_name[name] for name in sorted(set(host.owners[flow.limited_by])) if name in pool.by_name
                )
        if flow.across_sites:
            if self._excluded(flow, host, listening):
                return ()
            others = tuple(o for o in others if o.site != host.site and not self._excluded(flow, o, not listening))
        if host.name in pool.by_name:
            others = tuple(other for other in others if other is not host)
        return others if others is pool.hosts else self._interned.setdefault(others, others)

    def _active(self, flow: Flow, seen: frozenset[str] | None, others: tuple[Host, ...]) -> tuple[Host, ...]:
        """Those of the other end whose own variables have the flow switched on."""
        found = tuple(
            other
            for other in others
            if (not flow.feature or other.has_feature(flow.feature)) and (seen is None or other.name in seen)
        )
        return self._interned.setdefault(found, found)

    @staticmethod
    def _excluded(flow: Flow, host: Host, listening: bool) -> bool:
        """Across sites, one that is called (a remote site) does not call its like."""
        return (
            not listening and flow.across_sites and bool(host.components & (set(flow.listeners) - set(flow.initiators)))
        )

    def _pool(self, site: str | None, components: tuple[str, ...]) -> _Pool:
        key = (site, components)
        if key not in self._pools:
            hosts = {host.name: host for component in components for host in self._index.get((site, component), ())}
            self._pools[key] = _Pool(tuple(hosts[name] for name in sorted(hosts)))
        return self._pools[key]
