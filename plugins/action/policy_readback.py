# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the rules in force, on Windows by its own module; see the documentation of the module of this name."""

from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_action import HostAction

ON_WINDOWS = "vidnet.portmatrix.win_firewall_policy"


class ActionModule(HostAction):
    """Returns what the module returns; of a Windows host the state that its own module reads, as ``windows``."""

    def on_windows(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.validate_argument_spec(argument_spec={})
        read = self._execute_module(module_name=ON_WINDOWS, module_args={"operation": "read"}, task_vars=task_vars)
        if read.get("failed") or read.get("unreachable"):
            return read
        return {"changed": False, "windows": read["state"]}
