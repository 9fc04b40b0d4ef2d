# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiler: a matrix and a site become rules for every host, both ends of each flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..module_utils import port_ranges
from . import parameters
from .addresses import ANY_TEXT, Network
from .expectations import asked, expectations, services_of
from .matrix import Flow, Matrix
from .parameters import MissingParameter
from .parties import Parties
from .peers import Peers
from .port_expression import PortsUnknown, Range
from .problems import InputError, Problem
from .rules import Draft, Drafts
from .site import Host, Site
from .unresolved import Gaps

MANAGEMENT = "portmatrix.management"
MANAGEMENT_REASON = "Administrators and the Ansible controller"


def compile_site(matrix: Matrix, site: Site) -> dict[str, dict[str, list[Any]]]:
    """Return host -> ``{rules, unresolved, expectations, asked}`` in plain data (see the design's section on the policy).

    Raises InputError when parameters lead to ports that do not exist. The cost grows with hosts and flows.
    """
    compiler = _Compiler(matrix, site)
    compiler.manage()
    for flow, seen in [*((flow, None) for flow in matrix.flows.values()), *site.own_flows.values()]:
        compiler.add(flow, seen)
    if compiler.problems:
        raise InputError(compiler.problems)
    flows = [*matrix.flows.values(), *(flow for flow, _seen in site.own_flows.values())]
    reasons = {flow.id: flow.reason for flow in flows}
    reasons[MANAGEMENT] = MANAGEMENT_REASON
    spoken = {flow.id: flow.speaks for flow in flows if flow.speaks}
    final = {name: drafts.final() for name, drafts in compiler.drafts.items()}
    services = {name: services_of(rules, spoken) for name, rules in final.items()}
    expected = expectations(site, final, services, {name: tuple(met.values()) for name, met in compiler.met.items()})
    return {
        name: {
            "rules": [draft.rule(reasons) for draft in final[name]],
            "unresolved": compiler.gaps[name].entries(),
            "expectations": expected[name],
            "asked": asked(services[name]),
        }
        for name in site.hosts
    }


