# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LGPO text: what Microsoft's LGPO.exe builds a Registry.pol from (``/r``), applies (``/t``) and writes (``/parse``), both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .registry import (
    BINARY,
    DWORD,
    EXPAND_SZ,
    MOST_BYTES,
    MULTI_SZ,
    QWORD,
    SZ,
    Value,
    decoded,
    number_of,
    string,
    text_of,
)

SIDES = ("Computer", "User")
_KINDS = {"SZ": SZ, "EXSZ": EXPAND_SZ, "DWORD": DWORD, "MULTISZ": MULTI_SZ, "QWORD": QWORD, "BINARY": BINARY}
_ACTION = re.compile(r"(?P<word>[A-Z]+)(?::(?P<rest>.*))?")


def write(values: Iterable[Value], comments: Iterable[str] = ()) -> str:
    """Return the text of values of a computer's policy; raises ValueError for what the text cannot hold."""
    lines = [f"; {comment}".rstrip() for comment in comments]
    for value in values:
        rest = f"SZ:{text_of(value)}" if value.kind == SZ else f"DWORD:{number_of(value)}"
        entry = (value.key, value.name, rest)
        if any("\n" in line or "\r" in line or not line.isascii() for line in entry) or value.name[:1] in (
            "",
            "*",
            ";",
        ):
            raise ValueError(f"{value.key}\\{value.name}: allowed in LGPO text: one line of ASCII each")
        lines += ["", SIDES[0], *entry]
    return "\n".join([*lines, ""])


def is_one(text: str) -> bool:
    """Tell whether a text is such a file: its first line that is no comment says for whom."""
    return next((line for _number, line in _lines(text)), "").capitalize() in SIDES


def read(content: bytes) -> list[Value]:
    """Return the values of a computer's policy in their order; raises ValueError, which says in which line the file is wrong."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"has {len(content):,} bytes; allowed: {MOST_BYTES:,}")
    values, lines = [], _lines(decoded(content))
    for number, side in lines:
        if side.capitalize() not in SIDES:
            raise ValueError(f"line {number}: {side[:40]!r}; allowed: {' or '.join(SIDES)}")
        entry = [line for _number, line in (next(lines, (0, "")) for _part in range(3))]
        if not all(entry):
            raise ValueError(f"line {number}: the file ends; allowed: a key, a name and a value below {side}")
        try:
            value = _value(*entry)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if side.capitalize() == SIDES[0]:
            values.append(value)
    return values


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        content = line.rstrip("\r").strip("\ufeff")
        if content.strip() and not content.startswith(";"):
            yield number, content


def _value(key: str, name: str, action: str) -> Value:
    found = _ACTION.fullmatch(action)
    word, rest = (found["word"], found["rest"]) if found else ("", None)
    if word == "DELETE":
        return Value(key, f"**del.{name}", SZ, b"")
    if word == "DELETEALLVALUES":
        return Value(key, "**delvals.", SZ, b"")
    if word == "CREATEKEY":
        return Value(key, "", SZ, b"")
    if word not in _KINDS or rest is None:
        raise ValueError(f"{action[:40]!r}; allowed: SZ:text, DWORD:number, DELETE, DELETEALLVALUES, CREATEKEY")
    if word == "DWORD":
        return Value(key, name, DWORD, _number(rest).to_bytes(4, "little"))
    return string(key, name, rest)._replace(kind=_KINDS[word])


def _number(text: str) -> int:
    found = re.fullmatch(r"(\d{1,10})|0x([0-9a-fA-F]{1,8})", text.strip(), re.ASCII)
    number = int(found[1]) if found and found[1] else int(found[2], 16) if found else 2**32
    if number >= 2**32:
        raise ValueError(f"DWORD:{text[:40]}; allowed: 0 to {2**32 - 1}")
    return number
