# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to a stand-in for a Windows host, or to its recording: takes what Ansible sends to PowerShell, and answers it in Python."""

from __future__ import annotations

DOCUMENTATION = """
name: recorded
short_description: Stand-in for a Windows host
description: Answers PowerShell modules from a file.
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
options:
  remote_addr:
    description: Address of the host.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
  port:
    description: Port of the host.
    type: int
    default: 5986
    vars:
      - name: ansible_port
  recorded_file:
    description: Path of the host's file.
    type: str
    required: true
    vars:
      - name: recorded_file
"""

import json
import os
import signal
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

from ansible_collections.vidnet.portmatrix.tests.support import windows_modules
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost


class Connection(ConnectionBase):
    """As winrm and psrp are: modules come by standard input, and become methods of other systems are not known."""

    transport = "recorded"
    module_implementation_preferences = (".ps1", ".exe", "")
    allow_executable = False
    has_pipelining = True
    become_methods = ("runas",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.always_pipeline_modules = True
        self.has_native_async = True
        self._shell_type = "powershell"
        super().__init__(*args, **kwargs)

    @property
    def host(self) -> WindowsHost:
        return WindowsHost(self.get_option("recorded_file"))

    def _connect(self) -> Connection:
        if not self._connected:
            if not self.host.connect(self.get_option("port")):
                raise AnsibleConnectionFailure(f"{self.get_option('remote_addr')}: connection timed out")
            self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self._connect()
        if self.become is not None and self.become.name != "runas":
            raise AnsibleError(f"a Windows host has no {self.become.name}")
        try:
            request = windows_modules.asked(in_data or b"")
        except ValueError as error:
            raise AnsibleError(f"the stand-in for a Windows host only takes modules: {error}") from None
        answer = windows_modules.answer(self.host, request)
        if request.arguments.get("operation") == self.host.data()["faults"].get("kill_controller", ""):
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        if not self.host.answers():
            self._connected = False
            raise AnsibleConnectionFailure("the connection was reset")
        return int(bool(answer.get("failed"))), json.dumps(answer).encode(), b""

    def put_file(self, in_path: str, out_path: str) -> None:
        raise AnsibleError("the stand-in for a Windows host takes no files")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        raise AnsibleError("the stand-in for a Windows host has no files")

    def reset(self) -> None:
        if self._connected:
            self.close()
            self._connect()

    def close(self) -> None:
        self._connected = False
