# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import re

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges


def numbers(ranges):
    return {port for low, high in ranges for port in range(low, high + 1)}


def some_ranges(chance, most=40):
    starts = [chance.randint(1, most) for _count in range(chance.randint(0, 6))]
    return [(low, low + chance.randint(0, 5)) for low in starts]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("7563", (7563, 7563)),
        ("6000-7000", (6000, 7000)),
        (" 6000 - 7000 ", (6000, 7000)),
        (7563, (7563, 7563)),
        ("1-65535", (1, 65535)),
    ],
)
def test_parse_range(text, pair):
    assert port_ranges.parse_range(text) == pair


@pytest.mark.parametrize("text", ["", "-", "80-", "-80", "80-90-100", "80,90", "http", "80.5", None, True, "80–90"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match="^%s is not a port or a range of ports$" % re.escape(repr(text))):
        port_ranges.parse_range(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("0", "0 is outside 1-65535"),
        ("65536", "65536 is outside 1-65535"),
        ("1-65536", "1-65536 is outside 1-65535"),
        ("90-80", "90-80 runs backwards"),
    ],
)
def test_what_is_no_range_of_ports_is_refused(text, error):
    with pytest.raises(ValueError, match="^%s$" % error):
        port_ranges.parse_range(text)


def test_text_is_read_back():
    for pair in ((1, 1), (80, 81), (1, 65535)):
        assert port_ranges.parse_range(port_ranges.text(pair)) == pair


def test_merge_keeps_the_ports_and_nothing_touches():
    chance = random.Random(1)
    for _count in range(500):
        ranges = some_ranges(chance)
        merged = port_ranges.merge(ranges)
        assert numbers(merged) == numbers(ranges)
        assert all(after[0] > before[1] + 1 for before, after in zip(merged, merged[1:]))


def test_texts():
    assert port_ranges.texts([(443, 443), (80, 80), (81, 90), (85, 95)]) == ["80-95", "443"]
    assert port_ranges.texts([]) == []


def test_sample_of_a_narrow_range_is_all_of_it():
    assert port_ranges.sample([(80, 87)]) == list(range(80, 88))
    assert port_ranges.sample([(80, 80), (80, 81)]) == [80, 81]


def test_sample_of_a_wide_range_is_its_ends_and_middle():
    assert port_ranges.sample([(80, 88)]) == [80, 84, 88]
    assert port_ranges.sample([(1, 65535), (6, 7)]) == [1, 6, 7, 32768, 65535]
    assert port_ranges.sample([(80, 83)], whole=3) == [80, 81, 83]


def test_sample_is_of_the_ranges():
    chance = random.Random(2)
    for _count in range(200):
        ranges = some_ranges(chance)
        whole = chance.randint(1, 8)
        found = port_ranges.sample(ranges, whole)
        assert found == sorted(set(found))
        assert set(found) <= numbers(ranges)
        assert all(low in found and high in found for low, high in ranges)
