# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's policy as rich rules of firewalld: pure functions.

One form serves both places that hold rules: its text is what the running firewalld takes and lists, its elements are what
stands in the file that firewalld loads at boot.
"""

from __future__ import annotations

import re
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, port_ranges

Rich = namedtuple("Rich", "attributes parts")
"""attributes: (name, value) pairs of the rule. parts: (element, pairs), in the order in which firewalld prints them."""
Origin = namedtuple("Origin", "flows reason")
"""What a rich rule is for: a tuple of flow ids, empty for what is always let through, and why."""

DIRECTIONS = ("in", "out")
LAST = "32767"
"""The last of the priorities that a rich rule can have."""

_WORD = re.compile(r'[^\s="]+(?:="[^"]*")?')
_FAMILY = {4: "ipv4", 6: "ipv6"}
_NUMBER = {"icmp": "1", "igmp": "2", "icmpv6": "58"}
"""Names of protocols need an /etc/protocols on the host."""
_LINK_LOCAL = "fe80::/10"
_MULTICAST = "224.0.0.0/4"
_ICMPV6 = (
    "destination-unreachable",
    "packet-too-big",
    "time-exceeded",
    "parameter-problem",
    "neighbour-solicitation",
    "neighbour-advertisement",
    "router-solicitation",
    "router-advertisement",
)


def wanted(rules, egress, mode):
    """Return direction -> (`Rich` -> `Origin`) for checked rules, None for a direction that is left alone.

    ``egress`` is ``allow`` or ``enforce``. In the mode ``audit`` nothing is dropped.
    """
    directions = ["in"] + (["out"] if egress == "enforce" else [])
    return {
        direction: _direction(rules, direction, mode) if direction in directions else None for direction in DIRECTIONS
    }


def text(rich):
    """Return a rule as firewalld prints it."""
    parts = ["rule"] + ['%s="%s"' % pair for pair in rich.attributes]
    parts += [" ".join([name] + ['%s="%s"' % pair for pair in pairs]) for name, pairs in rich.parts]
    return " ".join(parts)


def parse(rule):
    """Return the `Rich` whose text this is."""
    attributes, parts = [], []
    for word in _WORD.findall(rule)[1:]:
        name, equals, value = word.partition("=")
        if equals:
            (parts[-1][1] if parts else attributes).append((name, value.strip('"')))
        else:
            parts.append((name, []))
    return Rich(tuple(attributes), tuple((name, tuple(pairs)) for name, pairs in parts))


def networks(family, ranges):
    """Return address ranges as the fewest networks, as texts; a host has no prefix, and everything is an empty text."""
    found = []
    for low, high in ranges:
        while low <= high:
            # the largest block that begins at low and does not pass high
            bits = (high - low + 1).bit_length() - 1
            if low:
                bits = min(bits, (low & -low).bit_length() - 1)
            everything = bits == address_ranges.BITS[family]
            found.append("" if everything else address_ranges.range_text(family, (low, low + (1 << bits) - 1)))
            low += 1 << bits
    return found


def rich(family=None, source="", destination="", element=None, action="accept", priority=""):
    """Return the `Rich` for these; ``family`` is 4, 6 or None, ``element`` a (name, pairs), or None for any packet."""
    attributes = [("priority", priority)] if priority else []
    attributes += [("family", _FAMILY[family])] if family else []
    parts = [("source", (("address", source),))] if source else []
    parts += [("destination", (("address", destination),))] if destination else []
    parts += [element] if element else []
    return Rich(tuple(attributes), tuple(parts + [(action, ())]))


def _port(port, protocol):
    return "port", (("port", port), ("protocol", protocol))


def _protocol(name):
    return "protocol", (("value", _NUMBER[name]),)


def _icmp_type(name):
    return "icmp-type", (("name", name),)


TAIL = rich(action="drop", priority=LAST)
"""What no rule accepts ends here: it is the last, whatever the others are."""


def _direction(rules, direction, mode):
    found = dict(_always_in(rules) if direction == "in" else _always_out(rules))
    for rule in rules:
        if rule.direction == direction:
            for one in _rules(rule):
                before = found.get(one, Origin((), rule.reason))
                found[one] = Origin(tuple(sorted(set(before.flows + rule.flows))), before.reason)
    if mode == "enforce":
        found[TAIL] = Origin((), "not declared")
    return found


def _always_in(rules):
    """Yield what is let in besides what firewalld lets in ahead of any policy: the loopback and replies."""
    yield rich(element=_icmp_type("echo-request")), Origin((), "ping")
    for name in _ICMPV6:
        yield rich(6, element=_icmp_type(name)), Origin((), "what IPv6 cannot do without")
    # No icmp-type of firewalld's names the messages of listener discovery.
    yield rich(6, _LINK_LOCAL, element=_protocol("icmpv6")), Origin((), "multicast listener discovery")
    yield rich(6, _LINK_LOCAL, element=_port("546", "udp")), Origin((), "DHCPv6 replies")
    if _multicast(rules):
        # The querier is a router or switch that no vendor lists; a host that does not hear it stops getting the stream.
        why = Origin((), "who still listens, asked by any querier")
        yield rich(4, destination=_MULTICAST, element=_protocol("igmp")), why


def _always_out(rules):
    for name in ("icmp", "icmpv6"):
        yield rich(element=_protocol(name)), Origin((), "ICMP with neighbour and listener discovery")
    yield rich(4, element=_port("67", "udp")), Origin((), "DHCP")
    for address in (_LINK_LOCAL, "ff02::1:2"):
        yield rich(6, destination=address, element=_port("547", "udp")), Origin((), "DHCPv6")
    if _multicast(rules):
        yield rich(4, destination=_MULTICAST, element=_protocol("igmp")), Origin((), "IGMP reports")


def _multicast(rules):
    return any(rule.protocol == "igmp" for rule in rules)


def _rules(rule):
    if rule.protocol == "igmp":
        elements = [_protocol("igmp")]
    else:
        elements = [_port(port, rule.protocol) for port in port_ranges.texts(rule.ports)]
    side = "source" if rule.direction == "in" else "destination"
    for family, address in _peers(rule):
        for element in elements:
            yield rich(family, element=element, **{side: address})


def _peers(rule):
    """Yield (family, network); no network means everyone of the family, and no family means anyone at all."""
    if rule.anyone:
        yield (4 if rule.protocol == "igmp" else None), ""
    for family, ranges in sorted(rule.peers.items()):
        if family == 6 and rule.protocol == "igmp":
            continue  # IGMP is of IPv4 alone; its sister MLD is always let through on the link
        for network in networks(family, ranges):
            yield family, network
