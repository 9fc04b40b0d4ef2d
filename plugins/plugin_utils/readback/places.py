# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packets come from and go to: the addresses at both ends that a host's packets can have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ranges import EVERY

LOOPBACK = "lo"
#: Stands for whatever interface a host may get, where none is known but the loopback.
ANOTHER = "(another)"


class Kinds(NamedTuple):
    """The special addresses of a family. ``nobody`` is the source of one that has no address yet; ``near`` are of the link."""

    loop: Ranges
    multicast: Ranges
    broadcast: Ranges
    nobody: Ranges
    never: Ranges
    near: Ranges


def _networks(*texts: str) -> Ranges:
    return ranges.union(map(ranges.network, texts))


KINDS = {
    "ipv4": Kinds(
        _networks("127.0.0.0/8"),
        _networks("224.0.0.0/4"),
        _networks("255.255.255.255"),
        _networks("0.0.0.0"),
        _networks("0.0.0.0/8"),
        (),
    ),
    "ipv6": Kinds(
        _networks("::1"), _networks("ff00::/8"), (), _networks("::"), _networks("::"), _networks("fe80::/10")
    ),
}


class Host(NamedTuple):
    """A host's interfaces besides the loopback, and its own addresses by family."""

    interfaces: frozenset[str]
    addresses: dict[str, Ranges]


class Place(NamedTuple):
    """Packets of one kind: over the loopback or not, to what, between which addresses."""

    loopback: bool
    cast: str
    local: Ranges
    peers: Ranges


def host(interfaces: Iterable[str], addresses: Iterable[str]) -> Host:
    """Return the `Host` with these interfaces and addresses (texts, without prefix); raises ValueError."""
    own: dict[str, list[tuple[int, int]]] = {"ipv4": [], "ipv6": []}
    for text in addresses:
        own[ranges.family_of(text)].append(ranges.network(text.partition("%")[0].partition("/")[0]))
    others = frozenset(interfaces) - {LOOPBACK}
    return Host(
        others or frozenset({ANOTHER}),
        {family: ranges.subtract(ranges.union(found), KINDS[family].loop) for family, found in own.items()},
    )


def places(direction: str, family: str, about: Host) -> list[Place]:
    """Return all kinds of packets in (``in``) or out (``out``) of a host.

    What no network brings is left out: packets from the host's own, multicast or loopback addresses that come over a wire.
    """
    kinds, own = KINDS[family], about.addresses[family]
    inside = ranges.union(own, kinds.loop)
    special = ranges.union(inside, kinds.multicast, kinds.broadcast, kinds.never)
    unicast = ranges.subtract(EVERY[family], special)
    # Without a known address it may be any.
    local = ranges.union(own, kinds.near) if own else unicast
    out = [Place(True, "unicast", inside, inside)]
    if direction == "out":
        out.append(Place(False, "unicast", local, unicast))
        out.append(Place(False, "multicast", local, kinds.multicast))
        out.append(Place(False, "broadcast", local, kinds.broadcast))
    else:
        senders = ranges.union(unicast, kinds.nobody)
        out.append(Place(False, "unicast", local, unicast))
        out.append(Place(False, "multicast", kinds.multicast, senders))
        if kinds.broadcast:
            # A network's own broadcast address can be any.
            anywhere = ranges.subtract(EVERY[family], ranges.union(inside, kinds.multicast))
            out.append(Place(False, "broadcast", anywhere, senders))
    return [place for place in out if place.peers and place.local]
