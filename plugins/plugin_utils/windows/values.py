# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of rules as Windows writes them, read into ranges of numbers; one text is read once, since rules repeat them."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges

ALL_PORTS: Ranges = ((0, 65535),)
#: Types and codes of ICMP as one number, type * 256 + code.
ALL_TYPES: Ranges = ((0, 65535),)
#: Families, as ranges.py names them.
FAMILIES = {4: "ipv4", 6: "ipv6"}
_ANYTHING = frozenset({"", "*", "any"})
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_VARIABLES = {
    "%systemroot%": r"c:\windows",
    "%windir%": r"c:\windows",
    "%systemdrive%": "c:",
    "%programfiles%": r"c:\program files",
    "%programfiles(x86)%": r"c:\program files (x86)",
    "%programdata%": r"c:\programdata",
    "%allusersprofile%": r"c:\programdata",
}


class Ports(NamedTuple):
    """Numbers, and keywords in lower case (``rpc``) or whatever else is no number."""

    ranges: Ranges
    keywords: frozenset[str]


class Addresses(NamedTuple):
    """Addresses of both families, and keywords in lower case (``localsubnet``) or whatever else is no address."""

    ipv4: Ranges
    ipv6: Ranges
    keywords: frozenset[str]

    def of(self, family: str) -> Ranges:
        """Return those of ``ipv4`` or ``ipv6``."""
        return self.ipv6 if family == "ipv6" else self.ipv4


EVERYWHERE = Addresses(ranges.EVERY["ipv4"], ranges.EVERY["ipv6"], frozenset())


def _tokens(text: str) -> list[str]:
    return [token.strip().lower() for token in text.split(",") if token.strip()]


@functools.lru_cache(maxsize=4096)
def ports(text: str) -> Ports:
    """Read ``7563,6000-7000``, ``RPC`` or ``*``; what is neither is a keyword."""
    if text.strip().lower() in _ANYTHING:
        return Ports(ALL_PORTS, frozenset())
    numbers, keywords = [], []
    for token in _tokens(text):
        if token in _ANYTHING:
            return Ports(ALL_PORTS, frozenset())
        found = _PORTS.fullmatch(token)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first <= last <= 65535:
            numbers.append((first, last))
        else:
            keywords.append(token)
    return Ports(ranges.union(numbers), frozenset(keywords))


@functools.lru_cache(maxsize=4096)
def addresses(text: str) -> Addresses:
    """Read addresses, networks by prefix length or mask, ranges, keywords or ``*``."""
    if text.strip().lower() in _ANYTHING:
        return EVERYWHERE
    found: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    keywords = []
    for token in _tokens(text):
        if token in _ANYTHING:
            return EVERYWHERE
        try:
            family, first, last = _network(token)
        except ValueError:
            keywords.append(token)
        else:
            found[family].append((first, last))
    return Addresses(ranges.union(found[4]), ranges.union(found[6]), frozenset(keywords))


def _network(token: str) -> tuple[int, int, int]:
    """Return family, first and last address; Windows, too, masks away the bits beyond a network's mask."""
    start, dash, end = token.partition("-")
    if dash:
        (family, first), (other, last) = address_ranges.parse_address(start), address_ranges.parse_address(end)
        if family != other or first > last:
            raise ValueError(token)
        return family, first, last
    address, slash, mask = token.partition("/")
    family, number = address_ranges.parse_address(address)
    if not slash:
        return family, number, number
    return family, *address_ranges.span(family, number, _length(mask, family))


@functools.lru_cache(maxsize=256)
def _length(mask: str, family: int) -> int:
    """Return the prefix length of ``24`` or ``255.255.255.0``; raises ValueError when it is neither."""
    bits = address_ranges.BITS[family]
    if mask.isascii() and mask.isdigit() and int(mask) <= bits:
        return int(mask)
    other, number = address_ranges.parse_address(mask)
    length = number.bit_count()
    if other != family or number != (1 << bits) - (1 << (bits - length)):
        raise ValueError(mask)
    return length


@functools.lru_cache(maxsize=1024)
def types(text: str) -> Ranges:
    """Read ICMP types and codes: ``8:*,3:4`` or ``*``; what is neither matches nothing."""
    if text.strip().lower() in _ANYTHING:
        return ALL_TYPES
    found = []
    for token in _tokens(text):
        kind, _colon, code = token.partition(":")
        if kind in _ANYTHING:
            return ALL_TYPES
        if kind.isdigit() and int(kind) <= 255 and (code in _ANYTHING or (code.isdigit() and int(code) <= 255)):
            low, high = (0, 255) if code in _ANYTHING else (int(code), int(code))
            found.append((int(kind) * 256 + low, int(kind) * 256 + high))
    return ranges.union(found)


@functools.lru_cache(maxsize=4096)
def program(text: str) -> str:
    """Return a program's path in lower case and with the usual values for variables; empty for any program."""
    path = text.strip().strip('"').replace("/", "\\").lower()
    if path in _ANYTHING:
        return ""
    if path.startswith("%"):
        name, percent, rest = path[1:].partition("%")
        known = _VARIABLES.get(f"%{name}%")
        if percent and known:
            return known + rest
    return path


def service(text: str) -> str:
    """Return a service's name in lower case; empty for no condition, ``*`` for any service."""
    return text.strip().lower()
