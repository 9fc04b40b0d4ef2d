# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does with packets, as plain data: the rules that are in force, read from any of the kernel's listings.

Nothing here comes from what wrote those rules, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: Sorted, disjoint ranges of numbers, both ends included.
Ranges = tuple[tuple[int, int], ...]
#: Numbers of a dimension of NUMBERS, or names of a dimension of NAMES.
Values = Ranges | frozenset[str]
#: Dimension -> the values that match. A packet matches when it does in every dimension; what is not named matches anything.
Box = Mapping[str, Values]

#: Dimensions of numbers, with their highest value. Addresses are those of the packet's family. icmp_type is the type of ICMP,
#: ICMPv6 and IGMP; tcp_flags the byte of them (FIN is 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32).
NUMBERS = {
    "source": 2**128 - 1,
    "destination": 2**128 - 1,
    "protocol": 255,
    "source_port": 65535,
    "destination_port": 65535,
    "icmp_type": 255,
    "hop_limit": 255,
    "tcp_flags": 255,
}
#: Dimensions of names, with all of them. Those of interfaces are the host's own; "" is that of no interface, which is what
#: a packet that comes in has for output, and one that goes out for input.
NAMES = {
    "family": frozenset({"ipv4", "ipv6"}),
    "state": frozenset({"new", "established", "related", "invalid", "untracked"}),
    "cast": frozenset({"unicast", "broadcast", "multicast"}),
    "input_interface": frozenset[str](),
    "output_interface": frozenset[str](),
}
HOOKS = ("prerouting", "input", "output", "postrouting")
#: What a rule does. "translate" changes addresses or ports, "unknown" is anything that this reading does not understand.
VERDICTS = ("accept", "drop", "reject", "continue", "jump", "goto", "return", "translate", "unknown")


class Rule(NamedTuple):
    """A packet matches when it is in one of the ``boxes``; an empty box holds every packet, no box none.

    ``certain`` is False where the rule also asks for something that is not one of the dimensions (a rate, a mark): a packet in
    the boxes may then match or not. ``target`` is the chain of a jump or goto. ``text`` shows the rule to a person, with its
    table and chain.
    """

    boxes: tuple[Box, ...]
    certain: bool
    verdict: str
    target: str
    text: str


class Chain(NamedTuple):
    """``hook`` is empty where only other chains lead here; then ``priority`` and ``policy`` mean nothing."""

    name: str
    rules: tuple[Rule, ...]
    hook: str = ""
    priority: int = 0
    policy: str = "accept"


class Table(NamedTuple):
    """Chains that can reach each other. ``families`` are those whose packets pass through: ipv4, ipv6."""

    name: str
    families: frozenset[str]
    chains: Mapping[str, Chain]


class Packet(NamedTuple):
    """One packet in or out of the host. Addresses are numbers of the family; ``port`` and ``source_port`` are 0 without ports."""

    direction: str
    family: str
    protocol: int
    source: int
    destination: int
    source_port: int
    port: int
    state: str = "new"
    interface: str = ""
