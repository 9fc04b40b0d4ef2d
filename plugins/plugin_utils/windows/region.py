# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets one rule matches, surely and possibly.

Some conditions cannot be judged from rules alone: who holds a port, where keywords such as ``LocalSubnet`` lead, users, interfaces.
What depends on them is possible, and not sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ANY_PROTOCOL, WindowsRule

#: What else a rule string may have that is no condition on packets, in lower case.
NO_CONDITION = frozenset({"defer", "edge", "embedctxt", "desc", "name", "active"})
#: Keys of rules for packaged applications, which are never a service's program.
PACKAGED = frozenset({"apppkgid", "pfn"})
#: Ports that keywords most often stand for; Windows may give others, so they are never sure. What is not here may be any.
KEYWORD_PORTS: Mapping[str, Ranges] = {
    "rpc": ((49152, 65535),),
    "rpc-epmap": ((135, 135),),
    "iphttps": ((443, 443),),
    "iptlsin": ((443, 443),),
    "iphttpsin": ((443, 443),),
    "iptlsout": ((443, 443),),
    "iphttpsout": ((443, 443),),
    "mdns": ((5353, 5353),),
}


class Listener(NamedTuple):
    """The program and the service at the host's end, as rules write them (``System`` is the kernel); None is not known."""

    program: str | None = None
    service: str | None = None


class Here(NamedTuple):
    """What is known of the host: its addresses, and what keywords (in lower case, ``localsubnet``) stand for; None is not known."""

    addresses: values.Addresses | None = None
    keywords: Mapping[str, values.Addresses] = {}


class Packets(NamedTuple):
    """Packets of one direction, family (``ipv4``, ``ipv6``) and protocol (its number), while a profile is the current one."""

    direction: str
    family: str
    protocol: int
    profile: str = "public"


class Region(NamedTuple):
    """What a rule surely matches, and what it may match, which holds the former; a box may be empty."""

    sure: Box
    possible: Box


NOBODY = Box((), (), (), ())
UNKNOWN = Listener()
ANYWHERE = Here()


def whole(packets: Packets, here: Here = ANYWHERE) -> Box:
    """Return all packets."""
    every = ranges.EVERY[packets.family]
    mine = every if here.addresses is None else here.addresses.of(packets.family)
    return Box(every, mine, values.ALL_PORTS, values.ALL_PORTS)


def region(rule: WindowsRule, packets: Packets, listener: Listener = UNKNOWN, here: Here = ANYWHERE) -> Region:
    """Return what a rule matches of ``packets``; whether it is in force is not asked."""
    if rule.protocol not in (packets.protocol, ANY_PROTOCOL):
        return Region(NOBODY, NOBODY)
    certain = _holder(rule, listener)
    if certain is None:
        return Region(NOBODY, NOBODY)
    peers = _addresses(rule.remote_addresses, packets.family, here)
    mine = _addresses(rule.local_addresses, packets.family, here)
    if here.addresses is not None:
        known = here.addresses.of(packets.family)
        mine = ranges.intersect(mine[0], known), ranges.intersect(mine[1], known)
    ports = peer_ports = (values.ALL_PORTS, values.ALL_PORTS)
    if packets.protocol in normal.WITH_PORTS:
        ports, peer_ports = _ports(rule.local_ports), _ports(rule.remote_ports)
    elif packets.protocol in normal.WITH_TYPES:
        ports = (values.types(rule.icmp),) * 2
    possible = Box(peers[1], mine[1], ports[1], peer_ports[1])
    if not certain or not _unconditional(rule):
        return Region(NOBODY, possible)
    return Region(Box(peers[0], mine[0], ports[0], peer_ports[0]), possible)


def _addresses(text: str, family: str, here: Here) -> tuple[Ranges, Ranges]:
    """Return the addresses that a field surely and possibly holds."""
    found = values.addresses(text)
    sure = possible = found.of(family)
    for word in found.keywords:
        if word[-1] in "46":
            if word[-1] != family[-1]:
                continue
            word = word[:-1]
        known = here.keywords.get(word)
        if known is None:
            possible = ranges.EVERY[family]
        else:
            sure = ranges.union(sure, known.of(family))
            possible = ranges.union(possible, known.of(family))
    return sure, possible


def _ports(text: str) -> tuple[Ranges, Ranges]:
    found = values.ports(text)
    return found.ranges, ranges.union(
        found.ranges, *(KEYWORD_PORTS.get(word, values.ALL_PORTS) for word in found.keywords)
    )


def _holder(rule: WindowsRule, listener: Listener) -> bool | None:
    """Tell whether a rule is for the listener: True, None for no, False where that is not known."""
    known = True
    for wanted, found, plain in (
        (values.program(rule.program), listener.program, values.program),
        (values.service(rule.service), listener.service, values.service),
    ):
        if not wanted:
            continue
        if found is None:
            known = False
        elif wanted != plain(found) and not (wanted == "*" and found):
            return None
    if listener.program is not None and PACKAGED & keys(rule):
        return None
    return known


def _unconditional(rule: WindowsRule) -> bool:
    return (
        not rule.interfaces and rule.interface_types.strip().lower() in ("", "all") and not (keys(rule) - NO_CONDITION)
    )


def keys(rule: WindowsRule) -> set[str]:
    """Return the keys, in lower case, of what else a rule string has."""
    return {other.partition("=")[0].strip().lower() for other in rule.others}


def bypasses(rule: WindowsRule) -> bool:
    """Tell whether block rules do not hold for what the rule lets in, because IPsec tells who it is."""
    return "action" in keys(rule)
