# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as the proof judges them: each for whoever listens on those ports of the matrix that it reaches.

Whose program a rule is for says which ports it can open (see reach.py). Once that is known, the program is no condition any more, and
what is left of the rule can be evaluated for all packets. A rule that reaches no port of the matrix is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal, region, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import SYSTEM, Known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ANY, ANY_PROTOCOL, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.reach import reach

IGMP = 2


class Judge(NamedTuple):
    """What is known of who listens: the ports of the matrix on the host, and of programs."""

    ports: Sequence[MatrixPort]
    known: Known

    def judged(self, rule: WindowsRule, protocol: int) -> WindowsRule | None:
        """Return the rule as it is for packets of a protocol (its number); None where it says nothing of the matrix."""
        if rule.protocol not in (protocol, ANY_PROTOCOL):
            return None
        if protocol == IGMP:
            return _kernels(rule)
        if rule.direction == "out":
            return self._outbound(rule, protocol)
        mine = [port for port in self.ports if port.protocol == protocol]
        reached = ranges.union(*(found.ports for found in reach(rule, mine, self.known)))
        if not reached:
            return None
        return rule._replace(program="", service="", protocol=protocol, local_ports=_text(reached))

    def tolerated(self, rule: WindowsRule) -> Ranges:
        """Return the ports on which it does not matter what the rule lets in: it is for a service of Windows, and these are that service's."""
        name = self.known.left_alone(rule)
        return ranges.union(*(each.ports for each in self.known.untouched if each.name == name))

    def _outbound(self, rule: WindowsRule, protocol: int) -> WindowsRule | None:
        """Windows and its applications have many rules for what they open themselves; these say nothing of the matrix."""
        ours = not (values.program(rule.program) or values.service(rule.service)) or self.known.owner(rule)
        if not ours or region.PACKAGED & region.keys(rule):
            return None
        if rule.protocol == ANY_PROTOCOL:
            rule = rule._replace(local_ports=ANY, remote_ports=ANY)
        return rule._replace(program="", service="", protocol=protocol)


def _kernels(rule: WindowsRule) -> WindowsRule | None:
    """The kernel itself takes IGMP; rules for other programs never match it."""
    if values.program(rule.program) not in ("", SYSTEM) or values.service(rule.service):
        return None
    return rule._replace(program="", protocol=IGMP)


def _text(ports: Ranges) -> str:
    return normal.ports_text(values.Ports(ports, frozenset()))


def ports_of(protocol: int, ports: Iterable[MatrixPort]) -> Ranges:
    """Return all ports of a protocol."""
    return ranges.union(*(port.ports for port in ports if port.protocol == protocol))
