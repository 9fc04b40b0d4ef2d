# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry.pol, the file in which a group policy keeps values of the registry (MS-GPREG 2.2.1), both ways."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .registry import MOST_BYTES, Value

SIGNATURE = b"PReg"
HEADER = SIGNATURE + struct.pack("<I", 1)
#: The data of one value in bytes, and the name of a key or value in characters.
MOST_DATA = 65535
MOST_NAME = 32767

_OPEN, _CLOSE, _NEXT, _END = (mark.encode("utf-16-le") for mark in "[];\0")


def write(values: Iterable[Value]) -> bytes:
    """Return the file of these values; raises ValueError for a value that it cannot hold."""
    parts = [HEADER]
    for key, name, kind, data in values:
        if len(data) > MOST_DATA:
            raise ValueError(f"{key}\\{name[:60]}: {len(data):,} bytes; allowed in Registry.pol: {MOST_DATA:,}")
        if "\0" in key + name or not key:
            raise ValueError(f"{key[:60]!r}, {name[:60]!r}: allowed: a key, and names without NUL")
        parts += [_OPEN, key.encode("utf-16-le"), _END, _NEXT, name.encode("utf-16-le"), _END, _NEXT]
        parts += [struct.pack("<I", kind), _NEXT, struct.pack("<I", len(data)), _NEXT, data, _CLOSE]
    return b"".join(parts)


def read(content: bytes) -> list[Value]:
    """Return the values of a file in their order; raises ValueError, which says at which byte the file is wrong."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"has {len(content):,} bytes; allowed: {MOST_BYTES:,}")
    if content[: len(SIGNATURE)] != SIGNATURE:
        raise ValueError("is no Registry.pol: it does not begin with PReg")
    if content[: len(HEADER)] != HEADER:
        raise ValueError("is a Registry.pol of an unknown version; allowed: 1")
    values, place = [], len(HEADER)
    while place < len(content):
        value, place = _value(content, place)
        values.append(value)
    return values


def _value(content: bytes, place: int) -> tuple[Value, int]:
    key, place = _text(content, _mark(content, place, _OPEN))
    name, place = _text(content, _mark(content, place, _NEXT))
    kind, place = _number(content, _mark(content, place, _NEXT))
    size, place = _number(content, _mark(content, place, _NEXT))
    place = _mark(content, place, _NEXT)
    if size > len(content) - place:
        raise ValueError(f"byte {place}: the file ends within a value of {size:,} bytes")
    data = content[place : place + size]
    return Value(key, name, kind, data), _mark(content, place + size, _CLOSE)


def _mark(content: bytes, place: int, mark: bytes) -> int:
    if content[place : place + 2] != mark:
        what = "the file ends" if place + 2 > len(content) else f"{content[place : place + 2]!r}"
        raise ValueError(f"byte {place}: {what} where {mark.decode('utf-16-le')} is expected")
    return place + 2


def _number(content: bytes, place: int) -> tuple[int, int]:
    if place + 4 > len(content):
        raise ValueError(f"byte {place}: the file ends within a number")
    return int.from_bytes(content[place : place + 4], "little"), place + 4


def _text(content: bytes, place: int) -> tuple[str, int]:
    limit = min(len(content), place + 2 * MOST_NAME + 2)
    end = content.find(_END, place, limit)
    while end >= 0 and (end - place) % 2:
        end = content.find(_END, end + 1, limit)
    if end < 0:
        raise ValueError(f"byte {place}: a name has no end; allowed: {MOST_NAME:,} characters")
    try:
        return content[place:end].decode("utf-16-le"), end + 2
    except UnicodeDecodeError:
        raise ValueError(f"byte {place}: a name is no UTF-16") from None
