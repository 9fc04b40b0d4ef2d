# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import random

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges


def some(random_: random.Random) -> ranges.Ranges:
    pairs = [(low, low + random_.randint(0, 4)) for low in random_.sample(range(40), random_.randint(0, 6))]
    return ranges.union(pairs)


def numbers(spans: ranges.Ranges) -> set[int]:
    return {number for low, high in spans for number in range(low, high + 1)}


@pytest.mark.parametrize("seed", range(40))
def test_ranges_are_sets_of_numbers(seed: int) -> None:
    random_ = random.Random(seed)
    one, other = some(random_), some(random_)
    assert numbers(ranges.union(one, other)) == numbers(one) | numbers(other)
    assert numbers(ranges.intersect(one, other)) == numbers(one) & numbers(other)
    assert numbers(ranges.subtract(one, other)) == numbers(one) - numbers(other)
    assert numbers(ranges.complement(one, 50)) == set(range(51)) - numbers(one)
    assert {number for number in range(51) if ranges.contains(one, number)} == numbers(one)
    for result in (ranges.union(one, other), ranges.intersect(one, other), ranges.subtract(one, other)):
        assert all(low <= high for low, high in result)
        assert all(before[1] + 1 < after[0] for before, after in zip(result, result[1:]))


def test_networks_are_ranges_and_ranges_are_networks() -> None:
    assert ranges.network("10.0.0.0/30") == (0x0A000000, 0x0A000003)
    assert ranges.network("2001:db8::1") == (int(ipaddress.ip_address("2001:db8::1")),) * 2
    assert ranges.networks("ipv4", ((0x0A000001, 0x0A000004),)) == ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/32"]
    assert ranges.networks("ipv6", ranges.EVERY["ipv6"]) == ["::/0"]
    assert ranges.texts(((1, 1), (3, 9))) == ["1", "3-9"]
    assert [ranges.family_of(text) for text in ("10.0.0.1", "::1/128")] == ["ipv4", "ipv6"]
    assert ranges.address_text("ipv6", 1) == "::1"
