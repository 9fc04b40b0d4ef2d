# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vendor's document holds, whatever its format: tables of raw rows, the words around them, and what was not read."""

from __future__ import annotations

from typing import NamedTuple

from .problems import InputError, Problem


class Row(NamedTuple):
    """A row as the vendor wrote it.

    ``label``: 1, 2, ..., and in a table whose rows have numbers u1, u2, ... for those that have none: what a matrix's citations call it.
    ``position``: "line 34", "page 2", or "sheet Ports, row 4". ``cells``: one text for each column of the header.
    ``text``: the original text.
    """

    label: str
    position: str
    cells: list[str]
    text: str


class Table(NamedTuple):
    """A table, or a list whose items name ports; ``number`` counts from 1; ``title`` is the nearest heading or caption."""

    number: int
    title: str
    position: str
    header: list[str]
    rows: list[Row]


class Prose(NamedTuple):
    """A paragraph or list item outside the tables; ``section`` is the nearest heading."""

    section: str
    position: str
    text: str


class Document(NamedTuple):
    """A document that has been read; ``notes``: sentences about what could not be read, or was read with a doubt."""

    title: str
    format: str
    tables: list[Table]
    prose: list[Prose]
    notes: list[str]


class Way(NamedTuple):
    """Ports of a row and the protocols they go with.

    ``protocols``: of tcp, udp and igmp. ``ports``: "443", "6000-7000"; empty when ``parameters`` names what they depend on.
    ``expression``: the ports in the form that a matrix's key ``port`` takes.
    """

    protocols: list[str]
    ports: list[str]
    expression: str
    parameters: list[str]


class Unparsed(NamedTuple):
    """A cell that names no port or protocol that could be read, and why."""

    column: str
    text: str
    reason: str


class Reading(NamedTuple):
    """What the cells of a row say: nothing to open when both are empty."""

    ways: list[Way]
    unparsed: list[Unparsed]


class DocumentError(InputError):
    """A document that cannot be read, in one sentence."""

    def __init__(self, name: str, what: str, allowed: str = "") -> None:
        super().__init__([Problem((name,), what, allowed)])


def read_document(data: bytes, name: str) -> Document:
    """Return what a file of this content and name holds; raises DocumentError.

    It is read in a process of its own, whose time and memory are bounded.
    """
    from .documents import confined

    return confined.read(data, name)
