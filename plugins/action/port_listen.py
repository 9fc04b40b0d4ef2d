# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a responder by the module of this name, and ends it without one where it can; on a Windows host by win_port_listen."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_options import LISTEN, LISTEN_REQUIRED
from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder import ResponderError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import responder_stop
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import probing, responding
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become

MODULE = "vidnet.portmatrix.port_listen"


class ActionModule(ActionBase):
    """Returns what the module returns."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        if is_windows(self._connection):
            return self._on_windows(task_vars)
        stopped = self._stopped() if self._task.args.get("state") == "stopped" else None
        if stopped is not None:
            return {"changed": stopped, "listening": [], "occupied": [], "pid": None}
        result: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=self._task.args, task_vars=task_vars
        )
        return result

    def _stopped(self) -> bool | None:
        """Return whether there was a responder to end; None when the module has to see to it."""
        if self._task.check_mode:
            return None
        try:
            command = responder_stop.command(self._task.args.get("run", ""), self._task.args.get("host", ""))
        except (TypeError, ValueError):
            return None
        answer = self._low_level_execute_command(command)
        return responder_stop.has_stopped(answer["rc"], answer["stdout"])

    def _on_windows(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        without_become(self._connection)
        asked = plain(self.validate_argument_spec(argument_spec=LISTEN, required_if=LISTEN_REQUIRED)[1])

        def execute(arguments: dict[str, Any], seconds: int) -> dict[str, Any]:
            # What a shell of WinRM starts ends with it, unless Ansible's async has started it.
            self._task.async_val = seconds
            try:
                return self._execute_module(module_name=responding.MODULE, module_args=arguments, task_vars=task_vars)
            finally:
                self._task.async_val = 0

        try:
            return responding.ensured(execute, asked, self._task.check_mode)
        except probing.ModuleFailed as error:
            return error.result
        except (ValueError, ResponderError) as error:
            return {"failed": True, "changed": False, "msg": str(error)}
