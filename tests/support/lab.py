# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of examples/lab with a runtime directory of its own, so that one that runs already is not disturbed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.ansible_runs import run

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = CHECKOUT / "examples" / "lab"
INVENTORY = EXAMPLE / "inventory"
SWEEP = Path(__file__).with_name("port_sweep.py")
RECAP = re.compile(r"^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+) ", re.MULTILINE)
TABLE = ("list", "table", "inet", "portmatrix")
UNDECLARED = re.compile(r'counter packets (\d+) bytes \d+ drop comment "portmatrix: not declared"')


class SiteLab:
    """Every host of a lab's inventory; use it in a ``with`` statement. Skips the test where the kernel refuses namespaces."""

    def __init__(self, directory: Path, inventory: Path = INVENTORY) -> None:
        self.directory = directory
        self.inventory = inventory
        self._environment = {
            "TMPDIR": str(directory),
            "ANSIBLE_CONFIG": str(EXAMPLE / "ansible.cfg"),
            "ANSIBLE_INVENTORY": str(inventory),
        }

    def __enter__(self) -> SiteLab:
        started = self._lab("up", check=False)
        if "refuses namespaces" in started.stderr:
            pytest.skip(f"NOT TESTED: {started.stderr}")
        assert started.returncode == 0, started.stderr
        return self

    def __exit__(self, *_error: object) -> None:
        self._lab("down")

    def run(self, host: str, *command: str) -> str:
        """Run a command on a host; return what it printed."""
        return self._lab("exec", host, *command).stdout

    def entering(self, host: str) -> list[str]:
        """Return the command that runs another one on a host, wherever it is started."""
        return ["env", f"TMPDIR={self.directory}", *self._command("exec", host)]

    def start(self, host: str, *command: str) -> subprocess.Popen[str]:
        """Start a command on a host; its output is a pipe. It ends with the lab."""
        return subprocess.Popen(
            self._command("exec", host, *command), env=self._variables(), stdout=subprocess.PIPE, text=True
        )

    def each(self, *command: str) -> dict[str, str]:
        """Run a command on every host; return host -> what it printed."""
        _nothing, *parts = re.split(r"^== (\S+)\n", self._lab("each", *command).stdout, flags=re.MULTILINE)
        return dict(zip(parts[::2], parts[1::2]))

    def playbook(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection."""
        return run("ansible-playbook", str(CHECKOUT / "playbooks" / name), *arguments, **self._environment)

    def listing(self, host: str, *options: str) -> str:
        """Return a host's table as nft prints it, without counters."""
        return self.run(host, "nft", "--stateless", *options, *TABLE)

    def states(self) -> dict[str, str]:
        """Return host -> all that the collection has laid down there: rules with their handles, and files."""
        files = "/etc/nftables.conf /etc/nftables.d/portmatrix.nft /var/lib/portmatrix/nftables.json"
        return self.each("sh", "-ec", f"nft --stateless --handle {' '.join(TABLE)}; cat {files}")

    def undeclared(self) -> dict[str, int]:
        """Return host -> packets that came in and were dropped as not declared."""
        return {host: int(UNDECLARED.search(text)[1]) for host, text in self.each("nft", *TABLE).items()}

    def sweep(self, host: str, addresses: list[str], processes: int = 1) -> dict[str, dict[str, Any]]:
        """Ask every port of ``addresses`` from a host; return what port_sweep.py says, of every address."""
        parts = [addresses[number::processes] for number in range(processes)]
        started = [self.start(host, sys.executable, str(SWEEP), *part) for part in parts]
        found: dict[str, dict[str, Any]] = {}
        for sweep in started:
            text = sweep.communicate(timeout=300)[0]
            assert sweep.returncode == 0
            found.update(json.loads(text))
        return found

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(EXAMPLE / "lab.py"), "--hosts", str(self.inventory / "hosts.yml"), *arguments]

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self._environment}

    def _lab(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = self._command(*arguments)
        done = subprocess.run(command, env=self._variables(), capture_output=True, text=True, timeout=120, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


def recap(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return host -> number of changed tasks of a playbook's run that reached every host and failed on none."""
    assert done.returncode == 0, done.stdout + done.stderr
    lines = RECAP.findall(done.stdout)
    assert all(unreachable == failed == "0" for _host, _changed, unreachable, failed in lines)
    return {host: int(changed) for host, changed, _unreachable, _failed in lines}
