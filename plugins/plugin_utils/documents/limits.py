# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bounds of what is read. Port lists are small: the largest that vendors publish stay far below each of these."""

from __future__ import annotations

from typing import NoReturn

BYTES = 32 * 1024 * 1024
PAGES = 500
CELLS = 200_000
NESTING = 100
SECONDS = 60
MEMORY = 1024 * 1024 * 1024
#: Of a workbook: what its parts hold when unpacked, and how many parts it may have.
UNPACKED = 64 * 1024 * 1024
PARTS = 2_000
#: Of one line of text, and of all that is kept of a document.
CHARACTERS = 100_000
TEXT = 4_000_000


class Unreadable(Exception):
    """Raised by a reader with what is wrong, and what would be read instead."""

    def __init__(self, what: str, allowed: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.allowed = allowed


class Budget:
    """Counts the cells of a document, and their characters."""

    def __init__(self) -> None:
        self.cells = 0
        self.characters = 0

    def take(self, count: int, characters: int = 0) -> None:
        """Take from the budget; raises Unreadable when it is used up."""
        self.cells += count
        self.characters += characters
        if self.cells > CELLS:
            raise Unreadable(f"has more than {CELLS} cells", "only the part of it that lists ports")
        if self.characters > TEXT:
            raise Unreadable(f"has more than {TEXT} characters", "only the part of it that lists ports")


def too_deep() -> NoReturn:
    """Raise for lists, tables or quotations in one another."""
    raise Unreadable(f"is nested deeper than {NESTING} levels", "a document that a person could read")
