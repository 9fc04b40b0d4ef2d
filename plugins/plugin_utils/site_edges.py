# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who connects to whom at a site: a proof's rules between groups of hosts and networks, with what the proof found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from .proof_groups import Group

DECLARED, UNPROVEN, DIFFERENT, LEAK = "declared", "unproven", "different", "leak"
#: From what needs no attention to what needs most.
RESULTS = (DECLARED, UNPROVEN, DIFFERENT, LEAK)
Range = tuple[int, int]
Rows = list[tuple[Mapping[str, Any], list[Range]]]


class Service(NamedTuple):
    """Ports of a protocol, which has none when it is igmp."""

    protocol: str
    ports: tuple[Range, ...]

    @property
    def text(self) -> str:
        """``tcp 7563, 6000-6010``."""
        return " ".join(filter(None, (self.protocol, ", ".join(map(port_ranges.text, self.ports)))))


class Network(NamedTuple):
    """What is not in the inventory: a name such as ``administrators``, and its addresses."""

    name: str
    addresses: tuple[str, ...]


class Edge(NamedTuple):
    """From an initiator to a listener; ``services``: with one of RESULTS each."""

    initiator: Group | Network
    listener: Group | Network
    services: tuple[tuple[Service, str], ...]

    @property
    def result(self) -> str:
        """The result that needs most attention."""
        return max((result for _service, result in self.services), key=RESULTS.index)


End = Group | Network
Ends = tuple[End, End]


def edges(proof: Mapping[str, Any], groups: Sequence[Group]) -> list[Edge]:
    """Return the edges in the order of the groups; networks are last, by name."""
    member: dict[str, Group] = {name: group for group in groups for name in group.hosts}
    declared = _declared(proof, member)
    observed = _observed(proof, member)
    order = {group: position for position, group in enumerate(groups)}

    def place(end: End) -> tuple[int, str]:
        return (order[end], "") if isinstance(end, Group) else (len(order), end.name)

    return [
        Edge(*ends, tuple(_services(declared.get(ends, {}), observed.get(ends, []))))
        for ends in sorted({*declared, *observed}, key=lambda ends: (place(ends[0]), place(ends[1])))
        if ends in declared or any(not row["ok"] for row, _ports in observed[ends])
    ]


def _declared(proof: Mapping[str, Any], member: Mapping[str, Group]) -> dict[Ends, dict[str, list[Range]]]:
    """Return protocol -> ports between any two ends, from the rules of both."""
    networks = _networks(proof, member)
    found: dict[Ends, dict[str, list[Range]]] = {}
    for host in proof["hosts"]:
        here = member[host["name"]]
        for rule in host["rules"]:
            ports = _ranges(rule["ports"])
            for other in dict.fromkeys(end for peer in rule["peers"] for end in _ends(peer, member, networks)):
                ends = (other, here) if rule["direction"] == "in" else (here, other)
                found.setdefault(ends, {}).setdefault(rule["protocol"], []).extend(ports)
    return found


def _ends(peer: str, member: Mapping[str, Group], networks: Mapping[str, Network]) -> list[End]:
    """Return the groups of a rule's peer, which names several hosts as ``a/b`` when they share an address, or its network."""
    names = [peer] if peer in member else peer.split("/")
    if all(name in member for name in names):
        return [member[name] for name in names]
    return [networks[peer]]


def _networks(proof: Mapping[str, Any], member: Mapping[str, Group]) -> dict[str, Network]:
    """Return peer -> network for peers that are not hosts; those of one name are one, and those of the same addresses."""
    addresses: dict[str, dict[str, None]] = {}
    named: dict[str, str] = {}
    for peer in {peer: None for host in proof["hosts"] for rule in host["rules"] for peer in rule["peers"]}:
        named[peer], _opening, rest = peer.partition(" (")
        addresses.setdefault(named[peer], {}).update(dict.fromkeys(rest.rstrip(")").split(", ") if rest else ()))
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, found in addresses.items():
        alike.setdefault(tuple(sorted(found)) or (name,), []).append(name)
    networks = {
        name: Network("/".join(dict.fromkeys("/".join(sorted(names)).split("/"))), tuple(addresses[name]))
        for names in alike.values()
        for name in names
    }
    return {peer: networks[name] for peer, name in named.items()}


def _observed(proof: Mapping[str, Any], member: Mapping[str, Group]) -> dict[Ends, Rows]:
    """Return what was asked of ports that must be open, and what was wrong with those that must be shut."""
    found: dict[Ends, Rows] = {}
    for row in proof["results"]:
        if (row["expected"] == "open" or not row["ok"]) and row["initiator"] in member and row["to"] in member:
            ends = (member[row["initiator"]], member[row["to"]])
            found.setdefault(ends, []).append((row, _ranges(row["ports"])))
    return found


def _services(declared: Mapping[str, list[Range]], rows: Rows) -> Iterator[tuple[Service, str]]:
    for protocol in sorted({*declared, *(row["protocol"] for row, _ports in rows if not row["ok"])}):
        asked = [(row, ports) for row, ports in rows if row["protocol"] == protocol]
        alike: dict[str, list[Range]] = {}
        for pair in port_ranges.merge(declared.get(protocol, ())):
            alike.setdefault(_result(pair, asked), []).append(pair)
        leaks = [pair for row, ports in asked if row["expected"] == "shut" for pair in ports]
        if leaks:
            alike.setdefault(LEAK, []).extend(leaks)
        if protocol in declared and not declared[protocol]:
            alike.setdefault(UNPROVEN, [])
        for result in RESULTS:
            if result in alike:
                yield Service(protocol, tuple(port_ranges.merge(alike[result]))), result


def _result(pair: Range, rows: Rows) -> str:
    low, high = pair
    about = [
        row["ok"]
        for row, ports in rows
        if row["expected"] == "open" and any(first <= high and low <= last for first, last in ports)
    ]
    if not about:
        return UNPROVEN
    return DECLARED if all(about) else DIFFERENT


def _ranges(ports: Sequence[str]) -> list[Range]:
    return [port_ranges.parse_range(port) for port in ports]
