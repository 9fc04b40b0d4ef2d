# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second, naive answer to what the compiler answers: pair by pair, from the raw inventory, without any of its code.

It knows the matrix of a_matrix.py and hosts as sites.py makes them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX

COMPONENTS = MATRIX["components"]
#: The values that sites.py sets parameters to, and the ports that they mean.
WRITTEN: dict[Any, set[int]] = {
    7563: {7563},
    "80": {80},
    "80, 443": {80, 443},
    "443 and 80": {80, 443},
    "8000-8003": {8000, 8001, 8002, 8003},
    "79-81": {79, 80, 81},
}
#: The ports of flows that no parameter has a say in.
FIXED: dict[Any, set[int]] = {
    "-": set(),
    "25": {25},
    25: {25},
    6005: {6005},
    9100: {9100},
    31228: {31228},
    "9000, 9001": {9000, 9001},
    "6000-6010": set(range(6000, 6011)),
}
MANAGEMENT = "portmatrix.management"


class Atom(NamedTuple):
    """What one flow lets through: ``port`` is None where the protocol has none; ``network`` is a CIDR or "any"."""

    direction: str
    protocol: str
    port: int | None
    network: str
    flow: str


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Site:
    """The raw inventory, host -> ``{groups, vars}``, with the flows that apply: those of the matrix and the site's own."""

    def __init__(self, inventory: Mapping[str, Mapping[str, Any]]) -> None:
        self.inventory = inventory
        self.flows: dict[str, Mapping[str, Any]] = {flow["id"]: flow for flow in MATRIX["flows"]}
        self.givers: dict[str, set[str]] = {}
        for name in inventory:
            for variable in ("portmatrix_flows", "portmatrix_flows_more"):
                for flow in self.var(name, variable, []):
                    self.flows[flow["id"]] = flow
                    self.givers.setdefault(flow["id"], set()).add(name)

    def var(self, name: str, variable: str, default: Any = None) -> Any:
        return self.inventory[name]["vars"].get(variable, default)

    def components(self, name: str) -> set[str]:
        groups = self.inventory[name]["groups"]
        found = {group for group in groups if group not in COMPONENTS}
        found |= set(
            listed(self.var(name, "portmatrix_components", [group for group in groups if group in COMPONENTS]))
        )
        return found | {"camera"} if "dome" in found else found

    def addresses(self, name: str) -> list[Any]:
        given = self.var(name, "portmatrix_addresses")
        if given is None:
            given = [address for address in [self.var(name, "ansible_host", "")] if address[:1].isdigit()]
        return [ipaddress.ip_network(address) for address in listed(given)]

    def has_feature(self, name: str, feature: str | None) -> bool:
        return feature is None or bool({feature, "all"} & set(listed(self.var(name, "portmatrix_features", []))))

    def switched_on(self, name: str, flow: Mapping[str, Any]) -> bool:
        gives = flow["id"] not in self.givers or name in self.givers[flow["id"]]
        return gives and self.has_feature(name, flow.get("feature"))

    def parameter(self, name: str, parameter: str) -> Any:
        if parameter in self.var(name, "portmatrix_parameters", {}):
            return self.var(name, "portmatrix_parameters")[parameter]
        if parameter == "camera_ports" and "dome" in self.components(name):
            return "80, 443"
        return MATRIX["parameters"][parameter].get("default")

    def ports(self, name: str, flow: Mapping[str, Any]) -> set[int] | None:
        """Return the flow's ports by a host's parameters; None when they are not known."""
        port = flow["port"]
        if port == "depends on the printer":
            return None
        if port == "stream_ports":
            given = self.parameter(name, "stream_ports")
            channels = self.parameter(name, "channels")
            if given in WRITTEN:
                return WRITTEN[given]
            return None if channels is None else set(range(554, 554 + int(channels)))
        if port in ("media_port", "camera_ports"):
            given = self.parameter(name, port)
            return None if given is None else WRITTEN[given]
        return WRITTEN[port] if port in WRITTEN else FIXED[port]

    def meet(self, flow: Mapping[str, Any], initiator: str, listener: str) -> bool:
        """Return whether a flow applies between two hosts."""
        ends = set(listed(flow["from"])), set(listed(flow["to"]))
        here, there = self.components(initiator), self.components(listener)
        if initiator == listener or not (here & ends[0] and there & ends[1]):
            return False
        same = self.var(initiator, "portmatrix_site", "") == self.var(listener, "portmatrix_site", "")
        if flow.get("scope") == "across_sites":
            if same or not self.may_call(flow, initiator):
                return False
        elif not same:
            return False
        if "limited_by" in flow:
            owned_is_listener = all(COMPONENTS.get(component, {}).get("owned") for component in ends[1])
            owned, other = (listener, initiator) if owned_is_listener else (initiator, listener)
            owners = self.var(owned, "portmatrix_" + flow["limited_by"])
            if owners is not None and other not in listed(owners):
                return False
        return self.switched_on(initiator, flow) or self.switched_on(listener, flow)

    def may_call(self, flow: Mapping[str, Any], initiator: str) -> bool:
        called = set(listed(flow["to"])) - set(listed(flow["from"]))
        return flow.get("scope") != "across_sites" or not self.components(initiator) & called

    def networks(self, name: str, components: Iterable[str]) -> list[str]:
        """Return what a host's variables, or the vendor, give for components that are not in the inventory."""
        found: list[str] = []
        for component in components:
            given = [self.var(name, "portmatrix_networks" + suffix, {}).get(component) for suffix in ("", "_more")]
            if any(given):
                found += [network for networks in given if networks for network in listed(networks)]
            elif not any(component in self.components(other) for other in self.inventory):
                found += COMPONENTS.get(component, {}).get("networks", [])
        return found

    def pairs(self) -> Iterator[tuple[Mapping[str, Any], str, str]]:
        for flow in self.flows.values():
            for initiator in self.inventory:
                for listener in self.inventory:
                    if self.meet(flow, initiator, listener):
                        yield flow, initiator, listener

    def atoms(self) -> dict[str, set[Atom]]:
        """Return host -> everything that its rules must let through, and nothing else."""
        found: dict[str, set[Atom]] = {name: set() for name in self.inventory}

        def let(
            name: str, direction: str, flow: Mapping[str, Any], ports: set[int] | None, peers: Iterable[Any]
        ) -> None:
            for network in self.usable(name, peers) if ports is not None else ():
                for protocol in listed(flow["protocol"]):
                    for port in (None,) if protocol == "igmp" else ports or ():
                        found[name].add(Atom(direction, protocol, port, network, flow["id"]))

        for flow, initiator, listener in self.pairs():
            ports = self.ports(listener, flow)
            let(listener, "in", flow, ports, self.addresses(initiator))
            let(initiator, "out", flow, ports, self.targets(flow, initiator, self.addresses(listener)))
        for flow in self.flows.values():
            for name in self.inventory:
                if not self.switched_on(name, flow):
                    continue
                outside = self.networks(name, listed(flow["from"]))
                if self.components(name) & set(listed(flow["to"])):
                    let(name, "in", flow, self.ports(name, flow), outside)
                outside = self.networks(name, listed(flow["to"]))
                if self.components(name) & set(listed(flow["from"])) and outside and self.may_call(flow, name):
                    let(name, "out", flow, self.ports(name, flow), self.targets(flow, name, outside))
        for name in self.inventory:
            sources = listed(self.var(name, "portmatrix_management_sources", []))
            management = {"id": MANAGEMENT, "protocol": "tcp"}
            let(name, "in", management, self.management_ports(name), sources)
        return found

    def targets(self, flow: Mapping[str, Any], initiator: str, addresses: Iterable[Any]) -> Iterable[Any]:
        """Return the addresses, or the groups that the initiator sends to instead."""
        if "multicast" not in flow:
            return addresses
        return listed(self.parameter(initiator, flow["multicast"]) or [])

    def usable(self, name: str, peers: Iterable[Any]) -> Iterator[str]:
        """Yield the peers of a family that the host has, without its own addresses."""
        own = self.addresses(name)
        versions = {address.version for address in own} or {4, 6}
        for peer in peers:
            if peer == "any":
                yield "any"
            else:
                network = ipaddress.ip_network(peer)
                if network.version in versions and network not in own:
                    yield str(network)

    def management_ports(self, name: str) -> set[int]:
        port = self.var(name, "ansible_port")
        if self.var(name, "ansible_connection") == "winrm":
            return {int(port or 5986), 3389}
        return {int(port or 22)}
