# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewall managers let through or shut of their own accord, besides what a policy declares.

docs/ufw.md and docs/firewalld.md say what is left in force, and what these managers have no word for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.intent import Expected
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Ranges, Table

_ICMP, _IGMP, _TCP, _UDP, _IPV6, _GRE, _ESP, _AH, _ICMPV6 = 1, 2, 6, 17, 41, 47, 50, 51, 58
_LINK = (ranges.network("fe80::/10"),)
_GROUPS = (ranges.network("224.0.0.0/4"),)


def _numbers(*numbers: int) -> Ranges:
    return ranges.union((number, number) for number in numbers)


def _but(*numbers: int) -> Ranges:
    return ranges.complement(_numbers(*numbers), 255)


def _networks(*texts: str) -> Ranges:
    return ranges.union(ranges.network(text) for text in texts)


def _beyond(inside: Ranges) -> Ranges:
    return ranges.subtract(ranges.EVERY["ipv6"], inside)


def _v4(protocols: Ranges, **more: Any) -> Box:
    return {"family": frozenset({"ipv4"}), "protocol": protocols, **more}


def _v6(protocols: Ranges, **more: Any) -> Box:
    return {"family": frozenset({"ipv6"}), "protocol": protocols, **more}


def _to(group: str, port: int) -> Box:
    make = _v6 if ":" in group else _v4
    return make(_numbers(_UDP), destination=_networks(group), destination_port=_numbers(port))


_UFW_STOCK = "ufw's own before.rules let it in"
_UFW_WORDS = "ufw has no word for this protocol"
_UFW_DENY = "ufw's default for outgoing packets shuts what its own before.rules do not let out"
_NO_TYPES = "cannot be told by its type in a rich rule or in a rule of ufw"
_RICH = "a rich rule has no word for a source port"
_FIREWALLD_IPV6 = "firewalld's own policy allow-host-ipv6, and rich rules, have no word for a hop limit"

#: Manager -> what is tolerated where it is in force.
TOLERATED: Mapping[str, tuple[Expected, ...]] = {
    "ufw": (
        Expected("in", _to("224.0.0.251", 5353), f"{_UFW_STOCK}: multicast DNS"),
        Expected("in", _to("ff02::fb", 5353), f"{_UFW_STOCK}: multicast DNS"),
        Expected("in", _to("239.255.255.250", 1900), f"{_UFW_STOCK}: UPnP"),
        Expected("in", _to("ff02::f", 1900), f"{_UFW_STOCK}: UPnP"),
        Expected(
            "in",
            _v4(_numbers(_UDP), source_port=_numbers(67), destination_port=_numbers(68)),
            f"{_UFW_STOCK}: DHCP replies",
        ),
        Expected("in", _v6(_numbers(_ICMPV6), icmp_type=_numbers(129)), f"{_UFW_STOCK}: echo replies"),
        Expected("in", _v4(_numbers(_IGMP), destination=_GROUPS), f"IGMP {_NO_TYPES}"),
        Expected("out", _v4(_but(_ICMP, _IGMP, _TCP, _UDP, _IPV6, _GRE, _ESP, _AH)), _UFW_WORDS),
        Expected("out", _v6(_but(_TCP, _UDP, _GRE, _ESP, _ICMPV6)), _UFW_WORDS),
    ),
    "firewalld": (
        Expected("in", _v6(_numbers(_UDP), source=_LINK, destination_port=_numbers(546)), f"DHCPv6 replies; {_RICH}"),
        Expected("in", _v6(_numbers(_ICMPV6), icmp_type=((133, 136),)), _FIREWALLD_IPV6),
        Expected("in", _v6(_numbers(_ICMPV6), source=_LINK), f"ICMPv6 for listener discovery {_NO_TYPES}"),
        Expected("in", _v4(_numbers(_IGMP), destination=_GROUPS), f"IGMP {_NO_TYPES}"),
        Expected("out", _v4(_numbers(_UDP), destination_port=_numbers(67)), f"DHCP; {_RICH}"),
        Expected(
            "out",
            _v6(_numbers(_UDP), destination=_networks("fe80::/10", "ff02::1:2"), destination_port=_numbers(547)),
            f"DHCPv6; {_RICH}",
        ),
    ),
}

#: Manager -> what may be shut where it is in force, though it is declared, or needed by most.
WITHHELD: Mapping[str, tuple[Expected, ...]] = {
    "ufw": (
        Expected(
            "in",
            _v6(_numbers(_UDP), source_port=_numbers(547), destination_port=_numbers(546), destination=_beyond(_LINK)),
            "ufw's own before6.rules let DHCPv6 replies in to addresses of the link only, where they are sent to",
        ),
        Expected("out", _v4(_numbers(_ICMP)), _UFW_DENY),
        Expected("out", _v6(_numbers(_ICMPV6), icmp_type=((133, 136),), hop_limit=((0, 254),)), _UFW_DENY),
        Expected("out", _v6(_numbers(_ICMPV6), icmp_type=((130, 132), (143, 143)), source=_beyond(_LINK)), _UFW_DENY),
        Expected("out", _v6(_numbers(_ICMPV6), icmp_type=_numbers(139)), _UFW_DENY),
    ),
    "firewalld": (
        Expected(
            "out",
            {
                "family": frozenset({"ipv6"}),
                "destination": _networks(
                    *("::/96", "::ffff:0:0/96", "2002::/24", "2002:a00::/24", "2002:7f00::/24", "2002:a9fe::/32"),
                    *("2002:ac10::/28", "2002:c0a8::/32", "2002:e000::/19"),
                ),
            },
            "firewalld's own rules refuse IPv6 addresses made of private or special IPv4 ones (RFC3964_IPv4=yes)",
        ),
    ),
}

_CHAINS = {
    "ufw": frozenset({"ufw-before-input", "ufw6-before-input"}),
    "firewalld": frozenset({"filter_INPUT_ZONES", "filter_INPUT_POLICIES", "INPUT_ZONES", "INPUT_POLICIES"}),
}
#: Tables and chains of programs that shut out addresses for a time: fail2ban, CrowdSec, sshguard.
_BANS = re.compile(r"\S+ (f2b-table|crowdsec\S*|sshguard) |\S+ \S+ (f2b-\S+|crowdsec\S*|sshguard):", re.IGNORECASE)


def manager(tables: Iterable[Table]) -> str:
    """Return which manager wrote the rules in force, by names of its own: "" where it is none that is known, or several."""
    names = {rule.target for table in tables for chain in table.chains.values() if chain.hook for rule in chain.rules}
    found = [name for name, chains in _CHAINS.items() if names & chains]
    return found[0] if len(found) == 1 else ""


def bans(rule: str) -> bool:
    """Return whether a rule's text is that of a ban: it comes and goes by itself, and is no part of a policy."""
    return _BANS.match(rule) is not None
