# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a policy and confirms it over a new connection; see the documentation of the module of this name."""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_options
from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import client_of
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import clients, host_options, transaction
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become

MODULE = "vidnet.portmatrix.host_firewall"
CONFIRM = "vidnet.portmatrix.policy_confirm"
WINDOWS = "vidnet.portmatrix.win_firewall_policy"
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
        if is_windows(self._connection):
            return self._on_windows(arguments, task_vars or {})
        arguments = {name: value for name, value in arguments.items() if name not in policy_options.WINDOWS}
        arguments.setdefault("client", self._client())
        result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        pending = result.pop("pending", None)
        if pending:
            result.update(self._confirmed(pending, task_vars))
        return result

    def _client(self) -> dict[str, Any] | None:
        """Return where the host sees us come from. Asked as the login user: sudo hides it from the module."""
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

    def _on_windows(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Decide here what the host has to change, and have it changed; errors begin with the host's name."""
        without_become(self._connection)
        host = task_vars.get("inventory_hostname", "")
        _result, options = self.validate_argument_spec(
            argument_spec={**policy_options.COMMON, **policy_options.HOST_FIREWALL},
            required_if=policy_options.required(True),
        )
        port = clients.port_of(str(self._connection._load_name), self._option)
        own = clients.own_address(self._get_remote_addr(task_vars), port)
        host_module = _Module(self, task_vars)
        try:
            wanted = host_options.wanted(plain({**options, "by": arguments["by"]}), port, own)
            result = transaction.applied(host_module.execute, host_module.renew, wanted, check=self._task.check_mode)
        except transaction.Lost as error:
            raise AnsibleConnectionFailure(str(error)) from None
        except ValueError as error:
            result = {"failed": True, "changed": False, "msg": str(error)}
        result.setdefault("warnings", []).extend(host_options.remarks(options))
        if result.get("failed"):
            result["msg"] = f"{host}: {result['msg']}"
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def _option(self, name: str) -> Any:
        """Return an option of the connection, None where it has no such."""
        try:
            return self._connection.get_option(name)
        except KeyError:
            return None


class _Module:
    """Runs the module of Windows hosts; where its connection fails the answer says so."""

    def __init__(self, action: ActionModule, task_vars: dict[str, Any]) -> None:
        self._action, self._task_vars = action, task_vars
        self._anew = self._sent = False

    def renew(self) -> None:
        """Have the next execution use a new connection."""
        self._anew = True

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._sent = self._sent or arguments["operation"] == "apply"
        try:
            if self._anew:
                self._anew = False
                self._action._renew_connection()
            return self._action._execute_module(
                module_name=WINDOWS, module_args=dict(arguments), task_vars=self._task_vars
            )
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "msg": str(error)}
        except AnsibleError:
            raise
        except (
            Exception
        ) as error:  # winrm and psrp let through what their libraries raise, and there is a change to see to
            if not self._sent:
                raise
            return {"unreachable": True, "msg": str(error)}
