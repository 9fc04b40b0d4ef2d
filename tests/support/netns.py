# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory of hosts on this kernel: network namespaces joined by bridges, with nothing to clean up but processes.

Everything lives in a user, network and mount namespace of its own, so it needs no root, no name in it can clash, and no
packet leaves it. All hosts share this machine's files and process ids, except that /run is the laboratory's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges

COLLECTIONS_PATH = str(Path(port_ranges.__file__).absolute().parents[5])
MODULES = "ansible_collections.vidnet.portmatrix.plugins.modules"
ENTRANCE = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && exec cat"


class Lab:
    """Hosts and segments; use it in a ``with`` statement. Skips the test where the kernel refuses namespaces."""

    def __init__(self) -> None:
        self._hosts: dict[str, int] = {}
        self._segments: set[str] = set()
        self._cables = 0

    def __enter__(self) -> Lab:
        unshare = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", ENTRANCE]
        # it lives as long as its input is open: should this process be killed, the laboratory goes with it
        self._holder = subprocess.Popen(
            unshare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self._holder.stdout.readline().strip() != "ready":
            reason = self._holder.communicate()[1].strip()
            pytest.skip(f"NOT TESTED: this kernel refuses network namespaces to this user: {reason}")
        return self

    def __exit__(self, *_error: object) -> None:
        for host in self._hosts:
            for pid in self._inside("ip", "netns", "pids", host).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        self._holder.communicate()

    def host(self, name: str, *addresses: str, segment: str = "lan") -> None:
        """Put a host, or one more interface of it, with ``addresses`` ("10.9.0.1/24") on a segment."""
        if segment not in self._segments:
            self._inside("ip", "link", "add", "name", segment, "type", "bridge")
            self._inside("ip", "link", "set", segment, "up")
            self._segments.add(segment)
        if name not in self._hosts:
            self._inside("ip", "netns", "add", name)
            self._inside("ip", "-n", name, "link", "set", "lo", "up")
            self._hosts[name] = 0
        cable, interface = f"cable{self._cables}", f"eth{self._hosts[name]}"
        self._cables += 1
        self._hosts[name] += 1
        self._inside("ip", "link", "add", cable, "type", "veth", "peer", "name", interface, "netns", name)
        self._inside("ip", "link", "set", cable, "master", segment, "up")
        for address in addresses:
            no_detection = ["nodad"] if ":" in address else []
            self._inside("ip", "-n", name, "address", "add", address, "dev", interface, *no_detection)
        self._inside("ip", "-n", name, "link", "set", interface, "up")

    def run(self, host: str, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command on a host; raises AssertionError when it fails, unless ``check=False``."""
        return self._inside("ip", "netns", "exec", host, *command, **options)

    def start(self, host: str, *command: str) -> subprocess.Popen[str]:
        """Start a command on a host; its output is a pipe. It ends with the laboratory."""
        return subprocess.Popen(
            [*self._entrance(), "ip", "netns", "exec", host, *command], stdout=subprocess.PIPE, text=True
        )

    def nft(self, host: str, rules: str) -> None:
        """Load nftables rules on a host."""
        self.run(host, "nft", "-f", "-", input=rules)

    def module(self, where: str, name: str, /, *prefix: str, **params: Any) -> dict[str, Any]:
        """Run a module of this collection on the host ``where``, behind the command ``prefix``; return its result."""
        done = self.run(
            where,
            *prefix,
            sys.executable,
            "-m",
            f"{MODULES}.{name}",
            input=json.dumps({"ANSIBLE_MODULE_ARGS": params}),
            env={**os.environ, "PYTHONPATH": COLLECTIONS_PATH},
            check=False,
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"{name} ended with {done.returncode}: {done.stdout}{done.stderr}") from None

    def _entrance(self) -> list[str]:
        return ["nsenter", "--target", str(self._holder.pid), "--user", "--net", "--mount", "--preserve-credentials"]

    def _inside(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([*self._entrance(), *command], check=False, capture_output=True, text=True, **options)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done
