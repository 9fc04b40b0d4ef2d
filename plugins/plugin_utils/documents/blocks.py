# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader finds in a document, in order, before tables get their titles, headers and numbers."""

from __future__ import annotations

from typing import NamedTuple


class Heading(NamedTuple):
    """A heading; ``level`` 1 is the highest."""

    level: int
    text: str
    position: str


class Text(NamedTuple):
    """A paragraph."""

    text: str
    position: str


class Item(NamedTuple):
    """An item of a list; ``depth`` 0 is the outermost list."""

    depth: int
    text: str
    position: str


class Line(NamedTuple):
    """A row of a grid; cells that span several columns or rows are repeated. ``label``: the vendor's number where it has one."""

    position: str
    cells: list[str]
    text: str
    label: str = ""


class Grid(NamedTuple):
    """A table. ``headers``: how many of its first lines are headings, None where the format does not tell.

    ``numbered``: a line without a label is one without a number, rather than one of a table that has none.
    """

    caption: str
    position: str
    lines: list[Line]
    headers: int | None = None
    numbered: bool = False


class Note(NamedTuple):
    """A sentence about what could not be read."""

    text: str


Block = Heading | Text | Item | Grid | Note
