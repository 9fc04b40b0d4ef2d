# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""win_port_probe and win_port_listen with real packets between hosts of a laboratory, against the prober and the responder for Linux.

Everything is tried twice: with the stand-in of the scripts in Python, and, where PowerShell is on this machine, with the scripts themselves.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as ansible_version

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import probing, responding
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from tests.support.ansible_runs import SCRIPTS
from tests.support.lab import CHECKOUT
from tests.support.netns import COLLECTIONS_PATH, Lab

WINDOWS, WINDOWS6, LINUX, LINUX6 = "10.9.0.1", "fd09::1", "10.9.0.2", "fd09::2"
RUN = "run-1"
STAND_IN = """
import json, sys
from ansible_collections.vidnet.portmatrix.tests.support import windows_host, windows_sockets
host = windows_host.WindowsHost(sys.argv[2])
print(json.dumps(windows_sockets.HANDLERS[sys.argv[1]](host, json.load(sys.stdin))))
"""
#: What keeps the state directory from others needs Windows.
DIRECTORY = """
Function Initialize-FwDirectory { Param([string]$Path) $null = [System.IO.Directory]::CreateDirectory($Path) }
Export-ModuleMember -Function 'Initialize-FwDirectory'
"""
RULES = """
table inet t {
  chain in {
    type filter hook input priority 0
    tcp dport { 7001-7999 } drop
    udp dport 7001 drop
    tcp dport 8001 reject with icmpx host-unreachable
  }
}
"""
EGRESS = "table inet t { chain out { type filter hook output priority 0; udp dport 9009 drop; }; }"
#: Anything that speaks: a mail server, and a device that speaks RTSP when it is asked.
SERVICES = """
import socket, sys, threading
mail = socket.create_server(("0.0.0.0", 25))
rtsp = socket.create_server(("0.0.0.0", 8554))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 8555))
def greet():
    while True:
        connection = mail.accept()[0]
        connection.send(b"220 mail\\r\\n")
        connection.close()
def answer():
    while True:
        connection = rtsp.accept()[0]
        number = [line for line in connection.recv(4096).split(b"\\r\\n") if line.startswith(b"CSeq")][0]
        connection.send(b"RTSP/1.0 200 OK\\r\\n" + number + b"\\r\\n\\r\\n")
        connection.close()
for work in greet, answer:
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    udp.sendto(b"what?", udp.recvfrom(4096)[1])
"""


