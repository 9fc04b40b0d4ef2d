# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is made of, from ``hostvars``: the policies of the whole site, and its matrix with the site's own flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import matrix, site
from .compiler import compile_with, matrix_files
from .hostvars import inventory_of, refusing


def read(hostvars: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return host -> policy with ``site``, ``components`` and ``networks`` besides, and the data of the matrix.

    ``components`` are those of the matrix that do not follow from another of the host's. Raises AnsibleError with every problem of the input.
    """
    inventory, directory = inventory_of(hostvars)
    with refusing(hostvars):
        known = matrix.load(matrix_files(inventory, directory))
        policies = compile_with(known, inventory)
        found = site.build(known, inventory)
    for name, host in found.hosts.items():
        policies[name]["site"] = host.site
        policies[name]["components"] = _own(known, host.components)
        policies[name]["networks"] = {
            component: [network.text for network in networks] for component, networks in host.networks.items()
        }
    data = matrix.as_data(known)
    own_flows = [dict(flow.data) for flow, _seen in found.own_flows.values()]
    return policies, {**data, "flows": [*data["flows"], *own_flows]}


def _own(known: matrix.Matrix, components: Iterable[str]) -> list[str]:
    """Return the components of the matrix, without those that another of them brings along."""
    named = known.components.keys() & components
    implied = {kind for component in named for kind in known.kinds(component) if kind != component}
    return sorted(named - implied)
