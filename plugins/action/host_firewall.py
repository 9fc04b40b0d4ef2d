# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a policy and confirms it over a new connection; see the documentation of the module of this name."""

from __future__ import annotations

import getpass
import socket
import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import client_of

MODULE = "vidnet.portmatrix.host_firewall"
CONFIRM = "vidnet.portmatrix.policy_confirm"
LATE = 30
"""Seconds to give a host beyond its window, so that it can be told what became of it."""
PAUSE = 2


class ActionModule(ActionBase):
    """Returns what the module returns, and whether the change was confirmed."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = {"by": f"{getpass.getuser()} on {socket.gethostname()}", **self._task.args}
        arguments.setdefault("client", self._client())
        result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        pending = result.pop("pending", None)
        if pending:
            result.update(self._confirmed(pending, task_vars))
        return result

    def _client(self) -> dict[str, Any] | None:
        """Return where the host sees us come from. Asked as the login user: sudo hides it from the module."""
        if getattr(self._connection._shell, "_IS_WINDOWS", False):
            return None
        answer = self._low_level_execute_command('echo "$SSH_CONNECTION"', sudoable=False)
        client = client_of(answer["stdout"])
        return client._asdict() if client else None

    def _confirmed(self, pending: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Return what to add to the result: the new rules hold, or the host is as it was."""
        arguments = {"operation": "confirm", "id": pending["id"]}
        refused = {"failed": True, "changed": False, "confirmed": False}
        trouble = ""
        begun = time.monotonic()
        while time.monotonic() - begun < pending["seconds"] + LATE:
            try:
                self._renew_connection()
                answer = self._execute_module(module_name=CONFIRM, module_args=arguments, task_vars=task_vars)
            except AnsibleConnectionFailure as error:
                answer = {"unreachable": True, "msg": str(error)}
            if not answer.get("unreachable"):
                return {**refused, "msg": trouble + answer["msg"]} if answer.get("failed") else {"confirmed": True}
            trouble = f"no new connection could be made after the change ({answer['msg']}); "
            time.sleep(PAUSE)
        return {**refused, "msg": f"{trouble}the host was to bring its former rules back after {pending['seconds']} s"}

    def _renew_connection(self) -> None:
        """An old connection proves nothing, for what is established passes every policy."""
        if hasattr(self._connection, "reset"):
            self._connection.reset()
        else:
            self._connection.close()
