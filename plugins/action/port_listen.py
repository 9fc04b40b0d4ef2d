# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a responder by the module of this name, and ends it without one where it can."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import responder_stop

MODULE = "vidnet.portmatrix.port_listen"


class ActionModule(ActionBase):
    """Returns what the module returns."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        stopped = self._stopped() if self._task.args.get("state") == "stopped" else None
        if stopped is not None:
            return {"changed": stopped, "listening": [], "occupied": [], "pid": None}
        result: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=self._task.args, task_vars=task_vars
        )
        return result

    def _stopped(self) -> bool | None:
        """Return whether there was a responder to end; None when the module has to see to it."""
        if self._task.check_mode or getattr(self._connection._shell, "_IS_WINDOWS", False):
            return None
        try:
            command = responder_stop.command(self._task.args.get("run", ""), self._task.args.get("host", ""))
        except (TypeError, ValueError):
            return None
        answer = self._low_level_execute_command(command)
        return responder_stop.has_stopped(answer["rc"], answer["stdout"])
