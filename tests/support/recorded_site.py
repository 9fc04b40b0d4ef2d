# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small site of stand-ins for Windows hosts, and Ansible's own commands against it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from tests.support.ansible_runs import PLUGIN, SCRIPTS, run, written

PLUGINS = Path(__file__).resolve().parents[1] / "windows" / "connection_plugins"
CLIENT, SERVER = "10.0.9.9", "10.0.9.10"
"""Who reaches the media port of every recording server, and whom they reach."""
APPLY = """
- hosts: all
  gather_facts: false
  become: true
  roles: [vidnet.portmatrix.host_firewall]

- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ dict(hosts | zip(hosts | map('extract', hostvars, '__portmatrix_applied'))) | to_json }}"
        dest: "{{ found }}"
        mode: "0644"
      check_mode: false
      vars:
        hosts: "{{ groups.all | map('extract', hostvars) | selectattr('__portmatrix_applied', 'defined') | map(attribute='inventory_hostname') | list }}"
"""


class WindowsSite:
    """Recording servers, each with a file and variables of its own; a client and a management server, which are not managed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hosts: dict[str, WindowsHost] = {}
        self.variables: dict[str, dict[str, Any]] = {}

    def host(self, name: str, variables: dict[str, Any] | None = None, **different: Any) -> WindowsHost:
        """Add a host; ``different`` is what its file holds other than a plain one's."""
        self.hosts[name] = WindowsHost.made(self.directory / f"{name}.json", **different)
        self.variables[name] = {
            "ansible_connection": "recorded",
            "ansible_shell_type": "powershell",
            "ansible_port": 5986,
            "ansible_host": f"10.0.0.{len(self.hosts)}",
            "recorded_file": str(self.hosts[name].path),
            **(variables or {}),
        }
        return self.hosts[name]

    def write(self, **everywhere: Any) -> None:
        """Write the inventory; ``everywhere`` are variables of all hosts."""
        inventory = {
            "all": {
                "vars": {"portmatrix_management_sources": ["10.0.0.0/24"], **everywhere},
                "children": {
                    "milestone_recording_server": {"hosts": self.variables},
                    "milestone_smart_client": {"hosts": {"sc1": {"ansible_host": CLIENT, "portmatrix_managed": False}}},
                    "milestone_management_server": {
                        "hosts": {"ms1": {"ansible_host": SERVER, "portmatrix_managed": False}}
                    },
                },
            }
        }
        files = {"inventory/hosts.yml": json.dumps(inventory), "inventory/portmatrix.yml": PLUGIN, "apply.yml": APPLY}
        written(self.directory, files)

    @property
    def environment(self) -> dict[str, str]:
        return {"ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS), "ANSIBLE_FORKS": "20"}

    def play(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook, by path or as one of the collection's."""
        return run("ansible-playbook", "-i", "inventory", playbook, *arguments, cwd=self.directory, **self.environment)

    def apply(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Apply the role and return host -> what the task returned."""
        found = self.directory / "found.json"
        found.unlink(missing_ok=True)
        done = self.play("apply.yml", "-e", f"found={found}", *arguments)
        assert found.exists(), done.stdout + done.stderr
        results: dict[str, dict[str, Any]] = json.loads(found.read_text(encoding="utf-8"))
        return results

    def killed(self, host: str, seconds: float = 60) -> None:
        """Apply the role to one host that kills the controller; returns when it is dead."""
        command = [
            str(SCRIPTS / "ansible-playbook"),
            "-i",
            "inventory",
            "apply.yml",
            "--limit",
            host,
            "-e",
            "found=/dev/null",
        ]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            command, cwd=self.directory, env=environment, capture_output=True, timeout=seconds, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stdout
