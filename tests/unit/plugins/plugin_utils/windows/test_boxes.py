# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of packets as boxes, against sets of points."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable

SIDE = 3
some = st.sets(st.integers(0, SIDE - 1)).map(lambda found: ranges.union((number, number) for number in found))
sets = st.lists(st.builds(Box, some, some, some, some), max_size=4)


def points(found: list[Box]) -> list[tuple[int, ...]]:
    """Return every point of every box, those in two of them twice."""
    return [point for point in itertools.product(range(SIDE), repeat=4) for box in found if box.contains(point)]


@stable(60)
@given(sets, sets)
def test_without_is_the_difference(one: list[Box], other: list[Box]) -> None:
    assert set(points(boxes.without(one, other))) == set(points(one)) - set(points(other))


@stable(60)
@given(st.builds(Box, some, some, some, some), sets)
def test_what_is_left_of_one_box_does_not_overlap(one: Box, holes: list[Box]) -> None:
    left = points(boxes.without([one], holes))
    assert len(left) == len(set(left))


@stable(60)
@given(sets)
def test_merging_keeps_the_points_and_adds_no_box(given_boxes: list[Box]) -> None:
    found = boxes.merged(given_boxes)
    assert set(points(found)) == set(points(given_boxes)) and len(found) <= len(given_boxes)
