# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of numbers as sorted, disjoint ranges, and networks as such ranges."""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Iterable

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges

BITS = {"ipv4": 32, "ipv6": 128}
#: Every address of a family.
EVERY: dict[str, Ranges] = {family: ((0, 2**bits - 1),) for family, bits in BITS.items()}


def union(*parts: Iterable[tuple[int, int]]) -> Ranges:
    """Return what is in any of ``parts``, which may overlap and be in any order."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(pair for part in parts for pair in part):
        if out and first <= out[-1][1] + 1:
            if last > out[-1][1]:
                out[-1] = out[-1][0], last
        else:
            out.append((first, last))
    return tuple(out)


def intersect(one: Ranges, other: Ranges) -> Ranges:
    """Return what is in both."""
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first <= last:
            out.append((first, last))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def complement(ranges: Ranges, highest: int) -> Ranges:
    """Return what is not in ``ranges``, from 0 to ``highest``."""
    out, following = [], 0
    for first, last in ranges:
        if first > following:
            out.append((following, first - 1))
        following = last + 1
    if following <= highest:
        out.append((following, highest))
    return tuple(out)


def subtract(one: Ranges, other: Ranges) -> Ranges:
    """Return what is in ``one`` and not in ``other``."""
    return intersect(one, complement(other, one[-1][1])) if one else ()


def contains(ranges: Ranges, number: int) -> bool:
    """Tell whether ``number`` is in ``ranges``."""
    place = bisect.bisect_right(ranges, (number, float("inf"))) - 1
    return place >= 0 and number <= ranges[place][1]


def family_of(text: str) -> str:
    """Return the family of an address or network."""
    return "ipv6" if ":" in text else "ipv4"


def network(text: str) -> tuple[int, int]:
    """Return the first and last address of ``10.0.0.0/8`` or ``2001:db8::1``; raises ValueError when it is neither."""
    found = ipaddress.ip_network(text, strict=False)
    return int(found.network_address), int(found.broadcast_address)


def address_text(family: str, number: int) -> str:
    """Return an address as text."""
    return str(ipaddress.IPv6Address(number) if family == "ipv6" else ipaddress.IPv4Address(number))


def networks(family: str, ranges: Ranges) -> list[str]:
    """Return addresses as the fewest networks that hold them and no others."""
    kind = ipaddress.IPv6Address if family == "ipv6" else ipaddress.IPv4Address
    return [
        str(found) for first, last in ranges for found in ipaddress.summarize_address_range(kind(first), kind(last))
    ]


def texts(ranges: Ranges) -> list[str]:
    """Return numbers as ``7563`` and ``6000-7000``."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
