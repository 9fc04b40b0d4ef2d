# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a plane of ports and peers, each with what is known of its packets.

Ports and peers are sets of classes, as numbers whose bits are the classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Tag(NamedTuple):
    """What became of packets so far, as rules by number; -1 is none.

    ``by`` let them in, and ``rank`` tells how much that says. ``maybe_accept`` and ``maybe_drop`` are rules that do so to some
    of them, or may.
    """

    by: int = -1
    rank: int = -1
    maybe_accept: int = -1
    maybe_drop: int = -1


#: Ports, what is known, peers.
Piece = tuple[int, Tag, int]


def bits(number: int) -> Iterator[int]:
    """Yield the places of the bits that are set, from the lowest."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class Area:
    """Pieces that do not overlap, in cells of ports that have the same pieces."""

    def __init__(self, width: int, pieces: Iterable[Piece] = ()) -> None:
        """``width`` is how many classes of ports there are."""
        self._cells: list[tuple[int, dict[Tag, int]]] = [((1 << width) - 1, {})]
        self._cell_of = [0] * width
        self._filled = 0
        self.put(pieces)

    def __bool__(self) -> bool:
        return self._filled > 0

    def pieces(self) -> list[Piece]:
        """Return all pieces."""
        return [(ports, tag, peers) for ports, content in self._cells for tag, peers in content.items()]

    def put(self, pieces: Iterable[Piece]) -> None:
        """Add pieces; where there is one with the same tag, they become one."""
        for ports, tag, peers in pieces:
            for cell in self._exactly(ports, None):
                content = self._cells[cell][1]
                self._filled += not content
                content[tag] = content.get(tag, 0) | peers

    def take(self, ports: int, peers: int) -> list[Piece]:
        """Remove what is in a rectangle, and return it."""
        taken: list[Piece] = []
        for cell in self._exactly(ports, peers):
            inside, content = self._cells[cell]
            for tag, mine in list(content.items()):
                common = mine & peers
                if common:
                    taken.append((inside, tag, common))
                    if common == mine:
                        del content[tag]
                    else:
                        content[tag] = mine ^ common
            self._filled -= not content
        return taken

    def _exactly(self, ports: int, peers: int | None) -> list[int]:
        """Return the cells that make up ``ports``, after dividing those that are only partly in it.

        With ``peers``, cells that have none of them are left out, and whole.
        """
        if ports.bit_count() < len(self._cells):
            touched: Iterable[int] = {self._cell_of[place] for place in bits(ports)}
        else:
            touched = range(len(self._cells))
        out = []
        for cell in touched:
            inside, content = self._cells[cell]
            common = inside & ports
            if not common or (peers is not None and not any(mine & peers for mine in content.values())):
                continue
            if common != inside:
                self._cells[cell] = inside ^ common, content
                cell = len(self._cells)
                self._cells.append((common, dict(content)))
                self._filled += bool(content)
                for place in bits(common):
                    self._cell_of[place] = cell
            out.append(cell)
        return out
