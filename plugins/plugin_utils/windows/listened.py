# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of the matrix on a Windows host as plain data: ``portmatrix_listened``, which its back-end looks for foreign rules by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import management
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site import Site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import matrix_ports
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import NAMES, PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort

SHELLS = ("powershell", "cmd")


def is_windows(variables: Mapping[str, Any]) -> bool:
    """Return whether a host's variables say that Ansible reaches a Windows host by them."""
    kind, shell = (str(variables.get(name, "")).rpartition(".")[2] for name in ("ansible_connection", management.SHELL))
    return kind in management.WINDOWS or shell in SHELLS


def of_host(matrix: Matrix, site: Site, name: str, rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of ``protocol``, ``ports``, ``flow`` and ``components``, sorted.

    They are the ports of every flow that the host's components listen on, the site's own flows included, and what its
    ``portmatrix_rules`` let anybody reach besides.
    """
    host = site.hosts[name]
    found = matrix_ports.of_matrix(matrix, host, [flow for flow, _seen in site.own_flows.values()])
    flows = {port.flow for port in found}
    found += [port for port in matrix_ports.of_rules(rules) if port.flow not in flows]
    return sorted((_row(port) for port in found), key=lambda row: (row["flow"], row["protocol"], row["ports"]))


def parsed(rows: Iterable[Mapping[str, Any]]) -> list[MatrixPort]:
    """Return the ports of such rows; raises ValueError, which names the row, for one that is none."""
    return [_parsed(f"ports[{position}]", row) for position, row in enumerate(rows)]


def _row(port: MatrixPort) -> dict[str, Any]:
    return {
        "protocol": NAMES[port.protocol],
        "ports": port_ranges.texts(port.ports),
        "flow": port.flow,
        "components": sorted(port.components),
    }


def _parsed(where: str, row: Mapping[str, Any]) -> MatrixPort:
    if row.get("protocol") not in matrix_ports.WITH_PORTS:
        raise ValueError(f"{where}.protocol: {row.get('protocol')!r}; allowed: {', '.join(matrix_ports.WITH_PORTS)}")
    try:
        ports = port_ranges.merge([port_ranges.parse_range(str(text)) for text in row["ports"]])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{where}.ports: {row.get('ports')!r}; allowed: a list of ports and ranges") from None
    return MatrixPort(
        PROTOCOLS[row["protocol"]], tuple(ports), str(row.get("flow") or ""), frozenset(row.get("components") or ())
    )
