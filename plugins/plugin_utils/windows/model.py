# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and profiles of the Windows firewall as plain data, whatever they were read from or will be written to."""

from __future__ import annotations

from typing import NamedTuple

#: The group of every rule that is this collection's own.
GROUP = "vidnet.portmatrix"
#: IP protocol number that stands for all of them, as in INetFwRule.
ANY_PROTOCOL = 256
#: Ports, addresses and ICMP types: no condition.
ANY = "*"
#: Bit of each profile, and all of them, as in NET_FW_PROFILE_TYPE2.
PROFILES = {"domain": 1, "private": 2, "public": 4}
ALL_PROFILES = 0x7FFFFFFF


class WindowsRule(NamedTuple):
    """One rule. Without the fields that have a value here it holds for every packet of its direction.

    ``direction`` is in or out, ``action`` allow or block. ``local_ports`` and ``remote_ports`` are as Windows writes them
    (``7563,6000-7000``, ``RPC``, ``*``), so are ``local_addresses`` and ``remote_addresses`` (``10.0.0.5/255.255.255.255``,
    ``10.0.0.1-10.0.0.9``, ``LocalSubnet``, ``*``, comma separated) and ``icmp`` (``type:code``, comma separated, or ``*``).
    ``profiles`` are bits of PROFILES. ``interfaces`` and ``interface_types`` are comma separated; none, and ``All``, are any.
    ``edge`` tells whether the rule lets in what crosses an edge router. ``others`` holds what a rule string has besides, as
    ``key=value``.
    """

    name: str
    group: str = ""
    description: str = ""
    enabled: bool = True
    direction: str = "in"
    action: str = "allow"
    protocol: int = ANY_PROTOCOL
    local_ports: str = ANY
    remote_ports: str = ANY
    icmp: str = ANY
    local_addresses: str = ANY
    remote_addresses: str = ANY
    profiles: int = ALL_PROFILES
    program: str = ""
    service: str = ""
    interfaces: str = ""
    interface_types: str = "All"
    edge: bool = False
    others: tuple[str, ...] = ()


class Profile(NamedTuple):
    """``default_inbound`` and ``default_outbound`` are block or allow; ``local_rules`` tells whether group policy lets local rules count.

    ``block_all_inbound`` shuts out everything, what rules allow included.
    """

    name: str
    enabled: bool = True
    default_inbound: str = "block"
    default_outbound: str = "allow"
    local_rules: bool = True
    block_all_inbound: bool = False


#: The three profiles as Windows has them when nobody changed them.
DEFAULT_PROFILES = tuple(Profile(name) for name in PROFILES)