class Host:
    """The Windows host: runs the two modules in its network namespace."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory

    def probe(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.module(probing.MODULE, arguments, 0)

    def listen(self, arguments: dict[str, Any], seconds: int) -> dict[str, Any]:
        return self.module(responding.MODULE, arguments, seconds)

    def module(self, name: str, arguments: dict[str, Any], seconds: int) -> dict[str, Any]:
        path = self.directory / "windows.json"
        WindowsHost.made(path)
        name = name.rpartition(".")[2]
        done = self.lab.run(
            "windows",
            *("env", f"PYTHONPATH={COLLECTIONS_PATH}", sys.executable, "-c", STAND_IN, name, str(path)),
            input=json.dumps(arguments),
        )
        return json.loads(done.stdout)


class PowerShellHost(Host):
    """The same with the scripts, through ansible-core and PowerShell on Linux."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        pwsh = shutil.which("pwsh")
        if not pwsh:
            pytest.skip("NOT TESTED: pwsh is not here: the scripts for Windows hosts have not been run")
        if tuple(map(int, re.findall(r"\d+", ansible_version)[:2])) < (2, 21):
            pytest.skip("NOT TESTED: ansible-core 2.21 or later is needed to run PowerShell modules on Linux")
        super().__init__(lab, directory)
        self.variables = {
            "ansible_connection": "local",
            "ansible_pwsh_interpreter": pwsh,
            "ansible_python_interpreter": sys.executable,
        }
        tree = directory / "tree" / "ansible_collections" / "vidnet" / "portmatrix"
        for part in ("plugins", "meta"):
            shutil.copytree(CHECKOUT / part, tree / part)
        (tree / "plugins" / "module_utils" / "FwDirectory.psm1").write_text(DIRECTORY, encoding="ascii")

    def module(self, name: str, arguments: dict[str, Any], seconds: int) -> dict[str, Any]:
        if name == responding.MODULE:
            arguments = {**arguments, "state_directory": str(self.directory / "responder")}
        found = self.directory / "found.json"
        found.unlink(missing_ok=True)
        asked = {name: arguments, "async": seconds, "poll": 0, "register": "answer", "ignore_errors": True}
        kept = {"ansible.builtin.copy": {"content": "{{ answer }}", "dest": str(found)}}
        play = self.directory / "play.yml"
        play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [asked, kept]}]), encoding="utf-8")
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(self.directory / "tree"),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.directory / "remote"),
            "ANSIBLE_ASYNC_DIR": str(self.directory / "async"),
        }
        done = self.lab.run(
            "windows",
            *("env", *(f"{key}={value}" for key, value in settings.items()), f"{SCRIPTS}/ansible-playbook"),
            *("-i", "windows,", "-e", json.dumps(self.variables), str(play)),
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(found.read_text(encoding="utf-8"))


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.host("windows", f"{WINDOWS}/24", f"{WINDOWS6}/64")
        lab.host("linux", f"{LINUX}/24", f"{LINUX6}/64")
        yield lab


@pytest.fixture(params=[Host, PowerShellHost], ids=["stand-in", "powershell"])
def host(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Host:
    return request.param(lab, tmp_path)


def rules(protocol: str, *ports: int) -> dict[str, Any]:
    return {"direction": "in", "protocol": protocol, "ports": [str(port) for port in ports]}


def expectation(protocol: str, *ports: int, ipv6: bool = False, **more: Any) -> dict[str, Any]:
    place = {"source": WINDOWS6, "address": LINUX6} if ipv6 else {"source": WINDOWS, "address": LINUX}
    return {"to": "linux", **place, "protocol": protocol, "open": [], "shut": list(ports), **more}


def seen(found: dict[str, Any]) -> dict[tuple[str, str, int], tuple[str, str, str]]:
    return {
        (row["address"], row["protocol"], row["port"]): (row["observed"], row["service"], row["detail"])
        for row in found["results"]
    }


def listening_on_linux(lab: Lab, *wanted: dict[str, Any]) -> None:
    options = {"run": RUN, "host": "linux", "addresses": [LINUX, LINUX6], "seconds": 300}
    found = lab.module("linux", "port_listen", rules=list(wanted), **options)
    assert found["changed"], found


def test_a_windows_host_sees_what_a_linux_host_sees(lab: Lab, host: Host) -> None:
    listening_on_linux(lab, rules("tcp", 8443, 7001), rules("udp", 8443, 7001))
    lab.nft("linux", RULES)
    lab.nft("windows", EGRESS)
    # no system tells a program of a host that cannot be reached over UDP
    expectations = [
        *(expectation("tcp", 8443, 7001, 8001, 8002, ipv6=ipv6) for ipv6 in (False, True)),
        *(expectation("udp", 8443, 7001, 8002, ipv6=ipv6) for ipv6 in (False, True)),
        expectation("udp", 9009),
        expectation("tcp", 8443, address="10.9.9.9"),
    ]
    on_linux = seen(lab.module("windows", "port_probe", run=RUN, expectations=expectations, timeout=2.0))
    on_windows = seen(probing.verify(host.probe, RUN, expectations, 1.0, 2048, 1))
    # the sender of an ICMP message is what .NET does not tell
    assert {place: each[:2] for place, each in on_windows.items()} == {
        place: each[:2] for place, each in on_linux.items()
    }
    for address in (LINUX, LINUX6):
        for protocol in ("tcp", "udp"):
            assert on_windows[address, protocol, 8443] == ("open", "responder", "answered")
            assert on_windows[address, protocol, 7001] == ("filtered", "", "no answer")
            assert on_windows[address, protocol, 8002][:2] == ("refused", "nothing")
        assert on_windows[address, "tcp", 8001][0] == "unreachable"
    assert on_windows[LINUX, "udp", 9009] == on_linux[LINUX, "udp", 9009] == ("filtered", "", "dropped before leaving")
    assert on_windows["10.9.9.9", "tcp", 8443][0] == "unreachable"


def test_real_services_are_asked_in_their_own_language(lab: Lab, host: Host) -> None:
    assert lab.start("linux", sys.executable, "-c", SERVICES).stdout.readline() == "ready\n"
    expectations = [
        expectation("tcp", open=[25, 8554], speaks={"8554": "rtsp"}),
        expectation("udp", open=[8555]),
        expectation("udp", open=[8556], shut=[], speaks={"8556": "dns"}),
    ]
    found = seen(probing.verify(host.probe, RUN, expectations, 1.0, 2048, 0))
    assert found[LINUX, "tcp", 25] == ("open", "service", "another service")
    assert found[LINUX, "tcp", 8554] == ("open", "service", "RTSP/1.0 200")
    assert found[LINUX, "udp", 8555] == ("open", "service", "another service")
    assert found[LINUX, "udp", 8556][:2] == ("refused", "nothing")


def test_many_shut_ports_take_no_longer_than_one(lab: Lab, host: Host) -> None:
    lab.nft("linux", RULES)
    expectations = [expectation("tcp", *range(7001, 7801), *range(10000, 10200))]
    begun = time.monotonic()
    found = probing.verify(host.probe, RUN, expectations, 3.0, 512, 0)
    assert (found["counts"]["filtered"], found["counts"]["refused"]) == (800, 200)
    assert found["seconds"] <= time.monotonic() - begun < 60


def test_a_source_that_is_not_the_hosts_own(host: Host) -> None:
    with pytest.raises(probing.ProbeError, match=r"source 10\.9\.0\.7; allowed is an address of this host"):
        probing.verify(host.probe, RUN, [expectation("tcp", 80, source="10.9.0.7")], 1.0, 10, 0)


ASKED = {
    "state": "started",
    "run": RUN,
    "host": "windows",
    "rules": [rules("tcp", 8443, 25), rules("udp", 8443)],
    "addresses": [WINDOWS, WINDOWS6],
    "seconds": 120,
}


def asked_from_linux(lab: Lab, *ports: int, timeout: float = 3.0, address: str = WINDOWS) -> dict[Any, Any]:
    source = LINUX6 if ":" in address else LINUX
    place = {"to": "windows", "source": source, "address": address, "open": list(ports)}
    wanted = [{**place, "protocol": protocol} for protocol in ("tcp", "udp")]
    return seen(lab.module("linux", "port_probe", run=RUN, expectations=wanted, timeout=timeout, retries=0))


def test_a_linux_host_takes_its_answers(lab: Lab, host: Host) -> None:
    assert lab.start("windows", sys.executable, "-c", SERVICES).stdout.readline() == "ready\n"
    started = responding.ensured(host.listen, ASKED)
    assert started["changed"] and started["pid"]
    assert [(each["address"], each["port"]) for each in started["occupied"]] == [(WINDOWS, 25)]
    assert len(started["listening"]) == 5
    for address in (WINDOWS, WINDOWS6):
        found = asked_from_linux(lab, 8443, address=address)
        assert found == {(address, protocol, 8443): ("open", "responder", "answered") for protocol in ("tcp", "udp")}

    same = responding.ensured(host.listen, ASKED)
    assert not same["changed"] and same["pid"] == started["pid"]
    assert responding.ensured(host.listen, {**ASKED, "state": "stopped"})["changed"]
    assert asked_from_linux(lab, 8443)[WINDOWS, "tcp", 8443][0] == "refused"
    assert not responding.ensured(host.listen, {**ASKED, "state": "stopped"})["changed"]


def test_one_that_serves_other_ports_is_replaced(lab: Lab, host: Host) -> None:
    first = responding.ensured(host.listen, ASKED)
    second = responding.ensured(host.listen, {**ASKED, "rules": [rules("tcp", 8444)]})
    assert second["changed"] and second["pid"] != first["pid"]
    found = asked_from_linux(lab, 8443, 8444)
    assert found[WINDOWS, "tcp", 8443][0] == "refused"
    assert found[WINDOWS, "tcp", 8444] == ("open", "responder", "answered")
    responding.ensured(host.listen, {**ASKED, "state": "stopped"})


def test_it_ends_by_itself(lab: Lab, host: Host) -> None:
    responding.ensured(host.listen, {**ASKED, "seconds": 1})
    limit = time.monotonic() + 60
    while asked_from_linux(lab, 8443, timeout=1.0)[WINDOWS, "tcp", 8443][0] != "refused":
        assert time.monotonic() < limit
    assert not responding.ensured(host.listen, {**ASKED, "state": "stopped"})["changed"]


def test_an_address_that_is_not_the_hosts_own(host: Host) -> None:
    with pytest.raises(responding.ResponderError, match=r"10\.9\.0\.7; allowed is an address of this host"):
        responding.ensured(host.listen, {**ASKED, "addresses": ["10.9.0.7"]})
    assert not responding.ensured(host.listen, {**ASKED, "state": "stopped"})["changed"]
