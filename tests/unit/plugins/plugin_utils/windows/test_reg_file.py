# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import reg_file, registry
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import Value

HEADER = "Windows Registry Editor Version 5.00\r\n\r\n"
BODY = (
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\One]\r\n"
    '@="default"\r\n'
    '"a \\"b\\" \\\\c"="C:\\\\Program Files\\\\x.exe|R\u00e4ume|"\r\n'
    "; a comment\r\n"
    '"number"=dword:0000000a\r\n'
    '"bytes"=hex:00,ff\r\n'
    '"long"=hex(2):41,00,\\\r\n  42,00,\\\r\n  00,00\r\n'
    '"gone"=-\r\n'
    '"two\r\nlines"="one\r\ntwo"\r\n'
    "\r\n"
    "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Two]\r\n"
    "[HKEY_CURRENT_USER\\Software]\r\n"
    '"empty"=hex:\r\n'
)
VALUES = [
    registry.string("SOFTWARE\\One", "", "default"),
    registry.string("SOFTWARE\\One", 'a "b" \\c', "C:\\Program Files\\x.exe|R\u00e4ume|"),
    registry.dword("SOFTWARE\\One", "number", 10),
    Value("SOFTWARE\\One", "bytes", 3, b"\x00\xff"),
    Value("SOFTWARE\\One", "long", 2, "AB\0".encode("utf-16-le")),
    Value("SOFTWARE\\One", "**del.gone", 1, b""),
    registry.string("SOFTWARE\\One", "two\r\nlines", "one\r\ntwo"),
    Value("SOFTWARE", "**deletekeys", 1, "Two".encode("utf-16-le")),
    Value("HKEY_CURRENT_USER\\Software", "empty", 3, b""),
]


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF16_LE + (HEADER + BODY).encode("utf-16-le"),
        codecs.BOM_UTF16_BE + (HEADER + BODY).encode("utf-16-be"),
        codecs.BOM_UTF8 + (HEADER + BODY).encode(),
        (HEADER + BODY).encode(),
        (HEADER + BODY).encode("cp1252"),
        (HEADER + BODY).replace("\r\n\r\n[", "\r\n; more\r\n  \r\n[").encode(),
    ],
    ids=["utf-16", "utf-16-be", "utf-8 with mark", "utf-8", "ansi", "blank lines"],
)
def test_what_regedit_writes(content: bytes) -> None:
    assert reg_file.read(content) == VALUES


def test_unix_line_ends() -> None:
    found = reg_file.read((HEADER + BODY).replace("\r\n", "\n").encode())
    assert [value.name for value in found if "two" not in value.name] == [v.name for v in VALUES if "two" not in v.name]


def test_the_old_format_has_bytes_where_the_new_has_utf_16() -> None:
    content = b'REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\A]\r\n"b"=hex(2):41,00\r\n"c"="d"\r\n'
    assert reg_file.read(content) == [Value("A", "b", 2, b"A\0\0\0"), registry.string("A", "c", "d")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no file of regedit"),
        ("hello", "no file of regedit"),
        (HEADER + '"a"="b"\r\n', "line 3"),
        (HEADER + "[A]\r\nrubbish\r\n", "line 4: 'rubbish"),
        (HEADER + '[A]\r\n"a"="b', "line 4"),
        (HEADER + '[A]\r\n"a"=dword:xyz\r\n', "line 4"),
        (HEADER + '[A]\r\n"a"=hex:0\r\n', "line 4"),
        (HEADER + '[A]\r\n"a"="b" c\r\n', "line 4"),
        (HEADER + "[A\r\n", "line 3"),
    ],
)
def test_wrong_files(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        reg_file.read(text.encode())


def test_bad_utf_16() -> None:
    with pytest.raises(ValueError, match="no UTF-16-LE from byte 4 on"):
        reg_file.read(codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0")


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(ValueError, match="33,554,433 bytes"):
        reg_file.read(bytes(registry.MOST_BYTES + 1))


@given(
    st.lists(
        st.sampled_from(['"', "\\", "=", "[", "]", "\n", "\r\n", "-", "@", ";", "hex:", "00", ",", "a", "dword:"]),
        max_size=25,
    )
)
def test_no_text_does_worse_than_a_value_error(parts: list[str]) -> None:
    try:
        reg_file.read((HEADER + "[A]\r\n" + "".join(parts)).encode())
    except ValueError as error:
        assert str(error)


def test_reading_takes_time_by_length_only() -> None:
    for rubbish in (
        '"' + "\\a" * 200000,
        "\\\n " * 200000,
        '"a"=hex:' + "00,\\\r\n" * 50000 + "zz",
        " \n" * 200000 + "x",
        ";\n" * 200000 + "x",
    ):
        with pytest.raises(ValueError):
            reg_file.read((HEADER + "[A]\r\n" + rubbish).encode())
