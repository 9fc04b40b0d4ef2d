# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in the spellings that Windows gives back: masks for prefixes, ranges for networks, another order and case, other words for any."""

from __future__ import annotations

import ipaddress
import random

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule


def respelled(rule: WindowsRule, dice: random.Random) -> WindowsRule:
    """Return the same rule as Windows might give it back."""
    ported = rule.protocol in (6, 17)
    return rule._replace(
        local_ports=_ports(rule.local_ports, dice) if ported else dice.choice(["", "*"]),
        remote_ports=_ports(rule.remote_ports, dice) if ported else dice.choice(["", "*"]),
        icmp=dice.choice(["", "*"]),
        local_addresses=dice.choice(["", "*"]),
        remote_addresses=_addresses(rule.remote_addresses, dice),
        profiles=dice.choice([7, 0x7FFFFFFF, -1 & 0x7FFFFFFF]) if rule.profiles == 0x7FFFFFFF else rule.profiles,
        interface_types=dice.choice(["All", "all", ""]),
    )


def _ports(text: str, dice: random.Random) -> str:
    if text == "*":
        return dice.choice(["*", "", "0-65535"])
    tokens = text.split(",")
    dice.shuffle(tokens)
    return dice.choice([",", ", "]).join(tokens)


def _addresses(text: str, dice: random.Random) -> str:
    if text == "*":
        return dice.choice(["*", "", "Any"])
    tokens = [_address(token, dice) for token in text.split(",")]
    dice.shuffle(tokens)
    return dice.choice([",", ", "]).join(tokens)


def _address(token: str, dice: random.Random) -> str:
    if "-" in token:
        return token.upper()
    found = ipaddress.ip_network(token)
    first, last = found.network_address, found.broadcast_address
    spellings = [
        token,
        token.upper(),
        f"{first}/{found.prefixlen}",
        f"{first}-{last}",
        first.exploded + f"/{found.prefixlen}",
    ]
    if found.version == 4:
        spellings.append(f"{first}/{found.netmask}")
    if found.num_addresses == 1:
        spellings.append(str(first))
    return dice.choice(spellings)
