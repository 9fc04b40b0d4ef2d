# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of the matrix on one host: what its components listen on, whether the policy grants it to anybody or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import parameters
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Flow, Matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.parameters import MissingParameter
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.policy import MANAGEMENT
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.port_expression import PortsUnknown
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site import Host
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import PROTOCOLS

WITH_PORTS = ("tcp", "udp")


class MatrixPort(NamedTuple):
    """The ports of one flow; ``components`` are the host's that listen there, none where that is not known."""

    protocol: int
    ports: Ranges
    flow: str
    components: frozenset[str] = frozenset()

    @property
    def product(self) -> str:
        """The product whose file has the flow."""
        return self.flow.partition(".")[0]


def of_rules(
    rules: Iterable[Mapping[str, Any]], listeners: Mapping[str, Collection[str]] | None = None
) -> list[MatrixPort]:
    """Return the ports that a host's ``portmatrix_rules`` let anybody reach, those of administrators left out.

    ``listeners``: flow id -> the components that listen. Raises policy_rules.RuleError for wrong rules.
    """
    known = listeners or {}
    return [
        MatrixPort(PROTOCOLS[rule.protocol], tuple(rule.ports), flow, frozenset(known.get(flow, ())))
        for rule in policy_rules.checked(list(rules))
        if rule.direction == "in" and rule.protocol in WITH_PORTS
        for flow in rule.flows or ("",)
        if flow != MANAGEMENT
    ]


def of_matrix(matrix: Matrix, host: Host, own: Iterable[Flow] = ()) -> list[MatrixPort]:
    """Return the ports of every flow that the host's components listen on, also where nobody may come or the feature is off.

    ``own``: the site's own flows. Ports that depend on a parameter which nobody has set are left out.
    """
    out: list[MatrixPort] = []
    for flow in (*matrix.flows.values(), *own):
        components = host.components.intersection(flow.listeners)
        numbers = [PROTOCOLS[protocol] for protocol in flow.protocols if protocol in WITH_PORTS]
        if not (components and numbers and flow.reviewed):
            continue
        try:
            ports = parameters.ports(flow, host, matrix)
        except (MissingParameter, PortsUnknown, ValueError):
            continue
        out.extend(MatrixPort(number, tuple(ports), flow.id, components) for number in numbers if ports)
    return out
