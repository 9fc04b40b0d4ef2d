# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import codecs

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import lgpo, registry
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import Value

VALUES = [registry.dword("SOFTWARE\\A", "One", 7), registry.string("SOFTWARE\\A", "{2}", "v2.10|Name=a: b|")]
TEXT = "; by hand\n\nComputer\nSOFTWARE\\A\nOne\nDWORD:7\n\nComputer\nSOFTWARE\\A\n{2}\nSZ:v2.10|Name=a: b|\n"


def test_both_ways() -> None:
    assert lgpo.write(VALUES, ["by hand"]) == TEXT
    assert lgpo.read(TEXT.encode()) == VALUES


def test_what_lgpo_exe_writes() -> None:
    """LGPO.exe /parse, redirected by PowerShell: UTF-16 with its mark, and settings of users too."""
    text = (
        "; PARSING Computer POLICY\r\n\r\n"
        + TEXT.replace("\n", "\r\n")
        + "\r\nUser\r\nSoftware\\B\r\nC\r\nDWORD:0x10\r\n"
    )
    assert lgpo.read(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == VALUES


def test_deletions() -> None:
    text = "Computer\nA\nb\nDELETE\n\nComputer\nA\n*\nDELETEALLVALUES\n\nComputer\nA\n*\nCREATEKEY\n\nComputer\nA\nc\nEXSZ:d\n"
    assert lgpo.read(text.encode()) == [
        Value("A", "**del.b", 1, b""),
        Value("A", "**delvals.", 1, b""),
        Value("A", "", 1, b""),
        registry.string("A", "c", "d")._replace(kind=2),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "line 1: 'hello'; allowed: Computer or User"),
        ("Computer\nA\nb\n", "line 1: the file ends"),
        ("\nComputer\nA\nb\nFLOAT:1\n", "line 2: 'FLOAT:1'"),
        ("Computer\nA\nb\nDWORD:4294967296\n", "line 1: DWORD:4294967296"),
        ("Computer\nA\nb\nDWORD:x\n", "line 1: DWORD:x"),
        ("Computer\nA\nb\nSZ\n", "line 1: 'SZ'"),
    ],
)
def test_wrong_files(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        lgpo.read(text.encode())


@pytest.mark.parametrize(
    "value", [registry.string("A", "b", "c\nd"), registry.string("A", "b", "\u00e4"), registry.string("A", "*", "c")]
)
def test_what_the_text_cannot_hold(value: Value) -> None:
    with pytest.raises(ValueError, match="one line of ASCII"):
        lgpo.write([value])
