# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions put together mean the packets that they should, tried on small numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import conditions
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.conditions import (
    ANY,
    NONE,
    UNCERTAIN,
    Condition,
)

SMALL = range(5)
DIMENSIONS = ("protocol", "source_port", "destination_port")
PACKETS = [dict(zip(DIMENSIONS, numbers)) for numbers in itertools.product(SMALL, repeat=3)]
RANGES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda pair: (min(pair), max(pair))), max_size=2)
SINGLE = st.builds(conditions.numbers, st.sampled_from(DIMENSIONS), RANGES, st.booleans())
ALL = st.recursive(
    SINGLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(conditions.all_of),
        st.lists(inner, min_size=1, max_size=3).map(conditions.any_of),
    ),
    max_leaves=6,
)


def met(condition):
    """The packets that meet a certain condition."""
    assert condition.certain
    return [packet for packet in PACKETS if any(inside(box, packet) for box in condition.boxes)]


def inside(box, packet):
    return all(any(a <= packet[name] <= b for a, b in values) for name, values in box.items())


@settings(max_examples=200, deadline=None)
@given(ALL, ALL)
def test_all_any_and_the_others(one, other):
    here, there = met(one), met(other)
    assert met(conditions.all_of([one, other])) == [packet for packet in here if packet in there]
    assert met(conditions.any_of([one, other])) == [packet for packet in PACKETS if packet in here or packet in there]
    assert met(Condition(conditions.union(one.boxes))) == here
    rest = conditions.inverted(one)
    assert rest == UNCERTAIN or met(rest) == [packet for packet in PACKETS if packet not in here]


def test_what_is_certain_of_several():
    tcp = conditions.numbers("protocol", [(6, 6)])
    assert conditions.all_of([]) == ANY
    assert conditions.all_of([tcp, UNCERTAIN]) == (tcp.boxes, False)
    assert conditions.any_of([tcp, UNCERTAIN]) == UNCERTAIN
    assert conditions.inverted(UNCERTAIN) == conditions.inverted(tcp._replace(certain=False)) == UNCERTAIN
    assert conditions.inverted(NONE) == ANY and conditions.inverted(ANY) == NONE


def test_names_are_not_inverted_without_all_of_them():
    assert conditions.inverted(conditions.names("state", ["new"])) == UNCERTAIN
    assert conditions.names("state", ["new"], True, ["new", "related"]) == conditions.names("state", ["related"])
    assert conditions.names("state", ["new"], True, ["new"]) == NONE


def test_more_boxes_than_can_be_kept_are_uncertain_and_hold_all_the_same():
    many = Condition(tuple({"source": ((n, n),)} for n in range(0, 400, 2)))
    more = Condition(tuple({"destination": ((n, n),)} for n in range(0, 400, 2)))
    assert conditions.all_of([many, more]) == (many.boxes, False)
    assert conditions.inverted(many) == UNCERTAIN


@pytest.mark.parametrize(
    ("text", "family", "ends"),
    [
        ("10.0.0.0/8", "ipv4", (10 << 24, (11 << 24) - 1)),
        ("10.1.2.3/8", "ipv4", (10 << 24, (11 << 24) - 1)),
        ("10.0.0.0/255.0.0.0", "ipv4", (10 << 24, (11 << 24) - 1)),
        ("0.0.0.0/0", "ipv4", (0, 2**32 - 1)),
        ("10.0.0.1-10.0.0.9", "ipv4", ((10 << 24) + 1, (10 << 24) + 9)),
        ("::1", "ipv6", (1, 1)),
        ("::/ffff::", "ipv6", (0, 2**112 - 1)),
        ("10.0.0.0/255.0.255.0", "ipv4", None),
        ("10.0.0.9-10.0.0.1", "ipv4", None),
        ("10.0.0.0/33", "ipv4", None),
        ("10.0.0.1", "ipv6", None),
        ("::1", "ipv4", None),
        ("10.0.0", "ipv4", None),
        ("10.0.0.1-", "ipv4", None),
        ("10.0.0.1/", "ipv4", None),
        ("", "ipv4", None),
    ],
)
def test_networks(text, family, ends):
    assert conditions.network(text, family) == ends
