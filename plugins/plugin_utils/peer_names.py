# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a rule's peers are: the hosts of the inventory that have their addresses, and the components that networks stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .addresses import network
from .matrix_schema import listed
from .policy import MANAGEMENT

HOST_PREFIXES = ("/32", "/128")
ADMINISTRATORS = "administrators"


class Party(NamedTuple):
    """One end of a rule: its name (empty when its flow is not known), the hosts that it is, and its addresses."""

    name: str
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def text(self) -> str:
        """``rs1 (10.0.0.5, 2001:db8::5)``, or the addresses alone."""
        addresses = ", ".join(self.addresses)
        return f"{self.name} ({addresses})" if self.name else addresses


class PeerNames:
    """Answers for the policies of a whole site and the data of its matrix."""

    def __init__(self, policies: Mapping[str, Mapping[str, Any]], matrix: Mapping[str, Any]) -> None:
        self.policies = policies
        self._ends = {flow["id"]: {"in": listed(flow["from"]), "out": listed(flow["to"])} for flow in matrix["flows"]}
        self._ends[MANAGEMENT] = {"in": [ADMINISTRATORS]}
        self._groups = {flow["id"]: flow["multicast"] for flow in matrix["flows"] if "multicast" in flow}
        self._documented = {
            name: definition["networks"]
            for name, definition in matrix["components"].items()
            if "networks" in definition
        }
        self._holders: dict[str, list[str]] = {}
        for name in sorted(policies):
            for address in policies[name].get("addresses", ()):
                self._holders.setdefault(address, []).append(name)
        self._known: dict[tuple[Any, ...], list[Party]] = {}

    def host(self, name: str) -> Party:
        """Return a host of the inventory."""
        return Party(name, (name,), tuple(self.policies[name].get("addresses", ())))

    def peers(self, host: str, rule: Mapping[str, Any]) -> list[Party]:
        """Return the peers of a host's rule: hosts by name first, then networks by what they stand for."""
        site = self.policies[host].get("site", "")
        components = self._components(rule)
        networks = self._networks_of(host, components)
        named_networks = tuple(sorted((text, *sorted(names)) for text, names in networks.items()))
        key = (site, tuple(rule["peers"]), named_networks, components)
        if key not in self._known:
            self._known[key] = self._parties(site, rule["peers"], networks, components)
        return self._known[key]

    def is_multicast(self, rule: Mapping[str, Any]) -> bool:
        """Return whether all flows of a rule go to groups."""
        return bool(rule["flows"]) and all(flow in self._groups for flow in rule["flows"])

    def _parties(
        self, site: str, peers: Sequence[str], networks: Mapping[str, Iterable[str]], components: Sequence[str]
    ) -> list[Party]:
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for peer in peers:
            address = shown(peer)
            hosts = self._hosts(address, site)
            name = "/".join(hosts or sorted(networks.get(peer, components)))
            found.setdefault((name, hosts), []).append(address)
        parties = [Party(name, hosts, tuple(addresses)) for (name, hosts), addresses in found.items()]
        return sorted(parties, key=lambda party: (not party.hosts, not party.name, party.name))

    def _hosts(self, address: str, site: str) -> tuple[str, ...]:
        """Return who has an address: those of the same site where there are any, as sites may repeat addresses."""
        holders = self._holders.get(address, [])
        if len(holders) < 2:
            return tuple(holders)
        near = [name for name in holders if self.policies[name].get("site", "") == site]
        return tuple(near or holders)

    def _components(self, rule: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what the other end of a rule's flows may be: components, or the parameter that names the groups."""
        if rule["direction"] == "out" and self.is_multicast(rule):
            return tuple(sorted({self._groups[flow] for flow in rule["flows"]}))
        ends = (self._ends.get(flow, {}).get(rule["direction"], ()) for flow in rule["flows"])
        return tuple(sorted({name for end in ends for name in end}))

    def _networks_of(self, host: str, components: Iterable[str]) -> dict[str, set[str]]:
        """Return network -> components for those of ``components`` that the host's variables, or else a document, place there."""
        given = self.policies[host].get("networks", {})
        found: dict[str, set[str]] = {}
        for component in components:
            for text in given.get(component, self._documented.get(component, ())):
                found.setdefault(network(text).text, set()).add(component)
        return found


def shown(peer: str) -> str:
    """Return a rule's peer as people write it: a host's address without its prefix length."""
    address, slash, prefix = peer.partition("/")
    return address if slash + prefix == HOST_PREFIXES[":" in address] else peer
