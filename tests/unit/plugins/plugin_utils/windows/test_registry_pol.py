# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import registry, registry_pol
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import Value

KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.builds(Value, KEYS, st.one_of(KEYS, st.just("")), st.integers(0, 2**32 - 1), st.binary(max_size=30))
KEY = registry.POLICY_KEY
#: A file byte by byte, as MS-GPREG 2.2.1 writes it: one number.
BY_HAND = (
    b"PReg\x01\x00\x00\x00"
    + "[K;N".encode("utf-16-le").replace(b";\0", b"\0\0;\0")
    + b"\0\0;\0"
    + b"\x04\0\0\0;\0\x04\0\0\0;\0\x01\0\0\0]\0"
)


@given(st.lists(VALUES, max_size=6))
def test_values_come_back(values: list[Value]) -> None:
    content = registry_pol.write(values)
    assert registry_pol.read(content) == values
    assert registry_pol.write(registry_pol.read(content)) == content


def test_a_file_by_hand() -> None:
    assert registry_pol.read(BY_HAND) == [registry.dword("K", "N", 1)]
    assert registry_pol.write([registry.dword("K", "N", 1)]) == BY_HAND


def test_marks_within_names_and_data_are_no_marks() -> None:
    value = Value("a;b]", "[c;]", 3, b"]\0;\0[\0")
    assert registry_pol.read(registry_pol.write([value, value])) == [value, value]


def test_no_value_too_long_is_written() -> None:
    assert registry_pol.write([Value("K", "N", 1, bytes(65535))])
    with pytest.raises(ValueError, match="65,536 bytes; allowed in Registry.pol: 65,535"):
        registry_pol.write([Value("K", "N", 1, bytes(65536))])


@pytest.mark.parametrize("end", range(4, len(BY_HAND)))
def test_a_truncated_file(end: int) -> None:
    if end == 8:
        assert registry_pol.read(BY_HAND[:end]) == []
        return
    with pytest.raises(ValueError):
        registry_pol.read(BY_HAND[:end])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not begin with PReg"),
        (b"MZ\x90\0", "does not begin with PReg"),
        (b"PReg\x02\0\0\0", "unknown version"),
        (b"PReg\x01\0\0\0]\0", "byte 8: b']\\\\x00' where \\[ is expected"),
        (b"PReg\x01\0\0\0[\0\x00\xd8\0\0;\0", "no UTF-16"),
        (b"PReg\x01\0\0\0[\0" + b"K\0" * 40000, "a name has no end"),
        (
            BY_HAND.replace(b"\x04\0\0\0;\0\x01", struct.pack("<I", 2**32 - 1) + b";\0\x01"),
            "within a value of 4,294,967,295 bytes",
        ),
        (BY_HAND + b"x", "the file ends where \\[ is expected"),
    ],
)
def test_wrong_files(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        registry_pol.read(content)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="33,554,433 bytes; allowed: 33,554,432"):
        registry_pol.read(b"PReg\x01\0\0\0" + bytes(registry.MOST_BYTES - 7))


@given(st.binary(max_size=60))
def test_no_bytes_do_worse_than_a_value_error(tail: bytes) -> None:
    for content in (tail, registry_pol.HEADER + tail, BY_HAND[: len(BY_HAND) - len(tail)] + tail):
        try:
            registry_pol.read(content)
        except ValueError as error:
            assert str(error)


def test_thousands_of_rules_are_read_at_once() -> None:
    content = registry_pol.write(
        [registry.string(KEY, f"{{{number}}}", "v2.10|" + "RA4=10.0.0.1|" * 20) for number in range(5000)]
    )
    started = time.process_time()
    assert len(registry_pol.read(content)) == 5000
    assert time.process_time() - started < 5
