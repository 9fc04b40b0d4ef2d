# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of examples/lab: it starts, its hosts talk and keep their files to themselves, and nothing survives its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ansible_runs import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lab"
HOSTS = """
all:
  vars:
    lab_networks: [10.78.0.0/16, "fd78::/64"]
    ansible_connection: netns
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    both: {portmatrix_addresses: [10.78.0.1, "fd78::1"]}
    four: {portmatrix_addresses: [10.78.0.2]}
    six: {portmatrix_addresses: ["fd78::3"]}
"""
CALL = """
import socket, sys
peer = socket.create_connection((sys.argv[1], 7563), timeout=5)
print(peer.recv(100).decode(), peer.getpeername()[0])
"""
ANSWER = """
import socket, sys
listener = socket.create_server((sys.argv[1], 7563), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("ready", flush=True)
listener.accept()[0].sendall(socket.gethostname().encode())
"""


class Lab:
    """One lab of three hosts, with a runtime directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.hosts = directory / "hosts.yml"
        self.hosts.write_text(HOSTS)
        self.environment = {"TMPDIR": str(directory)}
        self.command = [sys.executable, str(EXAMPLE / "lab.py"), "--hosts", str(self.hosts)]

    def lab(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run lab.py."""
        done = subprocess.run(
            [*self.command, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start lab.py without waiting for its end."""
        environment = {**os.environ, **self.environment}
        return subprocess.Popen([*self.command, *arguments], env=environment, stdout=subprocess.PIPE, text=True)

    def state(self) -> dict:
        """What lab.py noted down."""
        (found,) = self.hosts.parent.glob("portmatrix-lab-*/*/state.json")
        return json.loads(found.read_text())


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A running lab."""
    lab = Lab(tmp_path)
    started = lab.lab("up", check=False)
    if "refuses namespaces" in started.stderr:
        pytest.skip(f"NOT TESTED: {started.stderr}")
    assert started.returncode == 0, started.stderr
    yield lab
    lab.lab("down")


@pytest.mark.parametrize(
    ("listener", "address", "caller"),
    [("both", "10.78.0.1", "four"), ("both", "fd78::1", "six"), ("four", "10.78.0.2", "both")],
)
def test_hosts_talk(lab: Lab, listener: str, address: str, caller: str) -> None:
    with lab.start("exec", listener, sys.executable, "-c", ANSWER, address) as answering:
        assert answering.stdout.readline() == "ready\n"
        heard = lab.lab("exec", caller, sys.executable, "-c", CALL, address)
    assert heard.stdout.split() == [listener, address]


def test_a_host_without_the_family_cannot_be_reached(lab: Lab) -> None:
    assert "unreachable" in lab.lab("exec", "six", sys.executable, "-c", CALL, "10.78.0.1", check=False).stderr


def test_the_machine_is_not_on_the_network(lab: Lab) -> None:
    links = subprocess.run(["ip", "-brief", "address"], capture_output=True, text=True, check=True).stdout
    assert "10.78." not in links
    assert "lab0" not in links


def test_hosts_have_their_own_files(lab: Lab) -> None:
    for place in ("/etc", "/etc/portmatrix-test", "/run", "/var/lib"):
        write = f"mkdir -p {place}; echo own > {place}/portmatrix-test-file; cat {place}/portmatrix-test-file"
        assert lab.lab("exec", "both", "sh", "-c", write).stdout == "own\n"
        assert lab.lab("exec", "four", "test", "-e", f"{place}/portmatrix-test-file", check=False).returncode == 1
        assert not Path(place, "portmatrix-test-file").exists()
    change = "ls /etc/passwd && echo more >> /etc/passwd && rm /etc/passwd && test ! -e /etc/passwd"
    assert lab.lab("exec", "both", "sh", "-c", change).returncode == 0
    assert Path("/etc/passwd").exists()


def test_hosts_have_their_own_firewall(lab: Lab) -> None:
    lab.lab("exec", "both", "nft", "add table inet portmatrix_test")
    assert "portmatrix_test" in lab.lab("exec", "both", "nft", "list ruleset").stdout
    assert lab.lab("exec", "four", "nft", "list ruleset").stdout == ""


def test_up_again_leaves_a_running_lab_alone(lab: Lab) -> None:
    before = lab.state()
    assert "already up" in lab.lab("up").stdout
    assert lab.state() == before
    assert lab.lab("status").stdout.count("pid ") == 3


def test_up_replaces_a_broken_lab(lab: Lab) -> None:
    broken = lab.state()
    os.kill(broken["hosts"]["four"]["pid"], signal.SIGKILL)
    while lab.lab("status", check=False).returncode == 0:
        pass
    assert "3 hosts up" in lab.lab("up").stdout
    assert lab.state()["keeper"] != broken["keeper"]
    assert lab.lab("status").stdout.count("pid ") == 3


def _in_namespace(namespace: str) -> list[str]:
    """The processes of this machine that are in a namespace, as far as this user may see them."""
    found = []
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            if link.readlink() == Path(namespace):
                found.append(link.parts[2])
        except OSError:
            continue
    return found


def test_down_leaves_nothing(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    if "refuses namespaces" in lab.lab("up", check=False).stderr:
        pytest.skip("NOT TESTED: this kernel refuses namespaces")
    namespace = lab.lab("exec", "four", "readlink", "/proc/self/ns/net").stdout.strip()
    lab.lab("exec", "four", "sh", "-c", "setsid sleep 1000 > /dev/null 2>&1 &")
    assert len(_in_namespace(namespace)) >= 2
    assert lab.lab("down").stdout == "lab: down\n"
    assert _in_namespace(namespace) == []
    assert list(tmp_path.glob("portmatrix-lab-*/*/")) == []
    assert lab.lab("down").stdout == "lab: was not up\n"
    assert "no running host" in lab.lab("exec", "four", "true", check=False).stderr


def test_an_ordinary_user_can_start_it(tmp_path: Path) -> None:
    """As any user but root; where the tests run as root, as a user of a user namespace without any capability."""
    lab = Lab(tmp_path)
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
    script = '"$@" up && "$@" exec both id -u && "$@" exec both nft add table inet t && "$@" exec both rm /etc/passwd; "$@" down'
    done = subprocess.run(
        [*prefix, "sh", "-c", script, "sh", *lab.command],
        env={**os.environ, **lab.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "refuses namespaces" in done.stderr or "unshare failed" in done.stderr:
        pytest.skip(f"NOT TESTED: {done.stderr}")
    first, *rest = done.stdout.splitlines()
    assert first.startswith("lab: 3 hosts up")
    assert rest == ["0", "lab: down"]
    assert done.stderr == ""


def test_tasks_reach_the_hosts(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("as sent\n")
    (tmp_path / "play.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        f"    - ansible.builtin.copy: {{src: {tmp_path}/sent, dest: /var/lib/sent, mode: '0644'}}\n"
        "    - ansible.builtin.command: hostname\n      register: name\n"
        "    - ansible.builtin.assert: {that: name.stdout == inventory_hostname}\n"
        f"    - ansible.builtin.fetch: {{src: /var/lib/sent, dest: {tmp_path}/fetched}}\n"
    )
    for pipelining in ("true", "false"):
        done = run(
            "ansible-playbook",
            f"--inventory={lab.hosts}",
            f"--extra-vars=lab_hosts={lab.hosts}",
            str(tmp_path / "play.yml"),
            ANSIBLE_CONNECTION_PLUGINS=str(EXAMPLE / "connection"),
            ANSIBLE_PIPELINING=pipelining,
            **lab.environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("failed=0") == 3
    assert sorted(path.read_text() for path in (tmp_path / "fetched").rglob("sent")) == ["as sent\n"] * 3
    assert not Path("/var/lib/sent").exists()


def test_an_address_outside_the_networks_is_refused(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.hosts.write_text(HOSTS.replace("10.78.0.2", "192.0.2.2"))
    done = lab.lab("up", check=False)
    assert done.returncode == 1
    assert done.stderr == f"lab: {lab.hosts}: 192.0.2.2 is in none of lab_networks\n"
