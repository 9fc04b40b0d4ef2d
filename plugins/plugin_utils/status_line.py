# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of a terminal, kept apart from what scrolls above it."""

from __future__ import annotations

import atexit
import os
from typing import NamedTuple

_LEAST = (40, 5)


class _Size(NamedTuple):
    columns: int
    lines: int


class StatusLine:
    """Shows one line at the bottom of a terminal, and gives the line back at the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()
        self._size: _Size | None = None

    @staticmethod
    def fits(descriptor: int) -> bool:
        """Return whether an open file is a terminal that can keep a line apart."""
        if not os.isatty(descriptor) or os.environ.get("TERM", "dumb") == "dumb":
            return False
        size = os.get_terminal_size(descriptor)
        return size.columns >= _LEAST[0] and size.lines >= _LEAST[1]

    def show(self, text: str) -> None:
        """Replace the line. A terminal that was made larger or smaller meanwhile gets its line anew."""
        size = _Size(*os.get_terminal_size(self._descriptor))
        if size != self._size:
            if self._size is None:
                atexit.register(self.end)
            self._reserve(size)
        self._write(f"\0337\033[{size.lines};1H\033[2K{text[: size.columns - 1]}\0338")

    def end(self) -> None:
        """Empty the line and let everything scroll again. Does nothing in another process than the one that made it."""
        if self._size and self._process == os.getpid():
            lines, self._size = self._size.lines, None
            self._write(f"\0337\033[r\033[{lines};1H\033[2K\0338")

    def _reserve(self, size: _Size) -> None:
        """Let only the lines above the last one scroll; the cursor stays where it is, or moves above that line."""
        self._size = size
        self._write(f"\n\0337\033[1;{size.lines - 1}r\0338\033[1A")

    def _write(self, text: str) -> None:
        os.write(self._descriptor, text.encode())
