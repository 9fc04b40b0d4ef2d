# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory in plain data from ``hostvars``: what the policy filter compiles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from .ansible_values import is_ours, placed, plain, refusal
from .compiler import compile_inventory
from .problems import InputError

#: Names by which Ansible itself adds the controller; a host of the inventory is at least in the group "ungrouped".
IMPLICIT = ("localhost", "127.0.0.1", "::1")


def compile_hostvars(hostvars: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what compiler.compile_inventory does; raises AnsibleError with every problem and its line."""
    inventory, directory = inventory_of(hostvars)
    with refusing(hostvars):
        return compile_inventory(inventory, directory)


def inventory_of(hostvars: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, dict[str, Any]], str]:
    """Return host -> ``{groups, vars}`` in plain data, and the directory that relative paths start from."""
    inventory: dict[str, dict[str, Any]] = {}
    directory = "."
    for name in hostvars:
        variables = hostvars[name]
        if name in IMPLICIT and not variables.get("group_names"):
            continue
        directory = variables.get("inventory_dir") or variables.get("playbook_dir") or directory
        inventory[plain(name)] = {
            "groups": plain(variables.get("group_names", [])),
            "vars": {key: plain(variables[key]) for key in list(variables) if is_ours(key)},
        }
    return inventory, plain(directory)


@contextlib.contextmanager
def refusing(hostvars: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Raise AnsibleError with the lines of the user's files instead of InputError."""
    try:
        yield
    except InputError as error:
        raise refusal(
            placed(error, lambda host, variable: hostvars[host].get(variable) if host in hostvars else None)
        ) from None
