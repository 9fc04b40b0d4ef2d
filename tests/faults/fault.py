# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault of a site: how it is made and taken back, and what a proof has to say about it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Change = Callable[[Any], None]
"""Something done to a FaultLab."""


@dataclass(frozen=True)
class Fault:
    """A fault of the rules of ``host``, or whatever ``make`` does and ``undo`` takes back.

    ``edits``: (old, new) in its script; ``more``: rules of other tables. ``differs``: what packets find, as ``initiator>listener
    family protocol port`` with wildcards; nothing where only reading the rules can find it. All of them must be located at ``place``, on the
    host ``at`` (``host`` where it is not given), by a rule that holds ``rule``. ``reads``: (kind, rule) that reading the rules
    of ``host`` must name. ``together``: it can be made beside all others of which that is said.
    """

    name: str
    host: str = ""
    edits: tuple[tuple[str, str], ...] = ()
    more: str = ""
    make: Change | None = None
    undo: Change | None = None
    differs: tuple[str, ...] = ()
    place: str = "listener"
    at: str | None = None
    rule: str = ""
    reads: tuple[str, str] = ()
    together: bool = False

    def causes(self, name: str) -> bool:
        """Return whether a difference of this name comes of it."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.differs)

    def explains(self, where: dict[str, str]) -> bool:
        """Return whether that is where it is."""
        at = self.host if self.at is None else self.at
        return (where["place"], where["host"]) == (self.place, at) and self.rule in where["rule"]

    def script(self, policy: str) -> str:
        """Return the host's script with the fault in it."""
        for old, new in self.edits:
            assert old in policy, f"{self.name}: {old} is not in\n{policy}"
            policy = policy.replace(old, new)
        return policy + self.more

    def seed(self, lab: Any) -> None:
        """Make the fault."""
        if self.edits or self.more:
            lab.on(self.host, "nft", self.script(lab.policy(self.host)))
        if self.make:
            self.make(lab)

    def heal(self, lab: Any) -> None:
        """Take it back."""
        if self.undo:
            self.undo(lab)
        if self.edits or self.more:
            lab.restore(self.host)


def gone(rule: str, flow: str) -> tuple[str, str]:
    """Return the edit that removes an accept rule."""
    return f'\t\t{rule} counter accept comment "{flow}"\n', ""


def on(host: str, script: str) -> Change:
    """Run shell commands on a host."""
    return lambda lab: lab.on(host, "shell", script)


def bridge(*command: str) -> Change:
    """Run a command between the hosts."""
    return lambda lab: lab.between(*command)


def filtered(host: str, hook: str, match: str, priority: int = -10, verdict: str = "drop", kind: str = "filter") -> str:
    """Return a table of somebody else's."""
    head = f"type {kind} hook {hook} priority {priority}; policy accept;"
    return f"table inet others {{\n chain {hook} {{\n {head}\n {match} {verdict}\n }}\n}}\n"
