# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks as numbers, so that peers can be compared, sorted and searched quickly."""

from __future__ import annotations

import functools
from typing import NamedTuple

try:
    import netaddr
except ImportError:  # told to the user when an address is first read, not when Ansible lists its plugins
    netaddr = None

ANY_TEXT = "any"
HOST_FORMS = "an IPv4 or IPv6 address such as 10.0.0.5 or 2001:db8::5, without a prefix length"
NETWORK_FORMS = "an address, a network such as 10.0.0.0/24 or 2001:db8::/64 with no host bits set, or any"
#: Unspecified, loopback and multicast addresses.
NO_HOSTS = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "::/128", "::1/128", "ff00::/8")
REQUIRED = "the Python package netaddr is needed on the controller: pip install netaddr"


class Network(NamedTuple):
    """A network: IP version (4 or 6; 0 for any), first and last address as numbers, and its text."""

    version: int
    first: int
    last: int
    text: str


ANY = Network(0, 0, 0, ANY_TEXT)


@functools.cache
def _parsed(value: str) -> Network:
    if netaddr is None:
        raise RuntimeError(REQUIRED)
    address, slash, prefix = value.partition("/")
    try:
        found = netaddr.IPNetwork(netaddr.IPAddress(address, flags=netaddr.INET_PTON))
        if slash:
            found.prefixlen = int(prefix) if prefix.isdecimal() else -1
    except (netaddr.AddrFormatError, ValueError):
        raise ValueError(f"{value!r} is not an address or network; allowed: {NETWORK_FORMS}") from None
    if found.value != found.first:
        raise ValueError(f"{value!r} has host bits set (its network is {found.cidr}); allowed: {NETWORK_FORMS}")
    return Network(found.version, found.first, found.last, str(found.cidr))


def network(value: object) -> Network:
    """Return the network for an address, a CIDR or ``any``; raises ValueError with what is allowed."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an address or network; allowed: {NETWORK_FORMS}")
    return ANY if value == ANY_TEXT else _parsed(value)


def host(value: object) -> Network:
    """Return the one-address network of a host's address; raises ValueError with what is allowed."""
    if not isinstance(value, str) or "/" in value or value == ANY_TEXT:
        raise ValueError(f"{value!r} is not the address of a host; allowed: {HOST_FORMS}")
    try:
        found = _parsed(value)
    except ValueError:
        raise ValueError(f"{value!r} is not the address of a host; allowed: {HOST_FORMS}") from None
    if any(
        network.version == found.version and network.first <= found.first <= network.last
        for network in map(_parsed, NO_HOSTS)
    ):
        raise ValueError(f"{value!r} is an address that no other host can reach; allowed: {HOST_FORMS}")
    return found


def is_address(value: object) -> bool:
    """Return whether the value is the address of a host."""
    try:
        host(value)
    except ValueError:
        return False
    return True
