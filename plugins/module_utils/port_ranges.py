# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port ranges as inclusive ``(low, high)`` pairs, and their text form ``"7563"`` or ``"6000-7000"``."""

from __future__ import annotations

from collections.abc import Iterable

LOWEST = 1
HIGHEST = 65535


def parse_range(text: object) -> tuple[int, int]:
    """Return ``(low, high)`` for ``"7563"`` or ``"6000-7000"``.

    Raises ValueError when it is not a port, lies outside 1-65535, or runs backwards.
    """
    low, separator, high = str(text).strip().partition("-")
    try:
        pair = int(low), int(high if separator else low)
    except ValueError:
        raise ValueError("%r is not a port or a range of ports" % (text,)) from None
    return checked(pair)


def checked(pair: tuple[int, int]) -> tuple[int, int]:
    """Return the ``(low, high)`` pair when it is a range of ports; raises ValueError otherwise."""
    low, high = pair
    if not (LOWEST <= low <= HIGHEST and LOWEST <= high <= HIGHEST):
        raise ValueError("%s is outside %d-%d" % (text(pair), LOWEST, HIGHEST))
    if low > high:
        raise ValueError("%s runs backwards" % text(pair))
    return low, high


def text(pair: tuple[int, int]) -> str:
    """Return ``"7563"`` or ``"6000-7000"`` for one ``(low, high)`` pair."""
    low, high = pair
    return str(low) if low == high else "%d-%d" % (low, high)


def merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs sorted, with those that overlap or touch made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def texts(ranges: Iterable[tuple[int, int]]) -> list[str]:
    """Return the merged ranges as a list of texts."""
    return [text(pair) for pair in merge(ranges)]


def sample(ranges: Iterable[tuple[int, int]], whole: int = 8) -> list[int]:
    """Return the ports (int) that stand for ``ranges``: all of a range up to ``whole`` ports wide, else its ends and middle."""
    ports: set[int] = set()
    for low, high in ranges:
        if high - low < whole:
            ports.update(range(low, high + 1))
        else:
            ports.update((low, (low + high) // 2, high))
    return sorted(ports)
