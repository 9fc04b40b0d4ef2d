# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of a Windows host."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .build import build
from .matrix_ports import MatrixPort, of_rules
from .model import WindowsRule

_DIGEST = 16


class WindowsError(ValueError):
    """A host cannot be brought to its policy; the text is for the user."""


class Intent(NamedTuple):
    """``rules`` are ``portmatrix_rules``; ``state`` is present or absent, ``mode`` enforce or audit, ``egress`` allow or enforce.

    ``foreign`` is disable, report, or a tuple of the names of others' rules to leave while the rest is disabled; ``profiles`` is enforce or
    report. ``ports`` are those of the matrix on this host, the site's own flows included. ``management_port`` is the port of the host that
    the connection comes by.
    """

    rules: Sequence[Mapping[str, Any]]
    state: str = "present"
    mode: str = "enforce"
    egress: str = "allow"
    foreign: str | tuple[str, ...] = "disable"
    profiles: str = "enforce"
    ports: Sequence[MatrixPort] = ()
    management_port: int = 0

    @property
    def present(self) -> bool:
        """Whether the host is to have the policy."""
        return self.state == "present"

    @property
    def enforced(self) -> bool:
        """Whether what the policy does not let in is to be shut out."""
        return self.present and self.mode == "enforce"

    def own_rules(self) -> list[WindowsRule]:
        """Return the rules that the host is to have; raises policy_rules.RuleError with every problem of ``rules``."""
        if not self.present:
            return []
        return build(rule for rule in self.rules if self.egress == "enforce" or rule.get("direction") != "out")

    def matrix_ports(self) -> list[MatrixPort]:
        """Return the ports of the matrix, with those that the policy grants; who listens is known of flows that ``ports`` has."""
        listeners: dict[str, frozenset[str]] = {}
        for port in self.ports:
            listeners[port.flow] = listeners.get(port.flow, frozenset()) | port.components
        return list(dict.fromkeys((*self.ports, *of_rules(self.rules, listeners))))

    def leaves(self, name: str) -> bool:
        """Tell whether the user wants others' rules of this name left."""
        return not isinstance(self.foreign, str) and name in self.foreign

    def digest(self, own: Sequence[WindowsRule], ports: Sequence[MatrixPort]) -> str:
        """Return a text that differs for another intent; ``own`` and ``ports`` are what its methods give."""
        foreign = self.foreign if isinstance(self.foreign, str) else sorted(self.foreign)
        parts = (
            (self.state, self.mode, self.egress, foreign, self.profiles),
            sorted(rule.name for rule in own),
            sorted((port.protocol, port.ports, port.flow, sorted(port.components)) for port in ports),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:_DIGEST]
