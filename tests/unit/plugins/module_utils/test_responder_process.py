# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The responder as a process, through its module: on hosts that share files and process ids, as containers may."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH, Lab

ADDRESSES = {"one": "10.9.0.1", "two": "10.9.0.2", "prober": "10.9.0.9"}
RECORDS = "/run/portmatrix-responder-0"
SERVICE = """
import socket, sys
tcp = socket.create_server(("0.0.0.0", 8080))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 8081))
print("ready", flush=True)
while True:
    connection = tcp.accept()[0]
    connection.send(b"real service\\n")
    connection.close()
"""
HANGING = """
import signal, time
from ansible_collections.vidnet.portmatrix.plugins.module_utils import responder_process
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGTERM])
responder_process.serve = lambda *_: time.sleep(60)
rule = {"direction": "in", "protocol": "tcp", "ports": ["7563"]}
print(responder_process.ensure_started("run-1", "one", [rule], ["10.9.0.1"], 1)[1]["pid"])
"""
# Ansible's process on the host dies, with all of its session, right when the responder has begun, or has been written down
DYING = """
import os, signal, sys
from ansible_collections.vidnet.portmatrix.plugins.module_utils import responder_process
write = responder_process._write
def die(path, record):
    if sys.argv[1] == "after":
        write(path, record)
    print(record["pid"], flush=True)
    os.killpg(0, signal.SIGKILL)
responder_process._write = die
rule = {"direction": "in", "protocol": "tcp", "ports": ["7563"]}
responder_process.ensure_started("run-1", "one", [rule], ["10.9.0.1"], int(sys.argv[2]))
"""


@pytest.fixture
def lab():
    with Lab() as lab:
        for name, address in ADDRESSES.items():
            lab.host(name, f"{address}/24")
        yield lab


def rules(*ports, protocol="tcp"):
    return [{"direction": "in", "protocol": protocol, "ports": [str(port) for port in ports]}]


def start(lab, name="one", run="run-1", ports=(7563,), prefix=(), **changes):
    options = {"run": run, "host": name, "rules": rules(*ports), "addresses": [ADDRESSES[name]], "seconds": 60}
    return lab.module(name, "port_listen", *prefix, **{**options, **changes})


def stop(lab, name="one", run="run-1", **changes):
    return lab.module(name, "port_listen", state="stopped", run=run, host=name, **changes)


def observed(lab, name="one", run="run-1", ports=(7563,), protocol="tcp"):
    """Return what the prober sees on ports of a host."""
    entry = {"to": name, "source": ADDRESSES["prober"], "address": ADDRESSES[name], "protocol": protocol}
    found = lab.module(
        "prober", "port_probe", run=run, expectations=[{**entry, "open": list(ports)}], retries=0, timeout=10
    )
    return [f"{row['observed']}: {row['detail']}" for row in found["results"]]


ANSWERED = ["open: answered"]
REFUSED = ["refused: the way is open, nothing listens there"]


def alive(pid):
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def records(lab):
    return [name for name in lab.run("one", "ls", RECORDS).stdout.split() if name.endswith(".json")]


def eventually(happened, seconds=10):
    limit = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


def test_started_means_that_it_listens(lab):
    started = start(lab)
    assert started["changed"] is True
    assert started["listening"] == [{"address": "10.9.0.1", "protocol": "tcp", "port": 7563}]
    assert started["occupied"] == []
    assert alive(started["pid"])
    assert observed(lab) == ANSWERED


