# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that others wrote, made harmless for a page: nothing in it can hide, or turn the direction of what stands around it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

#: Controls, formats (among them those that change the direction of text), lone surrogates, line and paragraph separators.
INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def visible(value: Any) -> Any:
    """Return plain data with every invisible character of its texts written as ``[U+202E]``; a line break becomes a space."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else "".join(map(_shown, value))
    if isinstance(value, Mapping):
        return {visible(str(key)): visible(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [visible(each) for each in value]
    return value


def _shown(character: str) -> str:
    if character in "\t\r\n":
        return " "
    return f"[U+{ord(character):04X}]" if unicodedata.category(character) in INVISIBLE else character
