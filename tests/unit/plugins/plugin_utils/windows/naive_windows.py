# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows does with one packet, in the plainest words: sets of numbers, one rule after the other, every packet by itself.

Shares nothing with the product but the data of its model. A rule's parts are chosen from small sets, so that no text is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: Peers as Windows writes them -> those of PEERS. LocalSubnet is 10.0.0.0 to 10.0.0.3 where that is known.
ADDRESSES: Mapping[str, frozenset[int]] = {
    "*": frozenset(range(8)),
    "10.0.0.1": frozenset({1}),
    "10.0.0.2/255.255.255.254": frozenset({2, 3}),
    "10.0.0.4/30": frozenset({4, 5, 6, 7}),
    "10.0.0.3-10.0.0.5,10.0.0.0": frozenset({0, 3, 4, 5}),
    "2001:db8::1": frozenset(),
}
SUBNET = frozenset(range(4))
PORTS: Mapping[str, frozenset[int]] = {
    "*": frozenset(range(6)),
    "1": frozenset({1}),
    "2,4-5": frozenset({2, 4, 5}),
    "0-3": frozenset({0, 1, 2, 3}),
}
PROGRAMS = ("", r"C:\a.exe", r"%ProgramFiles%\B.exe", "System")
SERVICES = ("", "one", "two", "*")


class Plain(NamedTuple):
    """A rule of parts; ``profiles`` are bits."""

    action: str
    enabled: bool
    protocol: int
    ports: str
    peer_ports: str
    peers: str
    profiles: int
    program: str
    service: str
    condition: bool


class Packet(NamedTuple):
    """A TCP packet in: the peer's last number, its port, and the host's."""

    peer: int
    peer_port: int
    port: int


def decision(
    rules: Sequence[Plain],
    bit: int,
    profile: Mapping[str, Any],
    packet: Packet,
    program: str | None,
    service: str | None,
    subnet_known: bool,
) -> str:
    """Return ``allow``, ``block`` or ``unknown``, by trying what is not known both ways."""
    if not profile["enabled"]:
        return "allow"
    found = [
        (rule.action, _matches(rule, packet, program, service, subnet_known))
        for rule in rules
        if rule.enabled and rule.profiles & bit
    ]
    outcomes = set()
    for doubtful_allows in (False, True):
        for doubtful_blocks in (False, True):
            blocked = any(a == "block" and (m == "yes" or (m == "perhaps" and doubtful_blocks)) for a, m in found)
            allowed = any(a == "allow" and (m == "yes" or (m == "perhaps" and doubtful_allows)) for a, m in found)
            outcomes.add("block" if blocked else "allow" if allowed or profile["default"] == "allow" else "block")
    return outcomes.pop() if len(outcomes) == 1 else "unknown"


def _matches(rule: Plain, packet: Packet, program: str | None, service: str | None, subnet_known: bool) -> str:
    answers = ["perhaps" if rule.condition else "yes"]
    answers.append("yes" if rule.protocol in (6, 256) else "no")
    answers.append("yes" if packet.port in PORTS[rule.ports] else "no")
    answers.append("yes" if packet.peer_port in PORTS[rule.peer_ports] else "no")
    if rule.peers == "LocalSubnet":
        answers.append(("yes" if packet.peer in SUBNET else "no") if subnet_known else "perhaps")
    else:
        answers.append("yes" if packet.peer in ADDRESSES[rule.peers] else "no")
    if rule.program:
        answers.append("perhaps" if program is None else "yes" if rule.program == program else "no")
    if rule.service == "*":
        answers.append("perhaps" if service is None else "yes" if service else "no")
    elif rule.service:
        answers.append("perhaps" if service is None else "yes" if rule.service == service else "no")
    return "no" if "no" in answers else "perhaps" if "perhaps" in answers else "yes"