def test_it_belongs_to_nobody_and_holds_nothing_of_the_controller(lab):
    pid = start(lab)["pid"]
    assert os.getsid(pid) not in (os.getsid(0), pid)
    assert os.getpgid(pid) == os.getsid(pid)
    held = {os.readlink(entry).partition(":[")[0] for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert held == {"/dev/null", "socket", "anon_inode"}
    assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
    assert Path(f"/proc/{pid}/comm").read_text() == "portmatrix\n"


def test_it_ends_by_itself(lab):
    begun = time.monotonic()
    pid = start(lab, seconds=2)["pid"]
    assert alive(pid)
    eventually(lambda: not alive(pid))
    assert time.monotonic() - begun > 1.9
    assert observed(lab) == REFUSED
    assert records(lab) == []
    assert stop(lab)["changed"] is False


def test_the_kernel_ends_one_that_hangs(lab):
    env = {**os.environ, "PYTHONPATH": COLLECTIONS_PATH}
    pid = int(lab.run("one", sys.executable, "-c", HANGING, env=env).stdout)
    assert alive(pid)
    eventually(lambda: not alive(pid))


def start_and_be_killed(lab, when, seconds):
    env = {**os.environ, "PYTHONPATH": COLLECTIONS_PATH}
    command = ("setsid", "--wait", sys.executable, "-c", DYING, when, str(seconds))
    killed = lab.run("one", *command, env=env, check=False)
    assert killed.returncode != 0
    return int(killed.stdout)


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_answers_though_who_started_it_is_killed(lab, when):
    assert alive(start_and_be_killed(lab, when, 60))
    assert observed(lab) == ANSWERED


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_ends_by_itself_though_who_started_it_is_killed(lab, when):
    pid = start_and_be_killed(lab, when, 1)
    eventually(lambda: not alive(pid))
    assert records(lab) == []
    assert start(lab)["changed"] is True


def test_a_second_start_changes_nothing(lab):
    first = start(lab, ports=(7563, "6000-7000"))
    second = start(lab, ports=("6000-7000", 7563))
    assert second["changed"] is False
    assert second["pid"] == first["pid"]
    assert second["listening"] == first["listening"]
    assert [each["port"] for each in second["listening"]] == [6000, 6500, 7000, 7563]


def test_other_ports_replace_the_responder(lab):
    first = start(lab, ports=(7563, 7564))
    second = start(lab, ports=(7564, 7565))
    assert second["changed"] is True
    assert not alive(first["pid"])
    assert observed(lab, ports=(7563, 7564, 7565)) == REFUSED + ANSWERED + ANSWERED


def test_stopped_twice(lab):
    pid = start(lab)["pid"]
    first = stop(lab)
    assert (first["changed"], first["listening"], first["occupied"], first["pid"]) == (True, [], [], None)
    assert not alive(pid)
    assert observed(lab) == REFUSED
    assert records(lab) == []
    assert stop(lab)["changed"] is False


def test_stopping_ends_only_its_own(lab):
    """Hosts that share files and process ids, and runs that overlap, do not end each other's responders."""
    start(lab, "one", "run-1")
    start(lab, "two", "run-1")
    start(lab, "one", "run-2", ports=(9000,))
    assert stop(lab, "one", "run-1")["changed"] is True
    assert observed(lab, "one", "run-1") == REFUSED
    assert observed(lab, "two", "run-1") == ANSWERED
    assert observed(lab, "one", "run-2", ports=(9000,)) == ANSWERED


def test_an_occupied_port_is_left_alone(lab):
    service = lab.start("one", sys.executable, "-c", SERVICE)
    assert service.stdout.readline().strip() == "ready"
    both = rules(8080, 7563) + rules(8081, 7563, protocol="udp")
    started = start(lab, rules=both)
    assert [(each["protocol"], each["port"]) for each in started["listening"]] == [("tcp", 7563), ("udp", 7563)]
    assert [(each["protocol"], each["port"]) for each in started["occupied"]] == [("tcp", 8080), ("udp", 8081)]
    assert start(lab, rules=both)["changed"] is False
    assert observed(lab, ports=(7563, 8080)) == [*ANSWERED, "open: another service"]
    assert stop(lab)["changed"] is True
    assert service.poll() is None
    assert observed(lab, ports=(7563, 8080)) == [*REFUSED, "open: another service"]


def test_where_all_is_occupied_no_process_starts(lab):
    assert lab.start("one", sys.executable, "-c", SERVICE).stdout.readline().strip() == "ready"
    started = start(lab, ports=(8080,))
    assert (started["changed"], started["pid"], started["listening"]) == (False, None, [])
    assert [each["port"] for each in started["occupied"]] == [8080]


def test_nothing_to_listen_on(lab):
    started = start(lab, rules=[])
    assert (started["changed"], started["pid"], started["listening"]) == (False, None, [])


def test_check_mode_changes_nothing(lab):
    foreseen = start(lab, _ansible_check_mode=True)
    assert (foreseen["changed"], foreseen["pid"]) == (True, None)
    assert stop(lab, _ansible_check_mode=True)["changed"] is False
    assert lab.run("one", "test", "-e", RECORDS, check=False).returncode == 1
    assert observed(lab) == REFUSED
    started = start(lab)
    assert started["listening"] == foreseen["listening"]
    assert start(lab, _ansible_check_mode=True)["changed"] is False
    assert stop(lab, _ansible_check_mode=True)["changed"] is True
    assert alive(started["pid"])
    assert observed(lab) == ANSWERED


def test_a_process_id_that_was_given_to_another_is_not_ended(lab):
    pid = start(lab)["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid))
    name = f"{RECORDS}/{records(lab)[0]}"
    record = json.loads(lab.run("one", "cat", name).stdout)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            lab.run("one", "tee", name, input=json.dumps({**record, "pid": bystander.pid}))
            assert stop(lab)["changed"] is False
            assert bystander.poll() is None
            assert start(lab)["changed"] is True
        finally:
            bystander.terminate()


def test_one_that_was_killed_can_be_started_again(lab):
    pid = start(lab)["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid))
    assert start(lab)["changed"] is True
    assert observed(lab) == ANSWERED


def test_records_that_others_could_write_are_refused(lab):
    lab.run("one", "mkdir", "-m", "0777", RECORDS)
    refused = start(lab)
    assert refused["failed"]
    assert refused["msg"] == f"{RECORDS} must be a directory that only this user can enter; remove it"
    assert observed(lab) == REFUSED


def test_many_ports_raise_the_soft_limit_of_files(lab):
    started = start(lab, ports=range(20000, 20500), prefix=("prlimit", "--nofile=100:2000"))
    assert len(started["listening"]) == 500
    assert observed(lab, ports=(20000, 20499)) == ANSWERED * 2


def test_more_ports_than_the_hard_limit_of_files(lab):
    refused = start(lab, ports=range(20000, 20500), prefix=("prlimit", "--nofile=100:200"))
    assert refused["failed"]
    assert refused["msg"].startswith("500 sockets are needed but only ")
    assert refused["msg"].endswith(" fit the hard limit of open files (ulimit -Hn)")
    assert observed(lab, ports=(20000,)) == REFUSED


def test_a_privileged_port_without_privileges(lab):
    refused = start(lab, ports=(80,), prefix=("unshare", "--user"))
    assert refused["failed"]
    assert refused["msg"] == "cannot listen on 10.9.0.1 tcp 80: Permission denied"


def test_an_address_of_another_host(lab):
    refused = start(lab, addresses=[ADDRESSES["one"], ADDRESSES["two"]])
    assert refused["failed"]
    assert refused["msg"] == "addresses: 10.9.0.2; allowed is an address of this host"
    assert observed(lab) == REFUSED
