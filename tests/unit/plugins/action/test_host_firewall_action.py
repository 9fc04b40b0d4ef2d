# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the action takes for Windows hosts, by Ansible's own connection and shell plugins, and what it gives the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.vidnet.portmatrix.plugins.action import host_firewall, policy_confirm
from ansible_collections.vidnet.portmatrix.plugins.module_utils import host_backend
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.clients import port_of
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost


def connection(kind: str, shell: str | None = None) -> Any:
    context = PlayContext()
    context.shell = shell
    found = connection_loader.get(kind, context, shell=None)
    found.set_options(direct={})
    return found


@pytest.mark.parametrize(
    ("kind", "shell", "windows", "port"),
    [
        ("winrm", None, True, 5986),
        ("psrp", None, True, 5986),
        ("ssh", "powershell", True, 22),
        ("ssh", "cmd", True, 22),
        ("ssh", None, False, 22),
        ("local", None, False, 22),
    ],
)
def test_windows_hosts_are_told_by_their_shell(kind: str, shell: str | None, windows: bool, port: int) -> None:
    found = connection(kind, shell)
    assert is_windows(found) == windows

    def option(name: str) -> Any:
        try:
            return found.get_option(name)
        except KeyError:
            return None

    assert port_of(kind, option) == port


class Task:
    def __init__(self, **arguments: Any) -> None:
        self.args = arguments
        self.check_mode = self.diff = False
        self.async_val = 0
        self.action = "vidnet.portmatrix.host_firewall"
        self.module_defaults: list[Any] = []


class Action(host_firewall.ActionModule):
    """The action with modules run by the stand-in, or kept."""

    def __init__(self, connection: Any, host: WindowsHost | None = None, **arguments: Any) -> None:
        super().__init__(Task(**arguments), connection, PlayContext(), None, None, None)  # type: ignore[arg-type]
        self.host = host
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def _execute_module(self, module_name: str, module_args: dict[str, Any], **_others: Any) -> dict[str, Any]:  # type: ignore[override]
        self.sent.append((module_name, module_args))
        return self.host.run(module_args) if self.host else {"changed": False}

    def _low_level_execute_command(self, *_arguments: Any, **_others: Any) -> dict[str, Any]:  # type: ignore[override]
        return {"stdout": "10.0.0.9 50000 10.0.0.1 22"}

    def _renew_connection(self) -> None:
        pass


RULES = [{"direction": "in", "protocol": "tcp", "ports": ["5986"], "peers": ["10.0.0.0/24"]}]


def test_other_hosts_get_what_they_got_before() -> None:
    action = Action(connection("ssh"), rules=RULES, foreign="report", profiles="report", ports=[], backend="auto")
    assert action.run(task_vars={"inventory_hostname": "one"}) == {"changed": False}
    ((module, arguments),) = action.sent
    assert module == "vidnet.portmatrix.host_firewall"
    assert set(arguments) == {"rules", "backend", "by", "client"}
    assert arguments["client"] == {"address": "10.0.0.9", "port": 22}


def test_windows_hosts_get_their_own_module(tmp_path: Path) -> None:
    host = WindowsHost.made(tmp_path / "host.json")
    action = Action(connection("winrm"), host, rules=RULES)
    result = action.run(task_vars={"inventory_hostname": "one"})
    assert (result["changed"], result["confirmed"], "diff" in result) == (True, True, False)
    assert {module for module, _arguments in action.sent} == {"vidnet.portmatrix.win_firewall_policy"}
    assert [arguments["operation"] for _module, arguments in action.sent] == ["read", "apply", "confirm"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rules": RULES, "backend": "ufw"}, "one: backend (portmatrix_backend) is 'ufw', which no Windows host has"),
        ({"policy": "previous"}, "one: former policies are not kept on Windows hosts"),
    ],
)
def test_errors_name_the_host(arguments: dict[str, Any], message: str) -> None:
    result = Action(connection("psrp"), **arguments).run(task_vars={"inventory_hostname": "one"})
    assert result["failed"] and result["msg"].startswith(message)


class Broken(Action):
    error: Exception

    def _execute_module(self, module_name: str, module_args: dict[str, Any], **others: Any) -> dict[str, Any]:  # type: ignore[override]
        if module_args["operation"] != "read" or isinstance(self.error, AnsibleConnectionFailure):
            raise self.error
        return super()._execute_module(module_name, module_args, **others)


def test_what_transports_raise_is_a_lost_connection_once_there_is_a_change(tmp_path: Path) -> None:
    action = Broken(connection("winrm"), WindowsHost.made(tmp_path / "host.json"), rules=RULES, confirm_timeout=0)
    action.error = RuntimeError("(10054) forcibly closed")
    result = action.run(task_vars={"inventory_hostname": "one"})
    assert result["msg"].startswith(
        "one: the connection was lost while the rules were changed ((10054) forcibly closed)"
    )
    action.error = AnsibleConnectionFailure("refused")
    with pytest.raises(AnsibleConnectionFailure, match="refused"):
        action.run(task_vars={"inventory_hostname": "one"})


def test_kept_policies_are_refused_on_windows_before_anything_is_sent() -> None:
    action = policy_confirm.ActionModule(Task(), connection("winrm"), PlayContext(), None, None, None)  # type: ignore[arg-type]
    with pytest.raises(AnsibleActionFail, match="one: former policies are not kept on Windows hosts"):
        action.run(task_vars={"inventory_hostname": "one"})


def test_the_windows_back_end_is_refused_on_other_hosts() -> None:
    with pytest.raises(
        BackendError, match="portmatrix_backend is 'windows'.*allowed here: auto, nftables, firewalld, ufw"
    ):
        host_backend.chosen("windows")
