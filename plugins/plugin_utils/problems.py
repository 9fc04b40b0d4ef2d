# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the user's input: every problem at once, each with its place and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

MOST_NAMES = 12


class Problem(NamedTuple):
    """One thing wrong: ``path`` leads to it (file or host first, then keys and list positions).

    ``place`` is ``file:line:column`` where it is known.
    """

    path: tuple[str | int, ...]
    what: str
    allowed: str = ""
    place: str = ""

    def text(self) -> str:
        """Return ``place: where: what; allowed: which`` without the parts that are not known."""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return ": ".join(part for part in (self.place, dotted(self.path), self.what) if part) + allowed


class InputError(ValueError):
    """Raised with every :class:`Problem` found; nothing has been applied."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda problem: (dotted(problem.path), problem.what))
        super().__init__("\n".join(problem.text() for problem in self.problems))


def dotted(path: tuple[str | int, ...]) -> str:
    """Return ``rs1.portmatrix_networks.camera[0]`` for a path; a flow's id stands in brackets too."""
    text = ""
    for step in path:
        if not text:
            text = str(step)
        else:
            text += f"[{step}]" if isinstance(step, int) or "." in step else f".{step}"
    return text


def names(known: Iterable[str], near: str = "") -> str:
    """Return what is allowed where a name is expected: the nearest to ``near`` if one is near, else the names."""
    choices = sorted(known)
    close = difflib.get_close_matches(near, choices, n=1, cutoff=0.75)
    if close:
        return f"did you mean {close[0]}?"
    rest = len(choices) - MOST_NAMES
    return ", ".join(choices[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
