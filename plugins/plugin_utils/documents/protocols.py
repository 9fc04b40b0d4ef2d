# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protocols as vendors name them, and the transport protocols that a firewall knows."""

from __future__ import annotations

import re

_TCP = (
    "https?|rtsps?|rtmps?|ftps?|sftp|ssh|smtps?|imaps?|pop3s?|telnet|ldaps?|sql|soap|rest|wss?|websockets?|tls|ssl|onvif|hls|mqtts?|rdp|smb|"
    "winrm|isapi|sdk"
)
_UDP = "snmp|ssdp|upnp|ntp|rtp|rtcp|srtp|srt|mdns|tftp|syslog|dhcp|sap|ptp|multicast|stun"
_BOTH = "dns|sip"
_TRANSPORT = re.compile(r"(?<![a-z0-9])(tcp|udp|igmp)(?![a-z0-9])")
_APPLICATION = re.compile(rf"(?<![a-z0-9])(?:(?P<tcp>{_TCP})|(?P<udp>{_UDP})|(?P<both>{_BOTH}))(?![a-z0-9])")
_NOTHING = re.compile(r"\s*(?:[-–—]+|n\.?/?a\.?|none|\s*)\s*")
_OTHER = re.compile(r"(?<![a-z])(icmp|icmpv6|gre|esp|ah|sctp|vrrp|ospf|ip)(?![a-z])")
ORDER = ("tcp", "udp", "igmp")


def is_nothing(text: str) -> bool:
    """Return whether a cell says in a vendor's way that there is nothing: empty, "-", "N/A", "none"."""
    return bool(_NOTHING.fullmatch(text.lower().replace("\u00a0", " ")))


def of(text: str, *, applications: bool = True) -> list[str]:
    """Return the transport protocols that a text names, of tcp, udp and igmp in this order.

    Where a default is stated it is the one taken. ``applications``: HTTP and its like stand for theirs where no transport is named.
    """
    plain = text.lower()
    default = re.search(r"\bdefault(?: is)?:? ", plain)
    if default:
        told = _named(plain[default.end() :], applications)
        if told:
            return told
    if re.search(r"(?<![a-z])both(?![a-z])", plain):
        return ["tcp", "udp"]
    return _named(plain, applications)


def _named(plain: str, applications: bool) -> list[str]:
    found = set(_TRANSPORT.findall(plain))
    if not found and applications:
        for match in _APPLICATION.finditer(plain):
            found |= {"tcp", "udp"} if match["both"] else {"udp"} if match["udp"] else {"tcp"}
    return [name for name in ORDER if name in found]


def doubt(text: str) -> str:
    """Return why a cell that names no protocol of ours cannot be read."""
    other = _OTHER.search(text.lower())
    if other:
        return f"{other[1]} is not one of tcp, udp and igmp"
    if re.search(r"\bany\b|\ball\b|\*", text.lower()):
        return "means every protocol: name the ones that are used"
    return "names no protocol"
