# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell scripts under a real PowerShell on Linux, with stand-ins for what only Windows has (tests/windows/standin).

Ansible runs the modules itself, from a copy of the collection in which another FwCom.psm1 is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support import ansible_runs

TOP = Path(__file__).parents[2]
STAND_IN = TOP / "tests/windows/standin"
PREFIX = "vidnet.portmatrix."
_COMMAND = re.compile(r'-NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "([^"]*)"')


def missing() -> str:
    """Return why the scripts cannot run here, or nothing."""
    if not shutil.which("pwsh"):
        return "pwsh is not here: the PowerShell scripts did not run"
    done = ansible_runs.run("ansible", "--version")
    found = re.search(r"core (\d+)\.(\d+)", done.stdout)
    if not found or (int(found[1]), int(found[2])) < (2, 21):
        return "ansible-core runs PowerShell modules on Linux from 2.21 on: the PowerShell scripts did not run"
    return ""


class PowerShellHost:
    """A host whose firewall, registry, tasks and services are files below ``directory``."""

    def __init__(self, directory: Path, rules: Sequence[Mapping[str, Any]], profile: Mapping[str, Any]) -> None:
        self.directory = directory
        self.state_directory = directory / "root/portmatrix"
        self.write("services.json", {"MpsSvc": "Running"})
        self.write("products.json", [])
        self.write("registry.json", {})
        self.write("acl.json", {})
        self.write("faults.json", [])
        self.write("listening.json", [])
        (directory / "http.txt").write_text("", encoding="utf-8")
        (directory / "tasks").mkdir()
        rows = [{**row, "id": str(number)} for number, row in enumerate(rules)]
        profiles = {name: dict(profile) for name in ("domain", "private", "public")}
        self.write("policy.json", {"rules": rows, "profiles": profiles, "current_profiles": 2, "modify_state": 0})
        programs = directory / "root/System32"
        programs.mkdir(parents=True)
        for name in ("netsh", "icacls"):
            program = programs / f"{name}.exe"
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}/programs.py" {name} "$@"\n', "utf-8")
            program.chmod(0o755)
        self._collection()

    def _collection(self) -> None:
        here = self.directory / "collections/ansible_collections/vidnet/portmatrix"
        for part in ("modules", "module_utils"):
            shutil.copytree(TOP / "plugins" / part, here / "plugins" / part, ignore=shutil.ignore_patterns("*.py*"))
        shutil.copytree(TOP / "meta", here / "meta")
        shutil.copy(TOP / "galaxy.yml", here)
        shutil.copy(STAND_IN / "FwCom.psm1", here / "plugins/module_utils")

    def write(self, name: str, content: Any) -> None:
        """Set one of the files that the stand-ins use."""
        (self.directory / name).write_text(json.dumps(content), encoding="utf-8")

    def read(self, name: str) -> Any:
        """Return what one of these files holds."""
        return json.loads((self.directory / name).read_text(encoding="utf-8"))

    def policy(self) -> dict[str, Any]:
        """Return rules and profiles, the rules without what the stand-in knows them by."""
        found = self.read("policy.json")
        found["rules"] = [{key: row[key] for key in row if key != "id"} for row in found["rules"]]
        return found

    def names(self) -> list[str]:
        """Return the names of all rules."""
        return [row["name"] for row in self.policy()["rules"]]

    def tasks(self) -> dict[str, Any]:
        """Return the scheduled tasks by name."""
        return {path.stem: json.loads(path.read_text("utf-8")) for path in (self.directory / "tasks").glob("*.json")}

    def kept(self) -> set[str]:
        """Return the files of the state directory."""
        return {path.name for path in self.state_directory.iterdir()}

    def environment(self) -> dict[str, str]:
        """Return what is set around the scripts."""
        return {
            "FW_STANDIN": str(self.directory),
            "SystemRoot": str(self.directory / "root"),
            "PSModulePath": str(STAND_IN / "modules"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.directory / "collections"),
        }

    def fire(self, name: str, task: Mapping[str, Any] | None = None) -> int:
        """Run a task as the task scheduler would; returns its exit code."""
        action = (task or self.tasks()[name])["action"]
        assert action["execute"].endswith("powershell.exe")
        command = _COMMAND.fullmatch(action["argument"])
        assert command
        done = subprocess.run(
            ["pwsh", "-NoProfile", "-NonInteractive", "-Command", command[1]],
            env={**os.environ, **self.environment()},
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.returncode

    def run(self, module: str, *steps: Mapping[str, Any], check: bool = False) -> list[dict[str, Any]]:
        """Run a module once with each of these arguments, within one play, and return the results."""
        tasks: list[dict[str, Any]] = []
        for number, arguments in enumerate(steps):
            given = {"state_directory": str(self.state_directory), **arguments} if "policy" in module else arguments
            tasks += [
                {PREFIX + module: dict(given), "register": "found", "ignore_errors": True},
                {
                    "ansible.builtin.copy": {
                        "dest": f"{self.directory}/{number}.json",
                        "content": "{{ found | to_json }}",
                    },
                    "delegate_to": "localhost",
                    "check_mode": False,
                },
            ]
        play = [{"hosts": "win1", "gather_facts": False, "tasks": tasks}]
        (self.directory / "play.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")
        (self.directory / "hosts").write_text(
            f"win1 ansible_connection=local ansible_pwsh_interpreter={shutil.which('pwsh')}\n", encoding="utf-8"
        )
        done = ansible_runs.run(
            "ansible-playbook",
            "-i",
            "hosts",
            "play.yml",
            *(["--check"] if check else []),
            cwd=self.directory,
            **self.environment(),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [self.read(f"{number}.json") for number in range(len(steps))]

    def policy_run(self, *steps: Mapping[str, Any], check: bool = False) -> list[dict[str, Any]]:
        """Run win_firewall_policy."""
        return self.run("win_firewall_policy", *steps, check=check)
