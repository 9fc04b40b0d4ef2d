# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one packet, and by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import places, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import scene as scenes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.circumstances import (
    ICMPV6,
    UNTRACKED,
    WITH_PORTS,
    WITH_TYPES,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Packet, Values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import Ruleset
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import ruleset as rules_in_force
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.walk import walk

_HOPS, _HOPS_OF_DISCOVERY = 64, 255
_SYN, _ACK = 2, 16


def trace(ruleset: Mapping[str, Any] | Ruleset, packet: Packet) -> dict[str, str]:
    """Return ``verdict`` (``accept``, ``drop``, ``reject`` or ``unknown``) and ``rule``, the text of the rule that decides.

    ``ruleset`` is the result of that name of the module policy_readback. The ``port`` of a packet of ICMP, ICMPv6 or IGMP is
    its type; without an ``interface`` it takes any but the loopback. Raises ValueError where the ruleset is something else.
    """
    in_force = rules_in_force(ruleset)
    about = dict(_values(packet, in_force.host))
    peer = getattr(packet, scenes.PEER[packet.direction])
    stage = scenes.scene(in_force.tables, packet.direction, packet.family, ((peer, peer),))
    boxes, early = (
        sum(1 << place for place, box in enumerate(stage.boxes) if _holds(box, about | {"state": state}))
        for state in (packet.state if about["state"] != "untracked" else "untracked", "invalid")
    )
    loopback = about["interface"] == places.LOOPBACK
    if loopback:
        early = boxes
    wanted = packet.port if packet.protocol in WITH_PORTS else stage.ports[0].ranges[0][0]
    for end in walk(stage, boxes, early, 1, loopback):
        if ranges.contains(scenes.values(stage.ports, end.ports), wanted):
            return {"verdict": end.verdict, "rule": end.rule}
    raise ValueError(f"port: {packet.port} is outside 1-65535")


def _values(packet: Packet, host: places.Host) -> Iterator[tuple[str, Any]]:
    interface = packet.interface or min(host.interfaces)
    coming = packet.direction == "in"
    yield "interface", interface
    yield "input_interface", interface if coming else ""
    yield "output_interface", "" if coming else interface
    yield "source", packet.source
    yield "destination", packet.destination
    yield "protocol", packet.protocol
    yield "cast", _cast(packet)
    discovery = packet.protocol == ICMPV6 and ranges.contains(UNTRACKED, packet.port)
    yield "state", "untracked" if discovery else packet.state
    yield "hop_limit", _HOPS_OF_DISCOVERY if discovery else _HOPS
    if packet.protocol in WITH_PORTS:
        yield "source_port", packet.source_port
        yield "destination_port", packet.port
    if packet.protocol == 6:
        yield "tcp_flags", _SYN if packet.state in ("new", "related") else _ACK
    if packet.protocol in WITH_TYPES[packet.family]:
        yield "icmp_type", packet.port


def _cast(packet: Packet) -> str:
    kinds = places.KINDS[packet.family]
    if ranges.contains(kinds.multicast, packet.destination):
        return "multicast"
    return "broadcast" if ranges.contains(kinds.broadcast, packet.destination) else "unicast"


def _holds(box: Box, about: Mapping[str, Any]) -> bool:
    return all(dimension in about and _in(values, about[dimension]) for dimension, values in box.items())


def _in(values: Values, value: Any) -> bool:
    return value in values if isinstance(values, frozenset) else ranges.contains(values, value)
