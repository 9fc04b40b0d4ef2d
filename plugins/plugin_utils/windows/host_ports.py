# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the matrix has for one host, from the variables of Ansible: what in_use.py compares with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import hostvars, matrix, parameters, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import matrix_files
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.parameters import MissingParameter
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.port_expression import PortsUnknown
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site import Host
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import matrix_ports, port_settings
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_use import Here

#: The variables that decide a host's own ports. The others name hosts and networks, which would all have to be there.
VARIABLES = ("portmatrix_components", "portmatrix_features", "portmatrix_matrix_path", "portmatrix_parameters")


def here(all_hosts: Mapping[str, Mapping[str, Any]], name: str) -> Here:
    """Return what the matrix has for a host of ``hostvars``; only it and the hosts that it calls are looked at.

    Raises AnsibleError with every problem of their variables, and policy_rules.RuleError for wrong ``portmatrix_rules``.
    """
    called = {place.calls for file in port_settings.places().files for place in file.places if place.calls}
    others = {
        host
        for component in called
        for host in plain(all_hosts[name].get("groups", {})).get(component, [])
        if host in all_hosts
    }
    inventory, directory = hostvars.inventory_of({host: all_hosts[host] for host in sorted({name, *others})})
    for entry in inventory.values():
        entry["vars"] = {key: value for key, value in entry["vars"].items() if key.startswith(VARIABLES)}
    with hostvars.refusing(all_hosts):
        known = matrix.load(matrix_files(inventory, directory))
        hosts = site.build(known, inventory).hosts
    opened = matrix_ports.of_rules(plain(all_hosts[name].get("portmatrix_rules", [])))
    return Here(
        hosts[name].components,
        hosts[name].features,
        [*matrix_ports.of_matrix(known, hosts[name]), *opened],
        opened,
        _parameters(port_settings.places().parameters(), hosts[name], known),
        {
            (place.calls, place.parameter): [
                _ports(place.parameter, hosts[host], known)
                for host in sorted(others)
                if place.calls in hosts[host].components
            ]
            for file in port_settings.places().files
            for place in file.places
            if place.calls
        },
    )


def _parameters(names: Iterable[str], host: Host, known: Matrix) -> dict[str, Ranges]:
    return {name: found for name in sorted(names) if (found := _ports(name, host, known))}


def _ports(name: str, host: Host, known: Matrix) -> Ranges:
    """Return a parameter's ports for a host; none where nobody has set it."""
    try:
        value = parameters.value(name, host, known)
    except (MissingParameter, PortsUnknown, ValueError):
        return ()
    if isinstance(value, int):
        return ((value, value),)
    return () if isinstance(value, tuple) else tuple(value)
