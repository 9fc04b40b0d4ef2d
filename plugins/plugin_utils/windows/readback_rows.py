# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences of a Windows host as rows of the proof: ports, peers, the smallest example, and a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, normal, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import NAMES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.passage import Cause

KINDS_OF_ROWS = ("open", "shut", "unknown")
#: What a client would take, when any source port will do.
EPHEMERAL = 49152
MOST_ROWS = 8
_MOST_SHOWN = 4
_BUT = {"open": ", but for what is declared,", "shut": ", where it is declared,", "unknown": ", in part,"}

#: Peers, and the ports on which they are just these.
Cell = tuple[Ranges, Ranges]


class Way(NamedTuple):
    """``in`` or ``out``, ``ipv4`` or ``ipv6``, and the number of the protocol."""

    direction: str
    family: str
    protocol: int

    def port_of(self, box: Box) -> Ranges:
        """Return the ports at the listener's end."""
        return box.ports if self.direction == "in" else box.peer_ports


def rows(
    way: Way,
    kind: str,
    cause: Cause,
    by_profile: Mapping[str, Sequence[Box]],
    profiles: Sequence[str],
    own: Ranges,
    possible: Ranges,
) -> list[dict[str, Any]]:
    """Return the rows of one kind and cause, one for each set of peers; profiles with the same packets are told together.

    ``profiles`` are all that there are; ``own`` are the host's addresses, ``possible`` those that can be at the other end. Where more than
    MOST_ROWS were needed, one row tells the least that holds all.
    """
    alike: dict[tuple[Cell, ...], list[str]] = {}
    for name in profiles:
        if name in by_profile:
            alike.setdefault(tuple(cells(way, by_profile[name])), []).append(name)
    out = []
    for found, names in alike.items():
        packets = boxes.merged(by_profile[names[0]])
        but = ""
        if len(found) > MOST_ROWS:
            found = (
                (ranges.union(*(peers for peers, _ports in found)), ranges.union(*(ports for _peers, ports in found))),
            )
            but = _BUT[kind]
        while_current = "" if len(names) == len(profiles) else f" while the {' or '.join(names)} profile is current"
        for cell in found:
            row = _row(way, kind, cause, cell, packets, own, possible)
            out.append({**row, "sentence": _sentence(row, but + while_current)})
    return out


def cells(way: Way, packets: Iterable[Box]) -> list[Cell]:
    """Return the pairs of peers and ports that packets have, by lowest port."""
    given = boxes.merged(
        box._replace(locals=((0, 0),), ports=way.port_of(box), peer_ports=((0, 0),)) for box in packets
    )
    cuts = sorted({edge for box in given for first, last in box.ports for edge in (first, last + 1)})
    alike: dict[Ranges, list[tuple[int, int]]] = {}
    for first, following in zip(cuts, cuts[1:]):
        peers = ranges.union(*(box.peers for box in given if ranges.contains(box.ports, first)))
        if peers:
            alike.setdefault(peers, []).append((first, following - 1))
    return sorted(((peers, ranges.union(ports)) for peers, ports in alike.items()), key=lambda cell: (cell[1], cell[0]))


def _row(
    way: Way, kind: str, cause: Cause, cell: Cell, packets: Sequence[Box], own: Ranges, possible: Ranges
) -> dict[str, Any]:
    peers, ports = cell
    return {
        "direction": way.direction,
        "family": way.family,
        "protocol": NAMES[way.protocol],
        "ports": ranges.texts(ports) if way.protocol in normal.WITH_PORTS else [],
        "peers": peers_text(way.family, peers, possible),
        "kind": kind,
        "state": "new",
        "example": _example(way, cell, packets, own),
        "rule": cause_text(cause),
    }


def peers_text(family: str, peers: Ranges, possible: Ranges) -> list[str]:
    """Return addresses, networks and ranges; ``any`` where all are meant that are possible at the other end."""
    wider = ranges.union(peers, ranges.subtract(ranges.EVERY[family], possible))
    if wider == ranges.EVERY[family]:
        return ["any"]
    shorter = min((peers, wider), key=len)
    return [address_ranges.range_text(int(family[-1]), pair) for pair in shorter]


def cause_text(cause: Cause) -> str:
    """Return what decides, with those of a rule's conditions that cannot be judged from here."""
    words = values.addresses(cause.rule.remote_addresses).keywords if cause.rule else frozenset()
    return f"{cause.text}, for {', '.join(normal.spelled(words))}" if words else cause.text


def _example(way: Way, cell: Cell, packets: Sequence[Box], own: Ranges) -> dict[str, Any]:
    peers, ports = cell
    inside = [
        box
        for each in packets
        if (box := each._replace(peers=ranges.intersect(each.peers, peers))) and _meet(way, box, ports)
    ]
    box = min(inside, key=lambda each: (_lowest(_meet(way, each, ports)), _lowest(each.peers)))
    port = _lowest(_meet(way, box, ports))
    mine = _lowest(ranges.intersect(box.locals, own) or box.locals)
    ends = [ranges.address_text(way.family, number) for number in (_lowest(box.peers), mine)]
    if way.direction == "out":
        ends.reverse()
    ported = way.protocol in normal.WITH_PORTS
    sources = box.peer_ports if way.direction == "in" else box.ports
    return {
        "source": ends[0],
        "destination": ends[1],
        "protocol": NAMES[way.protocol],
        "source_port": (EPHEMERAL if ranges.contains(sources, EPHEMERAL) else max(_lowest(sources), 1))
        if ported
        else 0,
        "port": port if ported else 0,
    }


def _meet(way: Way, box: Box, ports: Ranges) -> Ranges:
    return ranges.intersect(way.port_of(box), ports)


def _lowest(found: Ranges) -> int:
    return found[0][0]


def _sentence(row: Mapping[str, Any], but: str) -> str:
    inward = row["direction"] == "in"
    peers = "anywhere" if row["peers"] == ["any"] else _short(row["peers"])
    what = f"{_what(row)} {'from' if inward else 'to'} {peers}{but}"
    passes = "let in" if inward else "let out"
    if row["kind"] == "open":
        return f"{what} is {passes}, though nothing declares it: {row['rule']}"
    if row["kind"] == "shut":
        return f"{what} is declared, and dropped: {row['rule']}"
    return f"{what} may be {passes} or not, which cannot be told from: {row['rule']}"


def _what(row: Mapping[str, Any]) -> str:
    name = f"{'IPv4' if row['family'] == 'ipv4' else 'IPv6'} {row['protocol'].upper()}"
    if not row["ports"]:
        return name
    if row["ports"] == ranges.texts(values.ALL_PORTS):
        return f"{name}, all ports,"
    several = len(row["ports"]) > 1 or "-" in row["ports"][0]
    return f"{name} {'ports' if several else 'port'} {_short(row['ports'])}"


def _short(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_MOST_SHOWN])
    return f"{shown} and {len(texts) - _MOST_SHOWN} more" if len(texts) > _MOST_SHOWN else shown
