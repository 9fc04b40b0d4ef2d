# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in their public form as sets of packets, by the standard library alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.oracle import Atom

Space = dict[tuple[str, str, int | None], Any]


def spans(rule: Mapping[str, Any]) -> list[tuple[int, int]]:
    parts = [text.split("-") for text in rule["ports"]]
    return [(int(part[0]), int(part[-1])) for part in parts]


def ports_of(rule: Mapping[str, Any]) -> set[int | None]:
    if rule["protocol"] == "igmp":
        return {None}
    spans = [[int(part) for part in text.split("-")] for text in rule["ports"]]
    return {port for span in spans for port in range(span[0], span[-1] + 1)}


def networks_of(peers: Iterable[str]) -> Any:
    """Return peers in a form in which equal sets of addresses are equal."""
    if "any" in peers:
        return "any"
    networks = [ipaddress.ip_network(peer) for peer in peers]
    return {n for version in (4, 6) for n in ipaddress.collapse_addresses(n for n in networks if n.version == version)}


def inside(inner: Any, outer: Any) -> bool:
    if "any" in (inner, outer):
        return bool(outer == "any")
    return all(any(i.version == o.version and i.subnet_of(o) for o in outer) for i in inner)


def space(atoms: Iterable[Atom]) -> Space:
    """Return what lets through: (direction, protocol, port) -> networks."""
    found: dict[tuple[str, str, int | None], set[str]] = {}
    for atom in atoms:
        found.setdefault((atom.direction, atom.protocol, atom.port), set()).add(atom.network)
    return {key: networks_of(networks) for key, networks in found.items()}


def atoms_of(rules: Iterable[Mapping[str, Any]]) -> set[Atom]:
    return {
        Atom(rule["direction"], rule["protocol"], port, peer, flow)
        for rule in rules
        for port in ports_of(rule)
        for peer in rule["peers"]
        for flow in rule["flows"]
    }


def lists(rule: Mapping[str, Any], atom: Atom) -> bool:
    """Return whether a rule lets an atom through and names its flow."""
    same = (rule["direction"], rule["protocol"]) == (atom.direction, atom.protocol) and atom.port in ports_of(rule)
    return same and atom.flow in rule["flows"] and inside(networks_of([atom.network]), networks_of(rule["peers"]))


def address_order(peer: str) -> tuple[int, int, int]:
    if peer == "any":
        return 0, 0, 0
    network = ipaddress.ip_network(peer)
    return network.version, int(network.network_address), int(network.broadcast_address)


def covered(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> bool:
    same = all(inner[key] == outer[key] for key in ("direction", "protocol"))
    return (
        same and ports_of(inner) <= ports_of(outer) and inside(networks_of(inner["peers"]), networks_of(outer["peers"]))
    )
