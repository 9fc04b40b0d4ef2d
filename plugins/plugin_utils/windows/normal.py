# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One form for rules: Windows gives back the same rule in another spelling than it was written in."""

from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ALL_PROFILES, ANY, WindowsRule

WITH_PORTS = (6, 17)
WITH_TYPES = (1, 58)
_EVERY_PROFILE = 7
_SPELLING = {
    "localsubnet": "LocalSubnet",
    "localsubnet4": "LocalSubnet4",
    "localsubnet6": "LocalSubnet6",
    "dns": "DNS",
    "dhcp": "DHCP",
    "wins": "WINS",
    "defaultgateway": "DefaultGateway",
    "rpc": "RPC",
    "rpc-epmap": "RPC-EPMap",
    "iphttps": "IPHTTPS",
    "teredo": "Teredo",
}


def key(rule: WindowsRule) -> tuple[Any, ...]:
    """Return what is equal for rules that Windows takes for the same, name, group and description included."""
    return (
        rule.name,
        rule.group,
        rule.description,
        rule.enabled,
        rule.direction.lower(),
        rule.action.lower(),
        rule.protocol,
        values.ports(rule.local_ports) if rule.protocol in WITH_PORTS else None,
        values.ports(rule.remote_ports) if rule.protocol in WITH_PORTS else None,
        values.types(rule.icmp) if rule.protocol in WITH_TYPES else None,
        values.addresses(rule.local_addresses),
        values.addresses(rule.remote_addresses),
        profiles(rule.profiles),
        values.program(rule.program),
        values.service(rule.service),
        _names(rule.interfaces),
        () if _names(rule.interface_types) == ("all",) else _names(rule.interface_types),
        rule.edge,
        tuple(sorted(rule.others)),
    )


def normal(rule: WindowsRule) -> WindowsRule:
    """Return the rule in one spelling: sorted and merged, addresses as Windows writes them, conditions that mean nothing as none."""
    ported = rule.protocol in WITH_PORTS
    types = _names(rule.interface_types)
    return rule._replace(
        direction=rule.direction.lower(),
        action=rule.action.lower(),
        local_ports=ports_text(values.ports(rule.local_ports)) if ported else ANY,
        remote_ports=ports_text(values.ports(rule.remote_ports)) if ported else ANY,
        icmp=_types_text(values.types(rule.icmp)) if rule.protocol in WITH_TYPES else ANY,
        local_addresses=addresses_text(values.addresses(rule.local_addresses)),
        remote_addresses=addresses_text(values.addresses(rule.remote_addresses)),
        profiles=profiles(rule.profiles),
        program=values.program(rule.program),
        service=values.service(rule.service),
        interfaces=",".join(_names(rule.interfaces)),
        interface_types="All" if types in ((), ("all",)) else ",".join(types),
        others=tuple(sorted(rule.others)),
    )


def profiles(bits: int) -> int:
    """Return the bits of profiles, all of them in one way; Windows has more than one."""
    return ALL_PROFILES if bits & _EVERY_PROFILE == _EVERY_PROFILE else bits & _EVERY_PROFILE


def ports_text(found: values.Ports) -> str:
    """Return ports as Windows writes them."""
    if found.ranges == values.ALL_PORTS:
        return ANY
    return ",".join([*ranges.texts(found.ranges), *spelled(found.keywords)])


def addresses_text(found: values.Addresses) -> str:
    """Return addresses as Windows writes them."""
    if found.ipv4 == values.EVERYWHERE.ipv4 and found.ipv6 == values.EVERYWHERE.ipv6:
        return ANY
    return ",".join([*address_texts(4, found.ipv4), *address_texts(6, found.ipv6), *spelled(found.keywords)])


def address_texts(family: int, found: Ranges) -> list[str]:
    """Return addresses of family 4 or 6 as Windows writes them: a mask for IPv4, a prefix for IPv6, ranges."""
    return [_address_text(family, pair) for pair in found]


def _address_text(family: int, pair: tuple[int, int]) -> str:
    text = address_ranges.range_text(family, pair)
    if family == 6 or "-" in text:
        return text
    address, slash, length = text.partition("/")
    bits = int(length) if slash else 32
    return f"{address}/{address_ranges.address_text(4, (1 << 32) - (1 << (32 - bits)))}"


def _types_text(found: Ranges) -> str:
    if found == values.ALL_TYPES:
        return ANY
    out = []
    for first, last in found:
        while first <= last:
            if first % 256 == 0 and first + 255 <= last:
                out.append(f"{first // 256}:*")
                first += 256
            else:
                out.append(f"{first // 256}:{first % 256}")
                first += 1
    return ",".join(out)


def spelled(keywords: frozenset[str]) -> list[str]:
    """Return keywords as Windows writes them."""
    return sorted(_SPELLING.get(word, word) for word in keywords)


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted(name.strip().lower() for name in text.split(",") if name.strip()))
