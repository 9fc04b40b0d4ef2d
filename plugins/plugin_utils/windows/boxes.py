# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets as boxes: a range of values in each of four dimensions, and sets of packets as boxes that may overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges

#: The order in which boxes are cut: ports first, for they are short, and differ most often.
_PLACES = (2, 0, 1, 3)


class Box(NamedTuple):
    """Addresses of the peer and the host's own; the host's port, or for ICMP type * 256 + code; the peer's port."""

    peers: Ranges
    locals: Ranges
    ports: Ranges
    peer_ports: Ranges

    def __bool__(self) -> bool:
        return all((self.peers, self.locals, self.ports, self.peer_ports))

    def contains(self, values: tuple[int, int, int, int]) -> bool:
        """Tell whether one packet is in the box."""
        return all(ranges.contains(part, value) for part, value in zip(self, values))


def common(one: Box, other: Box) -> Box:
    """Return what is in both; it is false where nothing is."""
    return Box(*(ranges.intersect(mine, its) for mine, its in zip(one, other)))


def without(boxes: Iterable[Box], holes: Iterable[Box]) -> list[Box]:
    """Return what is in ``boxes`` and in none of the ``holes``."""
    rest = merged(boxes)
    for hole in merged(holes):
        rest = [part for box in rest for part in _cut(box, hole)]
    return rest


def _cut(box: Box, hole: Box) -> list[Box]:
    if not ranges.intersect(box.ports, hole.ports):
        return [box]
    shared = common(box, hole)
    if not shared:
        return [box]
    parts, inside = [], list(box)
    for place in _PLACES:
        middle = shared[place]
        outside = ranges.subtract(inside[place], middle)
        if outside:
            parts.append(Box._make([*inside[:place], outside, *inside[place + 1 :]]))
        inside[place] = middle
    return parts


def merged(boxes: Iterable[Box]) -> list[Box]:
    """Return the same packets in fewer boxes, where boxes differ in one dimension only."""
    found = [box for box in dict.fromkeys(boxes) if box]
    for place in range(len(Box._fields)):
        alike: dict[tuple[Ranges, ...], list[Ranges]] = {}
        for box in found:
            alike.setdefault((*box[:place], *box[place + 1 :]), []).append(box[place])
        found = [Box._make([*rest[:place], ranges.union(*parts), *rest[place:]]) for rest, parts in alike.items()]
    return found
