# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks as ``(family, low, high)``: family 4 or 6 and the first and last address as integers.

Targets may hold thousands of peers, so this uses the C library's own parser and integers: ``ipaddress`` objects are
ten times slower and cost an import.
"""

from __future__ import annotations

import socket

BITS = {4: 32, 6: 128}
_SOCKET_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def parse_address(text):
    """Return ``(family, number)`` for one IPv4 or IPv6 address; raises ValueError when ``text`` is not one."""
    family = 6 if ":" in text else 4
    try:
        return family, int.from_bytes(socket.inet_pton(_SOCKET_FAMILY[family], text), "big")
    except (OSError, ValueError):
        raise ValueError("%r is not an IPv4 or IPv6 address" % (text,)) from None


def parse_network(text):
    """Return ``(family, low, high)`` for an address or a CIDR.

    Raises ValueError when it is neither, or when it has bits set beyond its prefix: masking them away would let in
    more than was written.
    """
    address, slash, length = text.partition("/")
    family, number = parse_address(address)
    if not slash:
        return family, number, number
    if not (length.isascii() and length.isdigit() and int(length) <= BITS[family]):
        raise ValueError("%r: the prefix length must be 0-%d" % (text, BITS[family]))
    low, high = span(family, number, int(length))
    if number != low:
        raise ValueError("%r has bits set beyond its prefix; write %s" % (text, range_text(family, (low, high))))
    return family, low, high


def span(family, number, length):
    """Return ``(low, high)`` of the network of ``length`` bits that holds address ``number``."""
    mask = (1 << (BITS[family] - length)) - 1
    return number & ~mask, number | mask


def address_text(family, number):
    """Return the usual text of one address."""
    return socket.inet_ntop(_SOCKET_FAMILY[family], number.to_bytes(BITS[family] // 8, "big"))


def range_text(family, pair):
    """Return ``"10.0.0.5"``, ``"10.0.0.0/24"`` or, when it is no network, ``"10.0.0.1-10.0.0.6"``."""
    low, high = pair
    if low == high:
        return address_text(family, low)
    size = high - low + 1
    if size & (size - 1) == 0 and low % size == 0:
        return "%s/%d" % (address_text(family, low), BITS[family] - size.bit_length() + 1)
    return "%s-%s" % (address_text(family, low), address_text(family, high))
