# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports and addresses of a flow on one host: its parameters, then its components', then the matrix's."""

from __future__ import annotations

from typing import cast

from . import port_expression, site
from .addresses import Network
from .matrix import Flow, Matrix
from .port_expression import Range, Value
from .site import Host, ParameterValue


class MissingParameter(LookupError):
    """A required parameter that nobody has set; its name is the only argument."""


def value(name: str, host: Host, matrix: Matrix, trail: tuple[str, ...] = ()) -> ParameterValue:
    """Return a parameter's value for a host; raises MissingParameter where there is none.

    ``trail``: the parameters whose values led here. Raises ValueError when they lead back to one of themselves.
    """
    trail = (*trail, name)
    if name in trail[:-1]:
        raise ValueError(f"the parameters {' -> '.join(trail)} need each other")
    if name in host.parameters:
        return host.parameters[name]
    definition = matrix.parameters.get(name, {})
    given = host.defaults.get(name, definition.get("default"))
    if given is None:
        raise MissingParameter(name)
    if definition["type"] != "ports":
        return site.read_parameter(definition["type"], given)
    expression = port_expression.parse(given)
    if expression.unknown:
        raise MissingParameter(name)
    return site.as_value(port_expression.ranges(expression, lambda inner: _number(inner, host, matrix, trail)))


def ports(flow: Flow, host: Host, matrix: Matrix) -> tuple[Range, ...]:
    """Return the ports of a flow as the host's parameters have it.

    Raises MissingParameter, PortsUnknown, or ValueError when the parameters lead outside 1-65535.
    """
    return tuple(port_expression.ranges(flow.port, lambda name: _number(name, host, matrix)))


def groups(flow: Flow, host: Host, matrix: Matrix) -> tuple[Network, ...]:
    """Return the multicast groups that the host sends a flow to; raises MissingParameter."""
    return cast("tuple[Network, ...]", value(flow.multicast, host, matrix))  # the schema lets no other type through


def _number(name: str, host: Host, matrix: Matrix, trail: tuple[str, ...] = ()) -> Value:
    found = value(name, host, matrix, trail)
    if isinstance(found, tuple):
        raise ValueError(f"{name} holds networks, not ports")
    return found