class _Compiler:
    """Adds one flow after another; keeps what hosts with the same peers share, so that sharing costs nothing."""

    def __init__(self, matrix: Matrix, site: Site) -> None:
        self.matrix = matrix
        self.site = site
        self.parties = Parties(site, matrix)
        self.drafts = {name: Drafts() for name in site.hosts}
        self.gaps = {name: Gaps() for name in site.hosts}
        self.met: dict[str, dict[int, tuple[Host, ...]]] = {name: {} for name in site.hosts}
        self.problems: list[Problem] = []
        self.peer_sets: dict[tuple[Network, ...], Peers] = {}
        self.shared: dict[tuple[int, frozenset[int]], tuple[tuple[Host, ...], Peers]] = {}

    def manage(self) -> None:
        """Let administrators reach every host; sites have few different lists of their networks."""
        managed: dict[Peers, list[Host]] = {}
        for host in self.site.hosts.values():
            peers = self.reduced(host, set(host.management).difference(host.addresses))
            if peers.texts:
                ports = tuple(port_ranges.merge((port, port) for port in host.management_ports))
                self.drafts[host.name].add(Draft("in", "tcp", ports, peers, MANAGEMENT))
                managed.setdefault(peers, []).append(host)
        for peers, hosts in managed.items():
            same = tuple(hosts)
            for host in self.site.hosts.values():
                if peers.texts != (ANY_TEXT,) and any(peers.covers(address) for address in host.addresses):
                    self.met[host.name][id(same)] = same

    def add(self, flow: Flow, seen: frozenset[str] | None) -> None:
        """Add a flow to every host that is an end of it; ``seen``: the hosts whose variables give it (None: all).

        A draft's flow gives no rule before a person has confirmed it.
        """
        if not flow.reviewed:
            for host in self.parties.concerned(flow, seen):
                self.gaps[host.name].unreviewed(flow.id, flow.initiators, flow.listeners)
            return
        for meeting in self.parties.of(flow, seen, listening=True):
            self.listen(flow, *meeting)
        for meeting in self.parties.of(flow, seen, listening=False):
            self.initiate(flow, *meeting)

    def listen(self, flow: Flow, host: Host, initiators: tuple[Host, ...], active: bool) -> None:
        networks = self.outside(host, flow.initiators) if active else ()
        if not initiators and not networks:
            self.nobody(flow, host, flow.initiators)
            return
        ports = self.ports(flow, host, [host])
        peers = self.peers(flow, host, initiators, networks)
        if ports is not None and peers.texts:
            self.write("in", flow, host, ports, peers)

    def initiate(self, flow: Flow, host: Host, listeners: tuple[Host, ...], active: bool) -> None:
        networks = self.outside(host, flow.listeners) if active else ()
        if not listeners and not networks:
            self.nobody(flow, host, flow.listeners)
            return
        for ports, same, outside in self.by_ports(flow, host, listeners, networks):
            peers = self.groups(flow, host) if flow.multicast else self.peers(flow, host, same, outside)
            if peers.texts:
                self.write("out", flow, host, ports, peers)
                self.met[host.name][id(same)] = same

    def by_ports(
        self, flow: Flow, host: Host, listeners: tuple[Host, ...], networks: tuple[Network, ...]
    ) -> Iterable[tuple[tuple[Range, ...], tuple[Host, ...], tuple[Network, ...]]]:
        """Divide the listeners by the ports that their own parameters give; the host's own decide for networks."""
        divided: dict[tuple[Range, ...], list[Host]] = {}
        for listener in listeners:
            ports = self.ports(flow, listener, [host])
            if ports is not None:
                divided.setdefault(ports, []).append(listener)
        outside = self.ports(flow, host, [host]) if networks else None
        if outside is not None:
            divided.setdefault(outside, [])
        for ports, same in sorted(divided.items()):
            yield ports, listeners if len(same) == len(listeners) else tuple(same), networks if ports == outside else ()

    def write(self, direction: str, flow: Flow, host: Host, ports: tuple[Range, ...], peers: Peers) -> None:
        for protocol in flow.protocols:
            if protocol == "igmp":
                self.drafts[host.name].add(Draft(direction, protocol, (), peers, flow.id))
            elif ports:
                self.drafts[host.name].add(Draft(direction, protocol, ports, peers, flow.id))

    def ports(self, flow: Flow, owner: Host, told: list[Host]) -> tuple[Range, ...] | None:
        """Return the ports by ``owner``'s parameters; None, with a gap for each host to be told, when they are not known."""
        try:
            return parameters.ports(flow, owner, self.matrix)
        except MissingParameter as missing:
            for host in told:
                self.gaps[host.name].parameter(flow.id, str(missing.args[0]), owner.name)
        except PortsUnknown:
            for host in told:
                self.gaps[host.name].unknown(flow.id, flow.port.text)
        except ValueError as error:
            self.problems.append(
                Problem((owner.name, "portmatrix_parameters"), f"flow {flow.id}: {error}", "ports from 1 to 65535")
            )
        return None

    def groups(self, flow: Flow, host: Host) -> Peers:
        try:
            return self.reduced(host, parameters.groups(flow, host, self.matrix))
        except MissingParameter as missing:
            self.gaps[host.name].parameter(flow.id, str(missing.args[0]), host.name)
            return self.reduced(host, ())

    def outside(self, host: Host, components: tuple[str, ...]) -> tuple[Network, ...]:
        """Return the networks of components that the host's variables, or else the vendor's document, give."""
        found: list[Network] = []
        for component in components:
            given = host.networks.get(component)
            found.extend(self.parties.documented(component) if given is None else given)
        return tuple(found)

    def peers(self, flow: Flow, host: Host, others: tuple[Host, ...], networks: tuple[Network, ...]) -> Peers:
        """Return the addresses of others and networks that share a family with the host, without its own."""
        gaps = self.gaps[host.name]
        gaps.addresses(flow.id, (other.name for other in others if not other.addresses))
        gaps.families(flow.id, (other.name for other in others if other.versions.isdisjoint(host.versions)))
        found = self.common(host, others, networks)
        if not found.texts and networks and not others:
            gaps.families(flow.id, ["its networks"])
        return found

    def common(self, host: Host, others: tuple[Host, ...], networks: tuple[Network, ...]) -> Peers:
        """Return the peers; hosts that see the same others, and no networks, share one result."""
        key = (id(others), host.versions)
        shareable = not networks and not self.parties.shares_address(host)
        if shareable and key in self.shared:
            return self.shared[key][1]
        own = set(host.addresses)
        found = self.reduced(
            host,
            [a for other in others for a in other.addresses if a not in own] + [n for n in networks if n not in own],
        )
        if shareable:
            self.shared[key] = (others, found)
        return found

    def reduced(self, host: Host, networks: Iterable[Network]) -> Peers:
        """Return the one Peers object for the networks of the families that the host has."""
        versions = host.versions
        kept = tuple(sorted({network for network in networks if not network.version or network.version in versions}))
        if kept not in self.peer_sets:
            found = Peers(kept)
            self.peer_sets[kept] = self.peer_sets.setdefault(found.networks, found)
        return self.peer_sets[kept]

    def nobody(self, flow: Flow, host: Host, components: tuple[str, ...]) -> None:
        """Report an end that nothing is, unless the host is both ends itself or the site has nothing of that product."""
        if not host.components.isdisjoint(components) or not self.parties.has_product(flow):
            return
        definitions: list[Mapping[str, Any]] = [self.matrix.components.get(component, {}) for component in components]
        expected = flow.mandatory and not any(definition.get("optional") for definition in definitions)
        if expected or (flow.feature and host.has_feature(flow.feature)):
            self.gaps[host.name].nobody(flow.id, components)
