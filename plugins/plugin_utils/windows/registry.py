# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the Windows registry, and which of them remain where a list of them also says what to delete."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

#: Where group policy keeps the firewall, and where a host keeps what is its own; both below HKEY_LOCAL_MACHINE.
POLICY_KEY = r"SOFTWARE\Policies\Microsoft\WindowsFirewall"
LOCAL_KEY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
RULES_KEY = "FirewallRules"

SZ, EXPAND_SZ, BINARY, DWORD, MULTI_SZ, QWORD = 1, 2, 3, 4, 7, 11
#: What a file of such values may be at most, in bytes: far more than the rules of any host.
MOST_BYTES = 32 * 2**20

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Value(NamedTuple):
    """One value; ``key`` goes without the hive, ``kind`` is the number of its type.

    A name that begins with ``**`` is an instruction, as in Registry.pol: ``**del.<name>`` and ``**delvals.`` delete, ``**soft.<name>``
    sets what is not there yet.
    """

    key: str
    name: str
    kind: int
    data: bytes


def string(key: str, name: str, text: str) -> Value:
    """Return a text value; raises ValueError for text that is no Unicode."""
    return Value(key, name, SZ, text.encode("utf-16-le") + b"\0\0")


def dword(key: str, name: str, number: int) -> Value:
    """Return a value of 32 bits."""
    return Value(key, name, DWORD, struct.pack("<I", number))


def text_of(value: Value) -> str:
    """Return the text of a value up to its end mark; raises ValueError when it is no text."""
    if value.kind not in (SZ, EXPAND_SZ):
        raise ValueError(f"is of type {value.kind}; allowed: text (REG_SZ)")
    try:
        return value.data.decode("utf-16-le").partition("\0")[0]
    except UnicodeDecodeError:
        raise ValueError("is no text; allowed: UTF-16") from None


def number_of(value: Value) -> int:
    """Return the number of a value; raises ValueError when it is none."""
    if value.kind != DWORD or len(value.data) != 4:
        raise ValueError(
            f"is of type {value.kind} with {len(value.data)} bytes; allowed: a number of 32 bits (REG_DWORD)"
        )
    return int.from_bytes(value.data, "little")


def remaining(values: Iterable[Value]) -> dict[str, dict[str, Value]]:
    """Return key -> name -> value, both in small letters, of what is there after each of ``values`` in turn."""
    found: dict[str, dict[str, Value]] = {}
    for value in values:
        here = found.setdefault(value.key.lower(), {})
        name = value.name.lower()
        if name.startswith("**delvals"):
            here.clear()
        elif name.startswith("**del."):
            here.pop(name.removeprefix("**del."), None)
        elif name.startswith("**deletevalues"):
            for deleted in text_of(value).lower().split(";"):
                here.pop(deleted.strip(), None)
        elif name.startswith("**deletekeys"):
            for deleted in text_of(value).lower().split(";"):
                _delete(found, f"{value.key.lower()}\\{deleted.strip()}")
        elif name.startswith("**soft."):
            here.setdefault(name.removeprefix("**soft."), value._replace(name=value.name[len("**soft.") :]))
        elif not name.startswith("**"):
            here[name] = value
    return found


def _delete(found: Mapping[str, dict[str, Value]], key: str) -> None:
    for other, values in found.items():
        if other == key or other.startswith(key + "\\"):
            values.clear()


def decoded(data: bytes) -> str:
    """Return the text of a file as Windows' programs write them: UTF-16 or UTF-8 with a mark, UTF-8, or Windows-1252; raises ValueError."""
    mark, encoding = next((known for known in _BOMS if data.startswith(known[0])), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if mark:
            raise ValueError(f"is no {encoding.upper()} from byte {error.start + len(mark)} on") from None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"is no text: byte {error.start}; allowed: UTF-16 with its mark, UTF-8, Windows-1252"
        ) from None
