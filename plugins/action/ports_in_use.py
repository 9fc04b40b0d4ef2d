# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a Windows host for the ports in use, and compares them with the matrix; see the documentation of the module of this name."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import host_ports, in_use, port_settings
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become

MODULE = "vidnet.portmatrix.win_ports_in_use"


class ActionModule(ActionBase):
    """Returns the ports, what differs from the matrix, and what to set; says of other hosts that it is not for them."""

    _supports_check_mode = True
    _supports_diff = False
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        if not is_windows(self._connection):
            return {"changed": False, "skipped": True, "skip_reason": "Only Windows hosts are asked for ports in use"}
        variables = task_vars or {}
        here = host_ports.here(variables["hostvars"], variables["inventory_hostname"])
        without_become(self._connection)
        found = self._execute_module(module_name=MODULE, module_args=port_settings.wanted(), task_vars=variables)
        if found.get("failed") or found.get("unreachable"):
            return found
        return {"changed": False, **in_use.compare(plain(found), here)}
