# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one packet on a Windows host, by its rules in force: for a difference that packets have found."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known as knowledge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_force import InForce
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.judged import Judge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.passage import Passage
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.readback_rows import cause_text
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Packets

REPLIES = "replies pass"


def trace(in_force: InForce, packet: Packet) -> dict[str, str]:
    """Return ``verdict`` (``accept``, ``drop`` or ``unknown``) and ``rule``, as readback/trace.py does for Linux.

    It is ``unknown`` where the current profiles do not agree, for nobody knows from here which of them the packet meets.
    """
    if packet.state != "new":
        return {"verdict": "accept", "rule": REPLIES}
    if in_force.doubts and not in_force.off:
        return {"verdict": "unknown", "rule": in_force.doubts[0]}
    judge = Judge([*in_force.ports, _asked(packet)], knowledge.known())
    told = [_told(in_force.passage(_kind(packet, profile), judge), packet) for profile in in_force.current]
    if len({each["verdict"] for each in told}) > 1:
        return {"verdict": "unknown", "rule": next(each["rule"] for each in told if each["verdict"] == "drop")}
    return told[0]


def _asked(packet: Packet) -> MatrixPort:
    """Whatever port was asked is judged, be it of the matrix or not."""
    return MatrixPort(packet.protocol, ((packet.port, packet.port),), "")


def _kind(packet: Packet, profile: str) -> Packets:
    return Packets(packet.direction, packet.family, packet.protocol, profile)


def _told(seen: Passage, packet: Packet) -> dict[str, str]:
    values = (packet.source, packet.destination, packet.port, packet.source_port)
    if packet.direction == "out":
        values = (packet.destination, packet.source, packet.source_port, packet.port)
    for part in seen.opened:
        if _holds(part.sure, values):
            return {"verdict": "accept", "rule": cause_text(part.cause)}
    for part in seen.opened:
        if _holds(part.possible, values):
            return {"verdict": "unknown", "rule": cause_text(part.cause)}
    stopped = next((part.cause for part in seen.closed if _holds(part.sure, values)), seen.otherwise)
    return {"verdict": "drop", "rule": cause_text(stopped)}


def _holds(found: list[Box], values: tuple[int, int, int, int]) -> bool:
    return any(box.contains(values) for box in found)
