# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit sees on most networks without anyone needing it, told by its port, address or kind of packet."""

from __future__ import annotations

from collections.abc import Collection

#: Flag -> what to think of it. A flag never takes anything out of the report; that is for a person to decide.
MEANINGS = {
    "broadcast": "sent to everyone on the link",
    "dhcp": "DHCP, an address is asked for or given",
    "ephemeral": "a port that systems give to clients: perhaps an answer on a connection older than the audit",
    "link_local": "an address of the link alone, which no inventory holds",
    "llmnr": "LLMNR, names of the link are looked up",
    "mdns": "mDNS, services of the link are announced",
    "multicast": "sent to a multicast group",
    "netbios": "NetBIOS, names of Windows hosts are announced",
    "ssdp": "SSDP (UPnP), devices of the link are searched",
    "ws_discovery": "WS-Discovery, devices of the link are searched (ONVIF does so too)",
}
#: The first port that Linux gives to clients; Windows begins at 49152.
FIRST_EPHEMERAL = 32768

_UDP = {67: "dhcp", 68: "dhcp", 137: "netbios", 138: "netbios", 546: "dhcp", 547: "dhcp"}
_UDP.update({1900: "ssdp", 3702: "ws_discovery", 5353: "mdns", 5355: "llmnr"})
_LINK_LOCAL = ("fe80:", "169.254.")


def flags(protocol: str, port: int, casts: Collection[str], peers: Collection[str]) -> tuple[str, ...]:
    """Return the sorted flags of what was seen on one port: its ``casts`` (how it was sent) and the ``peers``' addresses."""
    found = set()
    if protocol == "udp" and port in _UDP:
        found.add(_UDP[port])
    if port >= FIRST_EPHEMERAL:
        found.add("ephemeral")
    if "unicast" not in casts:
        found.update(casts)
    if all(peer.startswith(_LINK_LOCAL) for peer in peers):
        found.add("link_local")
    return tuple(sorted(found))
