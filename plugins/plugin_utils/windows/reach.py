# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rule comes to the ports of the matrix: it names them, or it is for the program that listens there, or for anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import SYSTEM, Known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ANY_PROTOCOL, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import PACKAGED, keys


class Reach(NamedTuple):
    """How a rule comes to ports of a flow: by ``port``, ``program``, ``service``, or because it holds for ``anything``."""

    how: str
    port: MatrixPort
    ports: Ranges


def reach(rule: WindowsRule, ports: Iterable[MatrixPort], known: Known) -> list[Reach]:
    """Return which ports of the matrix, all of one protocol, a rule may open, by what is known of who listens there.

    A port that a rule names is one, whoever is to listen. Others are ports of programs: those of a product's programs and services are
    that product's ports, less what the kernel holds; a rule for ``System`` may open any. Rules for other programs open none.
    """
    return [found for found in _reach(rule, ports, known) if found.ports]


def _reach(rule: WindowsRule, ports: Iterable[MatrixPort], known: Known) -> Iterator[Reach]:
    named = values.ports(rule.local_ports).ranges if rule.protocol != ANY_PROTOCOL else values.ALL_PORTS
    program, service = values.program(rule.program), values.service(rule.service)
    owner = known.owner(rule)
    packaged = bool(PACKAGED & keys(rule))
    for port in ports:
        if named != values.ALL_PORTS:
            yield Reach("port", port, ranges.intersect(port.ports, named))
        elif packaged:
            return
        elif not program and not service:
            yield Reach("anything", port, port.ports)
        elif program == SYSTEM:
            yield Reach("program", port, port.ports)
        elif (not program and service == "*") or (owner and owner.may_hold(port.product, port.components)):
            held = known.system_ports(port.flow, port.ports)
            yield Reach("program" if program else "service", port, ranges.subtract(port.ports, held))
