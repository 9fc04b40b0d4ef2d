# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One difference: its packets as ranges and networks, the smallest example, and a sentence."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import places, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import scene as scenes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.area import bits
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.circumstances import (
    ICMP,
    ICMPV6,
    SOURCE_PORTS,
    WITH_PORTS,
    WITH_TYPES,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.gaps import Found
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import Scene

NAMES = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
#: What a client would take, when any source port will do.
_EPHEMERAL = 49152
_MOST_SHOWN = 4
_MOST_ROWS = 8
_BUT = {"open": ", but for what is declared,", "shut": ", where it is declared,", "unknown": ", in part,"}
_ALL_PORTS = ranges.texts(scenes.PORTS)
_SPOKEN = {"tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "icmpv6": "ICMPv6", "igmp": "IGMP"}
_STATES = {
    "new": "",
    "established": " in established connections",
    "related": " related to established connections",
    "invalid": " belonging to no connection",
}


def packets(stage: Scene, group: Sequence[Found]) -> dict[int, int]:
    """Return class of ports -> classes of peers (bits) of all packets of a group."""
    out: dict[int, int] = {}
    for one in group:
        for port in bits(one.gap.ports):
            out[port] = out.get(port, 0) | one.gap.peers
    return out


def rows(stage: Scene, group: Sequence[Found], interfaces: frozenset[str]) -> list[dict[str, Any]]:
    """Return the differences of a group that is told as one, one for each set of peers.

    ``interfaces`` are all that the host has besides the loopback.
    """
    by_peers: dict[int, int] = {}
    for port, peers in packets(stage, group).items():
        by_peers[peers] = by_peers.get(peers, 0) | 1 << port
    pairs = sorted((ports, peers) for peers, ports in by_peers.items())
    if len(pairs) <= _MOST_ROWS:
        pairs.sort(key=lambda pair: _lowest(stage.ports, pair[0]))
        return [_row(stage, group, pair, interfaces) for pair in pairs]
    # Nobody reads more of them. What is told then is the least that holds all.
    ports = functools.reduce(operator.or_, (pair[0] for pair in pairs))
    peers = functools.reduce(operator.or_, (pair[1] for pair in pairs))
    return [_row(stage, group, (ports, peers), interfaces, but=_BUT[group[0].gap.kind])]


def _row(
    stage: Scene, group: Sequence[Found], packets: tuple[int, int], interfaces: frozenset[str], but: str = ""
) -> dict[str, Any]:
    """``packets`` are ports and peers; ``but`` says what of them is not meant."""
    ports, peers = packets
    inside = [one for one in group if one.gap.ports & ports and one.gap.peers & peers]
    smallest = min(
        inside,
        key=lambda one: (
            one.circumstances.place.cast != "unicast",
            _lowest(stage.ports, one.gap.ports & ports),
            _lowest(stage.peers, one.gap.peers & peers),
        ),
    )
    kind = smallest.circumstances.kind
    protocols = ranges.union(*(one.circumstances.kind.protocols for one in inside))
    has_ports = protocols[0][0] in WITH_PORTS and protocols[0][0] == protocols[-1][1]
    row: dict[str, Any] = {
        "direction": stage.direction,
        "family": stage.family,
        "protocol": protocol_text(protocols),
        "ports": ranges.texts(scenes.values(stage.ports, ports)) if has_ports else [],
        "peers": peers_text(stage, inside, peers),
        "kind": smallest.gap.kind,
        "state": kind.state,
        "example": _example(stage, smallest, ports, peers),
        "rule": smallest.gap.rule,
    }
    return {**row, "sentence": _sentence(row, _special(inside, stage, interfaces), but)}


def protocol_text(protocols: Ranges) -> str:
    """Return a protocol by name, or several by their numbers."""
    first, last = protocols[0]
    if len(protocols) == 1 and first == last:
        return NAMES.get(first, str(first))
    return ", ".join(ranges.texts(protocols))


def peers_text(stage: Scene, found: Sequence[Found], peers: int) -> list[str]:
    """Return peers as networks, or ``any`` where they are all that can be at the other end."""
    possible = ranges.union(*(one.circumstances.place.peers for one in found))
    return networks(stage.family, scenes.values(stage.peers, peers), possible)


def networks(family: str, peers: Ranges, possible: Ranges) -> list[str]:
    """Return ``peers`` as few networks; addresses that are not ``possible`` at the other end may be in them."""
    impossible = ranges.subtract(ranges.EVERY[family], possible)
    wider = ranges.union(peers, impossible)
    if wider == ranges.EVERY[family]:
        return ["any"]
    gaps = [(one[1] + 1, other[0] - 1) for one, other in zip(peers, peers[1:])]
    bridged = ranges.union(peers, (gap for gap in gaps if ranges.intersect(impossible, (gap,)) == (gap,)))
    return min((ranges.networks(family, one) for one in (peers, bridged, wider)), key=len)


def _lowest(found: Sequence[Any], picked: int) -> int:
    return min((found[place].ranges[0][0] for place in bits(picked)), default=0)


def _example(stage: Scene, smallest: Found, ports: int, peers: int) -> dict[str, Any]:
    about = smallest.circumstances
    peer = _lowest(stage.peers, smallest.gap.peers & peers)
    local = about.local[0][0]
    if about.place.cast == "broadcast" and stage.direction == "in" and ranges.contains(about.local, 2**32 - 1):
        local = 2**32 - 1
    ends = (peer, local) if stage.direction == "in" else (local, peer)
    lowest = about.kind.protocols[0][0]
    has_ports = lowest in WITH_PORTS
    source_port = _source_port(about.kind.source_ports) if has_ports else 0
    return {
        "source": ranges.address_text(stage.family, ends[0]),
        "destination": ranges.address_text(stage.family, ends[1]),
        "protocol": protocol_text(((lowest, lowest),)),
        "source_port": source_port,
        "port": _lowest(stage.ports, smallest.gap.ports & ports) if has_ports else 0,
    }


def _source_port(possible: Ranges) -> int:
    return _EPHEMERAL if ranges.contains(possible, _EPHEMERAL) else max(possible[0][0], 1)


def _sentence(row: dict[str, Any], special: str, but: str) -> str:
    way = "from" if row["direction"] == "in" else "to"
    peers = "anywhere" if row["peers"] == ["any"] else _short(row["peers"])
    what = f"{_what(row)}{_STATES[row['state']]}{special} {way} {peers}{but}"
    passes = "let in" if row["direction"] == "in" else "let out"
    if row["kind"] == "open":
        ending = f"is {passes}, though nothing declares it: {row['rule']}"
    elif row["kind"] == "shut":
        ending = f"is declared, and dropped: {row['rule']}"
        if row["state"] != "new" or not row["ports"]:
            ending = f"must be {passes}, and is dropped: {row['rule']}"
    else:
        ending = f"may be {passes} or not, which cannot be told from: {row['rule']}"
    return f"{what} {ending}"


def _what(row: dict[str, Any]) -> str:
    name = _SPOKEN.get(row["protocol"], f"protocol {row['protocol']}")
    family = "IPv4" if row["family"] == "ipv4" else "IPv6"
    if row["ports"] == _ALL_PORTS:
        return f"{family} {name}, all ports,"
    if row["ports"]:
        return f"{family} {name} {'port' if len(row['ports']) == 1 and '-' not in row['ports'][0] else 'ports'} {_short(row['ports'])}"
    return name if row["protocol"] in ("icmp", "icmpv6", "igmp") else f"{family} {name}"


def _short(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_MOST_SHOWN])
    return f"{shown} and {len(texts) - _MOST_SHOWN} more" if len(texts) > _MOST_SHOWN else shown


def _special(found: Sequence[Found], stage: Scene, every: frozenset[str]) -> str:
    """Return what else the packets have in common: types, source ports, how they are sent, an interface."""
    kinds = [one.circumstances.kind for one in found]
    out = []
    number = kinds[0].protocols[0][0]
    if number in WITH_TYPES[stage.family]:
        types = ranges.union(*(kind.types for kind in kinds))
        if types not in (((0, 255),), ()):
            out.append(f"type {_short(ranges.texts(types))}")
    sources = ranges.union(*(kind.source_ports for kind in kinds))
    if sources and sources != SOURCE_PORTS:
        out.append(f"from source port {_short(ranges.texts(sources))}")
    hops = ranges.union(*(kind.hops for kind in kinds))
    if hops != ((0, 255),) and number in (ICMP, ICMPV6):
        out.append(f"with hop limit {_short(ranges.texts(hops))}")
    if found[0].circumstances.place.loopback:
        out.append(f"on {places.LOOPBACK}")
    else:
        interfaces = frozenset[str]().union(*(one.circumstances.interfaces for one in found))
        if interfaces < every:
            out.append(f"on {_short(sorted(interfaces))}")
        casts = {one.circumstances.place.cast for one in found}
        if stage.direction == "in" and casts == {"multicast"}:
            groups = ranges.union(*(one.circumstances.local for one in found))
            out.append(f"to {_short(networks(stage.family, groups, ranges.EVERY[stage.family]))}")
        elif stage.direction == "in" and casts == {"broadcast"}:
            out.append("sent to all")
    return "".join(f" {text}" for text in out)
