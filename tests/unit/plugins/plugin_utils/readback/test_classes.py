# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import classes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.area import Area, Tag, bits


@pytest.mark.parametrize("seed", range(20))
def test_a_class_holds_the_numbers_that_are_in_the_same_boxes(seed: int) -> None:
    random_ = random.Random(seed)
    boxes: list[dict[str, Any]] = [{}, {"other": ((1, 2),)}]
    for _box in range(5):
        edges = sorted(random_.sample(range(1, 40), 4))
        boxes.append({"port": ((edges[0], edges[1]), (edges[2], edges[3]))})
    found = classes.numbers("port", ((5, 20), (25, 60)), boxes)
    seen = {number: one.boxes for one in found for low, high in one.ranges for number in range(low, high + 1)}
    assert seen == {
        number: sum(
            1 << place
            for place, box in enumerate(boxes)
            if "port" not in box or any(low <= number <= high for low, high in box["port"])
        )
        for number in (*range(5, 21), *range(25, 61))
    }
    assert len({one.boxes for one in found}) == len(found)


def test_names_and_silence() -> None:
    boxes = [{"state": frozenset({"new"})}, {}, {"state": frozenset({"new", "invalid"})}]
    found = {
        one.names: one.boxes for one in classes.names("state", ["new", "established", "related", "invalid"], boxes)
    }
    assert found == {
        frozenset({"new"}): 0b111,
        frozenset({"invalid"}): 0b110,
        frozenset({"established", "related"}): 0b010,
    }
    assert classes.silent("state", boxes) == 0b010
    assert classes.all_of(boxes) == 0b111


def test_no_numbers_have_no_classes() -> None:
    assert classes.numbers("port", (), [{"port": ((1, 2),)}]) == []


@pytest.mark.parametrize("seed", range(30))
def test_an_area_gives_back_what_was_put_in(seed: int) -> None:
    random_ = random.Random(seed)
    area = Area(6)
    wanted: dict[tuple[int, int], Tag] = {}
    for step in range(12):
        ports, peers = random_.randint(1, 63), random_.randint(1, 63)
        points = {(port, peer) for port in bits(ports) for peer in bits(peers)}
        if random_.random() < 0.5:
            taken = {
                (port, peer): tag
                for part, tag, mine in area.take(ports, peers)
                for port in bits(part)
                for peer in bits(mine)
            }
            assert taken == {point: wanted.pop(point) for point in points if point in wanted}
        else:
            tag = Tag(step % 3)
            free = [(1 << port, tag, 1 << peer) for port, peer in points if (port, peer) not in wanted]
            area.put(free)
            wanted.update({(port.bit_length() - 1, peer.bit_length() - 1): tag for port, tag, peer in free})
        held = {(port, peer): tag for part, tag, mine in area.pieces() for port in bits(part) for peer in bits(mine)}
        assert held == wanted and bool(area) == bool(wanted)
