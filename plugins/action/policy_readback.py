# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the rules in force, on Windows by its own module; see the documentation of the module of this name."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule as AnyModule

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become

ON_WINDOWS = "vidnet.portmatrix.win_firewall_policy"


class ActionModule(AnyModule):
    """Returns what the module returns; of a Windows host the state that its own module reads, as ``windows``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if not is_windows(self._connection):
            return super().run(tmp, task_vars)
        super(AnyModule, self).run(tmp, task_vars)
        if self._task.async_val:
            raise AnsibleActionFail("async: allowed on Linux hosts only")
        without_become(self._connection)
        self.validate_argument_spec(argument_spec={})
        read = self._execute_module(module_name=ON_WINDOWS, module_args={"operation": "read"}, task_vars=task_vars)
        if read.get("failed") or read.get("unreachable"):
            return read
        return {"changed": False, "windows": read["state"]}
