# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to text: by byte order mark, by what a page says of itself, then UTF-8, then Windows-1252."""

from __future__ import annotations

import codecs
import re

from .limits import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})|<\?xml[^>]{0,100}encoding=["']([\w-]{1,40})""", re.IGNORECASE
)
_ALLOWED = "text in UTF-8"
_BINARY = "is a binary file", "a PDF, an XLSX workbook, HTML, Markdown, CSV or text"


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text, and notes where the encoding was a guess; raises Unreadable for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding), []
    if b"\0" in data[:4096]:
        sample = data[:4096]
        zeros = sample[0::2].count(0), sample[1::2].count(0)
        if max(zeros) > len(sample) // 8 and min(zeros) * 8 < max(zeros):
            return _strict(data, "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"), []
    if b"\0" in data:
        raise Unreadable(*_BINARY)
    declared = _DECLARED.search(data[:4096])
    if declared:
        encoding = (declared[1] or declared[2]).decode("ascii")
        try:
            if (
                codecs.lookup(encoding).name not in ("utf-16", "utf-32", "utf-8")
                and codecs.lookup(encoding)._is_text_encoding
            ):
                return _strict(data, encoding), []
        except LookupError:
            pass
    try:
        return _checked(data.decode("utf-8")), []
    except UnicodeDecodeError as error:
        at = error.start
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(f"is neither UTF-8 nor Windows-1252 (byte {at + 1})", _ALLOWED) from None
    return _checked(text), ["The text is not UTF-8; it was read as Windows-1252."]


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _checked(data.decode(encoding))
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        raise Unreadable(f"says that it is {encoding} and is not (byte {at + 1})", _ALLOWED) from None


def _checked(text: str) -> str:
    """Return the text when it is one."""
    odd = sum(1 for sign in text[:100_000] if sign < " " and sign not in "\t\n\r\f\v")
    if odd * 100 > min(len(text), 100_000) or "\0" in text:
        raise Unreadable(*_BINARY)
    return text.replace("\f", "\n").removeprefix("\ufeff")
