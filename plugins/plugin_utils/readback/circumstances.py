# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All circumstances of a packet but its peer and its port, in as few classes as the rules tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import classes, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.places import LOOPBACK, Host, Place
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import LOCAL, Scene, chosen

TCP, UDP, ICMP, ICMPV6, IGMP = 6, 17, 1, 58, 2
WITH_PORTS = (TCP, UDP, 33, 132, 136)
#: The protocols whose packets have a type, by family.
WITH_TYPES = {"ipv4": (ICMP, IGMP), "ipv6": (ICMPV6,)}
ALL: Ranges = ((0, 255),)
SOURCE_PORTS: Ranges = ((0, 65535),)
#: Neighbour and listener discovery, which the kernel tracks no connections of.
UNTRACKED: Ranges = ((130, 136), (143, 143))
STATES = ("new", "established", "related", "invalid")
#: What types a packet of a state can have.
_TYPES: dict[tuple[int, str], Ranges] = {
    (ICMP, "new"): ((8, 8), (13, 13), (15, 15), (17, 17)),
    (ICMP, "established"): ((0, 0), (8, 8), (13, 18)),
    (ICMP, "related"): ((3, 5), (11, 12)),
    (ICMPV6, "new"): ((128, 128), (139, 139)),
    (ICMPV6, "established"): ((128, 129), (139, 140)),
    (ICMPV6, "related"): ((1, 4), (137, 137)),
    (ICMPV6, "invalid"): ((0, 129), (137, 142), (144, 255)),
    (ICMPV6, "untracked"): UNTRACKED,
}
#: The flags that TCP's packets of a state have: SYN, with or without those of congestion, opens a connection.
_FLAGS: dict[str, Ranges] = {
    "new": ((2, 2), (194, 194)),
    "related": ((2, 2), (194, 194)),
    "established": ((4, 4), (16, 18), (20, 20), (24, 24)),
    "invalid": ((16, 16),),
}


class Kind(NamedTuple):
    """Packets alike in everything but addresses, interface and port. ``early`` is `boxes` before connections are known."""

    state: str
    protocols: Ranges
    types: Ranges
    source_ports: Ranges
    hops: Ranges
    boxes: int
    early: int


class Circumstances(NamedTuple):
    """What is fixed of packets: their kind, their place, the addresses at this end; ``boxes`` they are in, ``peers`` as bits."""

    kind: Kind
    place: Place
    interfaces: frozenset[str]
    local: Ranges
    boxes: int
    early: int
    peers: int


def circumstances(scene: Scene, host: Host, places: Iterable[Place]) -> Iterator[Circumstances]:
    """Yield all circumstances in which packets of the scene's direction and family can be."""
    kinds = list(_kinds(scene))
    here, elsewhere = "input_interface", "output_interface"
    if scene.direction == "out":
        here, elsewhere = elsewhere, here
    (nowhere,) = classes.names(elsewhere, [""], scene.boxes)
    for place in places:
        (cast,) = classes.names("cast", [place.cast], scene.boxes)
        peers = chosen(scene.peers, place.peers)
        interfaces = classes.names(here, [LOOPBACK] if place.loopback else host.interfaces, scene.boxes)
        for local in classes.numbers(LOCAL[scene.direction], place.local, scene.boxes):
            for interface in interfaces:
                common = nowhere.boxes & cast.boxes & local.boxes & interface.boxes
                for kind in kinds:
                    boxes = common & kind.boxes
                    # Over the loopback, the connection is known from the way out.
                    early = boxes if place.loopback else common & kind.early
                    yield Circumstances(kind, place, interface.names, local.ranges, boxes, early, peers)


def _kinds(scene: Scene) -> Iterator[Kind]:
    boxes = scene.boxes
    flags_missing, types_missing = classes.silent("tcp_flags", boxes), classes.silent("icmp_type", boxes)
    ports_missing = classes.silent("source_port", boxes) & classes.silent("destination_port", boxes)
    states = {name: classes.names("state", [name], boxes)[0].boxes for name in (*STATES, "untracked")}
    hops = classes.numbers("hop_limit", ALL, boxes)
    sources = classes.numbers("source_port", SOURCE_PORTS, boxes)
    flags_of = {name: classes.numbers("tcp_flags", seen, boxes) for name, seen in _FLAGS.items()}
    none = [classes.Numbers((), -1)]
    typed = WITH_TYPES[scene.family]
    for protocol, protocol_boxes in _protocols(scene):
        number = protocol[0][0]
        for state, state_boxes in states.items():
            if state == "untracked" and number != ICMPV6:
                continue
            ports, types, flags = none, none, none
            common = protocol_boxes
            if number in WITH_PORTS:
                ports = sources
            else:
                common &= ports_missing
            if number == TCP:
                flags = flags_of[state]
            else:
                common &= flags_missing
            if number in typed:
                types = classes.numbers("icmp_type", _TYPES.get((number, state), ALL), boxes)
            else:
                common &= types_missing
            for kind in types:
                for port in ports:
                    for flag in flags:
                        for hop in hops:
                            rest = common & kind.boxes & port.boxes & flag.boxes & hop.boxes
                            yield Kind(
                                "new" if state == "untracked" else state,
                                protocol,
                                kind.ranges,
                                port.ranges,
                                hop.ranges,
                                rest & state_boxes,
                                rest & states["invalid"],
                            )


def _protocols(scene: Scene) -> Iterator[tuple[Ranges, int]]:
    single = sorted({*WITH_PORTS, *WITH_TYPES[scene.family]})
    rest = ranges.subtract(ALL, ranges.union((number, number) for number in single))
    for universe in (*(((number, number),) for number in single), rest):
        for found in classes.numbers("protocol", universe, scene.boxes):
            yield found.ranges, found.boxes
