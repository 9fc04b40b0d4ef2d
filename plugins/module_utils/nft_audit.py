# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit mode in nftables: what no rule accepts is let through, and counted in sets by peer, protocol and port.

A set holds at most `SIZE` entries. What does not fit is counted by the rule that bears `NO_ROOM`. A set outlives every
change of the rules, as long as audit mode stays.
"""

from __future__ import annotations

import re
from collections import namedtuple

SIZE = 16384
"""Entries of one set; full, it takes about 3 MB of the kernel's memory."""
NO_ROOM = "not declared, and not listed: the set is full"
LOGGED = "not declared, logged now and then"
LISTED = "not declared"
LOG_PREFIX = "portmatrix audit: "

Seen = namedtuple("Seen", "direction protocol port peer cast packets bytes")
"""What undeclared packets had in common. protocol: ``tcp``, ``udp``, ``igmp``, else as nft prints it. port: of the listener,
0 where there are no ports. cast: ``unicast``, ``broadcast`` or ``multicast``."""

_Set = namedtuple("_Set", "direction family ports")
_SIDES = {"in": "saddr", "out": "daddr"}
_PREFIX = {4: "ip", 6: "ip6"}
_SETS = {
    "seen_%s%d%s" % (direction, family, "" if ports else "_portless"): _Set(direction, family, ports)
    for direction in _SIDES
    for ports in (True, False)
    for family in _PREFIX
}
NAMES = frozenset(_SETS)
"""Names of the sets that may be in our table."""

_WITH_PORTS = "meta l4proto { 17, 6 }"
_PROTOCOLS = {"6": "tcp", "17": "udp", "2": "igmp"}
_ELEMENT = re.compile(r"(?<!\S)([0-9a-f.:]+(?: \. [^\s,]+)+)(?: counter packets (\d+) bytes (\d+))?")
_CASTS = {"host": "unicast", "unicast": "unicast", "broadcast": "broadcast", "multicast": "multicast"}
_COUNT = re.compile(r"\s*# count \d+$")
"""nft 1.1 adds to a set's size how many entries it has."""
_GROUPS = re.compile(r"(22[4-9]|23\d)\.|ff..:")
_BROADCAST = "255.255.255.255"


def sets(directions):
    """Return name -> declaration (lines of nft text, as nft prints them) of the sets for ``in``, ``out`` or both."""
    return {
        name: ("type %s" % " . ".join(_types(about)), "size %d" % SIZE, "flags dynamic", "counter")
        for name, about in _SETS.items()
        if about.direction in directions
    }


def statements(direction):
    """Return the ends of a chain in audit mode as ``(statement, what it counts)``, in the order of evaluation."""
    log = 'limit rate 10/minute burst 20 packets counter log prefix "%s" level info' % LOG_PREFIX
    return [
        (log, LOGGED),
        *_listing(direction, True, _WITH_PORTS + " "),
        # A rule whose set is full ends before its verdict. What has ports must not go on to the sets that know none.
        (_WITH_PORTS + " counter accept", NO_ROOM),
        *_listing(direction, False, ""),
        ("counter accept", NO_ROOM),
    ]


def declaration(lines):
    """Return the declaration of a set from the lines that nft prints of it, in the form of `sets`."""
    return tuple(_COUNT.sub("", line) for line in lines if not line.startswith("elements = "))


def seen(name, lines):
    """Return a list of `Seen` for a set's name and the lines that nft prints of it."""
    about = _SETS[name]
    return [
        _seen(about, *match.groups(default="0"))
        for line in lines
        if line.startswith("elements = ")
        for match in _ELEMENT.finditer(line, line.index("{"))
    ]


def _types(about):
    yield "ipv%d_addr" % about.family
    yield "inet_proto"
    if about.ports:
        yield "inet_service"
    if about.direction == "in":
        yield "pkt_type"


def _listing(direction, ports, match):
    for name, about in _SETS.items():
        if (about.direction, about.ports) == (direction, ports):
            key = ["%s %s" % (_PREFIX[about.family], _SIDES[direction]), "meta l4proto"]
            key += ["th dport"] if ports else []
            key += ["meta pkttype"] if direction == "in" else []
            yield "%sadd @%s { %s } counter accept" % (match, name, " . ".join(key)), LISTED


def _seen(about, key, packets, size):
    peer, protocol, *rest = key.split(" . ")
    port = int(rest.pop(0)) if about.ports else 0
    # What leaves has no such mark, so its address has to tell.
    cast = _CASTS.get(rest[0], "unicast") if rest else _cast(peer)
    return Seen(about.direction, _PROTOCOLS.get(protocol, protocol), port, peer, cast, int(packets), int(size))


def _cast(peer):
    if peer == _BROADCAST:
        return "broadcast"
    return "multicast" if _GROUPS.match(peer) else "unicast"
