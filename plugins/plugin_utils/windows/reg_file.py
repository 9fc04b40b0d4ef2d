# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of regedit and ``reg export``, read."""

from __future__ import annotations

import re

from .registry import BINARY, DWORD, MOST_BYTES, MULTI_SZ, QWORD, SZ, Value, decoded

HEADERS = ("Windows Registry Editor Version 5.00", "REGEDIT4")
#: The hive that the keys of a host's firewall are in; keys of other hives keep its name.
HIVES = ("HKEY_LOCAL_MACHINE\\", "HKLM\\")

_QUOTED = r'"(?P<{}>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_BLANK = re.compile(r"(?:[ \t\r]*+(?:;[^\n]*+)?+\n)++|[ \t\r]++\Z|;[^\n]*+\Z")
_KEY = re.compile(r"\[(?P<delete>-?)(?P<key>[^\r\n]*)\][ \t\r]*(?:\n|\Z)")
_NAME = re.compile(rf"(?:@|{_QUOTED.format('name')})[ \t]*=[ \t]*", re.DOTALL)
_TEXT = re.compile(rf"{_QUOTED.format('text')}[ \t\r]*(?:\n|\Z)", re.DOTALL)
_LINE = re.compile(r"(?P<line>(?:[^\r\n\\]|\\[ \t]*\r?\n[ \t]*)*+)\r?(?:\n|\Z)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_HEX = re.compile(r"hex(?:\((?P<kind>[0-9a-f]{1,8})\))?:(?P<bytes>(?:[0-9a-f]{2}(?:,[0-9a-f]{2})*)?),?", re.IGNORECASE)
_DWORD = re.compile(r"dword:([0-9a-f]{1,8})", re.IGNORECASE)


def is_one(text: str) -> bool:
    """Tell whether a text begins as such a file."""
    return text.lstrip().startswith(HEADERS)


def read(content: bytes) -> list[Value]:
    """Return the values of a file in their order; raises ValueError, which says in which line the file is wrong."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"has {len(content):,} bytes; allowed: {MOST_BYTES:,}")
    text = decoded(content)
    if not is_one(text):
        raise ValueError(f"is no file of regedit; allowed: a first line {HEADERS[0]!r} or {HEADERS[1]!r}")
    old = text.lstrip().startswith(HEADERS[1])
    values: list[Value] = []
    place = text.find("\n") + 1 or len(text)
    key = None
    while place < len(text):
        if blank := _BLANK.match(text, place):
            place = blank.end()
        elif section := _KEY.match(text, place):
            key, place = _without_hive(section["key"]), section.end()
            if section["delete"]:
                above, _mark, last = key.rpartition("\\")
                values.append(Value(above, "**deletekeys", SZ, last.encode("utf-16-le", "surrogatepass")))
        elif key is not None and (name := _NAME.match(text, place)):
            value, place = _value(key, _plain(name["name"] or ""), text, name.end(), old)
            values.append(value)
        else:
            raise _wrong(text, place)
    return values


def _value(key: str, name: str, text: str, place: int, old: bool) -> tuple[Value, int]:
    if quoted := _TEXT.match(text, place):
        return Value(key, name, SZ, _plain(quoted["text"]).encode("utf-16-le", "surrogatepass") + b"\0\0"), quoted.end()
    line = _LINE.match(text, place)
    if not line:
        raise _wrong(text, place)
    content = re.sub(r"\\?\s+", "", line["line"].partition(";")[0])
    if content == "-":
        return Value(key, f"**del.{name}", SZ, b""), line.end()
    if number := _DWORD.fullmatch(content):
        return Value(key, name, DWORD, int(number[1], 16).to_bytes(4, "little")), line.end()
    if found := _HEX.fullmatch(content):
        kind = int(found["kind"], 16) if found["kind"] else BINARY
        data = bytes.fromhex(found["bytes"].replace(",", " "))
        if old and kind not in (BINARY, DWORD, QWORD) and kind <= MULTI_SZ:
            data = data.decode("cp1252", "replace").encode("utf-16-le")  # REGEDIT4 has bytes of the code page there
        return Value(key, name, kind, data), line.end()
    raise _wrong(text, place)


def _without_hive(key: str) -> str:
    for hive in HIVES:
        if key.upper().startswith(hive):
            return key[len(hive) :]
    return key


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _wrong(text: str, place: int) -> ValueError:
    line = text.count("\n", 0, place) + 1
    return ValueError(f'line {line}: {text[place : place + 40]!r}; allowed: [key], "name"=value, ; and comment')
