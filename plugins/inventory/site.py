# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: site
short_description: Least-privilege firewall rules for every host of a video site
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Compiles the vendors' port matrices and the inventory into C(portmatrix_rules), C(portmatrix_unresolved),
    C(portmatrix_expectations), C(portmatrix_asked), C(portmatrix_managed) and C(portmatrix_addresses) for every host, in one pass over the whole site.
    A Windows host has C(portmatrix_listened) too.
  - Place its file so that it is read after the hosts, for instance as C(portmatrix.yml) beside C(hosts.yml) in an inventory directory.
  - Reads the variables of the inventory, of C(group_vars) and C(host_vars) beside it, and extra variables.
    It does not see variables that stand beside a playbook.
  - Set C(any_unparsed_is_failed = true) in the C([inventory]) section of C(ansible.cfg) to stop at the first wrong value.
    Without it Ansible shows the error as a warning, no rules exist, and the roles of this collection refuse to go on.
requirements:
  - netaddr on the controller
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [vidnet.portmatrix.site]
"""

EXAMPLES = r"""
# inventory/hosts.yml: groups named after components, nothing else
milestone_management_server:
  hosts:
    ms1: {ansible_host: 10.0.0.10}
milestone_recording_server:
  hosts:
    rs1: {ansible_host: 10.0.0.11}

# inventory/portmatrix.yml
plugin: vidnet.portmatrix.site

# ansible-inventory -i inventory --host rs1
"""

import os
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import sort_groups
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.vars import combine_vars, load_extra_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import (
    has_template,
    is_ours,
    placed,
    plain,
    refusal,
    trusted,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import compile_inventory
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError

RESULTS = ("rules", "unresolved", "expectations", "asked", "managed", "addresses", "listened")


class InventoryModule(BaseInventoryPlugin):
    """Reads the hosts that earlier inventory files gave, and adds each one's policy."""

    NAME = "vidnet.portmatrix.site"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        inventory.reconcile_inventory()
        variables = _Variables(inventory, loader, path, self.templar)
        hosts = {name: variables.host(name) for name in inventory.hosts}
        try:
            compiled = compile_inventory(hosts, os.path.dirname(path))
        except InputError as error:
            raise AnsibleParserError(str(refusal(placed(error, variables.raw)))) from None
        # Host.set_variable rather than the inventory's: the latter copies and tags every value again, at ten times the cost.
        for name, policy in compiled.items():
            for key in filter(policy.__contains__, RESULTS):
                inventory.hosts[name].set_variable(f"portmatrix_{key}", trusted(policy[key]))


class _Variables:
    """The inventory's variables with Ansible's precedence; what a group gives is read once, not once a host."""

    def __init__(self, inventory: Any, loader: Any, path: str, templar: Any) -> None:
        self.inventory = inventory
        self.loader = loader
        self.templar = templar
        directories = dict.fromkeys(
            os.path.dirname(source)
            for source in (*inventory.processed_sources, path)
            if source and os.path.exists(source)
        )
        self.sources = [os.path.join(directory, "") for directory in directories]
        self.extra = load_extra_vars(loader)
        self.groups: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.values: dict[int, tuple[Any, Any, bool]] = {}
        self.hosts: dict[str, dict[str, Any]] = {}

    def host(self, name: str) -> dict[str, Any]:
        """Return ``{groups, vars}`` of a host in plain data."""
        host = self.inventory.hosts[name]
        groups = sort_groups(host.get_groups())
        found: dict[str, Any] = {}
        for source in (0, 1):
            for group in groups:
                found = combine_vars(found, self.group(group)[source]) if self.group(group)[source] else found
        for given in (
            host.get_vars(),
            get_vars_from_inventory_sources(self.loader, self.sources, [host], "all"),
            self.extra,
        ):
            found = combine_vars(found, given)
        self.hosts[name] = found
        return {
            "groups": [str(group.name) for group in groups if group.name not in ("all", "ungrouped")],
            "vars": {str(key): self.value(name, key, value) for key, value in found.items() if is_ours(key)},
        }

    def group(self, group: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the inventory itself says of a group, and what stands in group_vars."""
        if group.name not in self.groups:
            self.groups[group.name] = (
                group.get_vars(),
                get_vars_from_inventory_sources(self.loader, self.sources, [group], "all"),
            )
        return self.groups[group.name]

    def value(self, host: str, variable: str, value: Any) -> Any:
        """Return a value in plain data with its templates resolved; raises AnsibleParserError when they cannot be."""
        if id(value) not in self.values:
            converted = plain(value)
            self.values[id(value)] = (value, converted, has_template(converted))
        _value, converted, templated = self.values[id(value)]
        if not templated:
            return converted
        self.templar.available_variables = {
            **self.hosts[host],
            "inventory_hostname": host,
            "inventory_dir": os.path.dirname(self.sources[0]),
        }
        try:
            return plain(self.templar.template(value))
        except AnsibleError as error:
            raise AnsibleParserError(
                f"{host}.{variable}: its template cannot be resolved: {error}", obj=value
            ) from error

    def raw(self, host: str, variable: str) -> Any:
        """Return a variable as Ansible has it."""
        return self.hosts.get(host, {}).get(variable)
