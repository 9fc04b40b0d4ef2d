# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import registry
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import Value


def instruction(name: str, text: str = "") -> Value:
    return registry.string("A", name, text)


@pytest.mark.parametrize(
    ("then", "left"),
    [
        ([], {"one", "two"}),
        ([instruction("**del.ONE")], {"two"}),
        ([instruction("**delvals.", " ")], set()),
        ([instruction("**DeleteValues", "one; two")], set()),
        ([instruction("**soft.one", "x"), instruction("**soft.three")], {"one", "two", "three"}),
        ([instruction("**SecureKey")], {"one", "two"}),
        ([instruction("**delvals."), instruction("two", "again")], {"two"}),
        ([registry.string("", "**DeleteKeys", "b")], {"one", "two"}),
    ],
)
def test_instructions(then: list[Value], left: set[str]) -> None:
    found = registry.remaining([instruction("One", "1"), instruction("two", "2"), *then])["a"]
    assert found.keys() == left
    assert "one" not in left or registry.text_of(found["one"]) == "1"


def test_deleted_keys_are_gone_with_those_below() -> None:
    values = [registry.string(key, "v", "1") for key in ("A\\B", "A\\B\\C", "A\\BC")]
    found = registry.remaining([*values, registry.string("A", "**DeleteKeys", "B")])
    assert {key for key, left in found.items() if left} == {"a\\bc"}


def test_text_ends_where_windows_ends_it() -> None:
    assert registry.text_of(Value("A", "b", 1, "v2.10|\0hidden".encode("utf-16-le"))) == "v2.10|"
    assert registry.text_of(Value("A", "b", 1, "no end".encode("utf-16-le"))) == "no end"


@pytest.mark.parametrize(
    "value", [registry.dword("A", "b", 1), Value("A", "b", 1, b"\x00\xd8"), Value("A", "b", 1, b"a\0b")]
)
def test_what_is_no_text(value: Value) -> None:
    with pytest.raises(ValueError, match="allowed"):
        registry.text_of(value)


@pytest.mark.parametrize("value", [registry.string("A", "b", "1"), Value("A", "b", 4, b"\x01")])
def test_what_is_no_number(value: Value) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        registry.number_of(value)


def test_what_is_no_text_in_any_encoding() -> None:
    with pytest.raises(ValueError, match="byte 1; allowed"):
        registry.decoded(b"a\x81")
