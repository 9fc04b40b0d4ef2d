# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory with one host on which firewalld runs for real, with a message bus and an /etc/firewalld of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

PYTHON = "/usr/bin/python3"
"""The distribution's, for which firewalld's binding is installed."""
PRIVATE = """
mount -t tmpfs tmpfs /etc/firewalld && mount -t tmpfs tmpfs /var/log && mkdir /run/dbus
cd /etc/firewalld && mkdir helpers icmptypes ipsets policies services zones
"""
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_destination="*" eavesdrop="true"/> <allow eavesdrop="true"/>
    <allow send_type="method_call"/> <allow receive_type="method_call"/>
  </policy>
</busconfig>
"""
DRIVE = """
import json, sys
from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_backend
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Intent
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked

given = json.load(sys.stdin)
try:
    if "restore" in given:
        firewalld_backend.Firewalld.restore(given["restore"])
        print(json.dumps({}))
        sys.exit()
    backend = firewalld_backend.Firewalld(given["persist"])
    intent = Intent(checked(given["rules"]), given["egress"], given["mode"], given["state"])
    change = backend.plan(intent)
    result = dict(change._asdict(), snapshot=backend.snapshot())
    if "check" in given["steps"]:
        backend.check()
    if "apply" in given["steps"] and change.running:
        backend.apply()
    if "persist" in given["steps"]:
        backend = firewalld_backend.Firewalld(given["persist"])
        if backend.plan(intent).boot:
            backend.persist()
except BackendError as error:
    result = {"error": str(error)}
print(json.dumps(result))
"""
STARTS = 20.0


class FirewalldLab(NftLab):
    """`NftLab` whose host `HOST` runs firewalld once `start_firewalld` was called. Skips the test where there is none."""

    def __enter__(self) -> FirewalldLab:
        for program in ("firewalld", "dbus-daemon", "firewall-cmd"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                pytest.skip(f"NOT TESTED: {program} is not installed")
        super().__enter__()
        self.mount(PRIVATE)
        self.firewalld: subprocess.Popen[str] | None = None
        return self

    def start_firewalld(self) -> None:
        """Start the message bus, if that does not run yet, and firewalld, as a boot would; wait until it is ready."""
        environment = {key: value for key, value in os.environ.items() if key != "DBUS_SYSTEM_BUS_ADDRESS"}
        if self.run(HOST, "test", "-S", "/run/dbus/system_bus_socket", check=False).returncode:
            self.shell("cat > /run/bus.conf", input=BUS)
            self.start(
                HOST,
                "dbus-daemon",
                "--config-file=/run/bus.conf",
                "--nofork",
                env=environment,
                stderr=subprocess.DEVNULL,
            )
        self.firewalld = self.start(
            HOST, PYTHON, shutil.which("firewalld", path="/usr/sbin:/sbin"), "--nofork", "--nopid", env=environment
        )
        until = time.monotonic() + STARTS
        while self.command("--state", check=False).strip() != "running":
            assert time.monotonic() < until, self.shell("cat /var/log/firewalld")
            time.sleep(0.1)

    def kill_firewalld(self) -> None:
        """End firewalld as a crash would: its rules stay in the kernel."""
        for pid in self.firewalld_pids():
            os.kill(pid, signal.SIGKILL)
        self.firewalld.wait()

    def firewalld_pids(self) -> list[int]:
        """Return the process ids of the laboratory's firewalld."""
        found = []
        for pid in map(int, self.run(HOST, "ip", "netns", "pids", HOST).stdout.split()):
            words = self.run(HOST, "cat", f"/proc/{pid}/cmdline", check=False).stdout.split("\0")
            if words[:1] == [PYTHON] and "--nopid" in words:
                found.append(pid)
        return found

    def command(self, *arguments: str, check: bool = True) -> str:
        """Return what firewall-cmd prints."""
        return self.run(HOST, "firewall-cmd", *arguments, check=check).stdout

    def bring(
        self, rules: list[dict[str, Any]], steps: str = "check apply persist", *prefix: str, **params: Any
    ) -> dict[str, Any]:
        """Bring the host to a policy through the back-end's own methods; return its change and snapshot, or its error."""
        given = {"egress": "allow", "mode": "enforce", "state": "present", "persist": True, **params}
        return self._drive({"rules": rules, "steps": steps.split(), **given}, *prefix)

    def restore(self, snapshot: dict[str, Any]) -> dict[str, Any]:
        """Bring back what a snapshot found, from a process that has only the snapshot."""
        return self._drive({"restore": snapshot})

    def state(self) -> str:
        """Return all that firewalld shows of its zones and policies, running and permanent, and the files under it."""
        shown = [self.command("--list-all-zones"), self.command("--list-all-policies")]
        shown += [self.command("--permanent", "--list-all-zones"), self.command("--permanent", "--list-all-policies")]
        files = (
            "find /etc/firewalld -printf '%p %y %m %U %G\\n' | sort; find /etc/firewalld -type f | sort | xargs -r cat"
        )
        return "\n".join([*shown, self.shell(files)])

    def _drive(self, given: dict[str, Any], *prefix: str) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "PYTHONPATH": COLLECTIONS_PATH}
        done = self.run(HOST, *prefix, PYTHON, "-B", "-c", DRIVE, input=json.dumps(given), env=environment, check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"ended with {done.returncode}: {done.stdout}{done.stderr}") from None
