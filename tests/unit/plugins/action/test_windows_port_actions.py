# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_probe, port_listen and packet_witness through ansible-playbook, with ``become``, on a stand-in for a Windows host whose
sockets are real, against a Linux host: each listens and each asks the other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from tests.support.ansible_runs import SCRIPTS, written
from tests.support.netns import Lab

CONNECTIONS = Path(__file__).parents[3] / "windows" / "connection_plugins"
INVENTORY = """
win1: {ansible_host: 10.9.0.1, other: linux1, ansible_connection: recorded}
linux1: {ansible_host: 10.9.0.2, other: win1, ansible_connection: local}
"""
PLAY = """
- hosts: all
  gather_facts: false
  become: "{{ inventory_hostname == 'win1' }}"
  vars:
    peer: "{{ hostvars[other].ansible_host }}"
    rules:
      - {direction: in, protocol: tcp, ports: ["7563", "8080"]}
      - {direction: in, protocol: udp, ports: ["7564"]}
  module_defaults:
    vidnet.portmatrix.port_listen: {run: run-1, host: "{{ inventory_hostname }}", seconds: 60}
  tasks:
    - vidnet.portmatrix.port_listen: {rules: "{{ rules }}", addresses: ["{{ ansible_host }}"]}
      check_mode: true
      register: would_start
    - vidnet.portmatrix.port_listen: {rules: "{{ rules }}", addresses: ["{{ ansible_host }}"]}
      register: started
    - vidnet.portmatrix.port_listen: {rules: "{{ rules }}", addresses: ["{{ ansible_host }}"]}
      register: same
    - vidnet.portmatrix.port_probe:
        run: run-1
        timeout: 1.0
        expectations:
          - {to: "{{ other }}", source: "{{ ansible_host }}", address: "{{ peer }}", protocol: tcp, open: [7563], shut: [7562, 7566]}
          - {to: "{{ other }}", source: "{{ ansible_host }}", address: "{{ peer }}", protocol: udp, open: [7564], shut: [7566]}
      register: probed
    - vidnet.portmatrix.packet_witness: {flows: []}
      register: witness
      when: inventory_hostname == 'win1'
    - vidnet.portmatrix.port_probe: {run: ../run, expectations: []}
      register: wrong
      ignore_errors: true
    - vidnet.portmatrix.port_probe: {run: run-1, expectations: [], colour: blue}
      register: unknown
      ignore_errors: true
    - vidnet.portmatrix.port_listen: {state: stopped}
      check_mode: true
      register: would_stop
    - vidnet.portmatrix.port_listen: {state: stopped}
      register: stopped
    - vidnet.portmatrix.port_listen: {state: stopped}
      register: again
    - ansible.builtin.copy:
        content: "{{ [would_start, started, same, probed, witness, wrong, unknown, would_stop, stopped, again] }}"
        dest: "{{ found }}/{{ inventory_hostname }}.json"
      delegate_to: localhost
      become: false
"""
SERVICE = """
import socket
service = socket.create_server(("0.0.0.0", 8080))
print("ready", flush=True)
service.accept()
"""


def played(tmp_path: Path) -> dict[str, list[dict]]:
    hosts = "".join(f"    {line}\n" for line in INVENTORY.strip().splitlines())
    written(tmp_path, {"play.yml": PLAY, "hosts.yml": f"all:\n  hosts:\n{hosts}"})
    WindowsHost.made(tmp_path / "win1.json")
    variables = {
        "ansible_python_interpreter": sys.executable,
        "found": str(tmp_path),
        "recorded_file": str(tmp_path / "win1.json"),
    }
    with Lab() as lab:
        lab.host("one", "10.9.0.1/24", "10.9.0.2/24")
        lab.nft("one", "table inet t { chain c { type filter hook input priority 0; tcp dport 7562 drop; }; }")
        assert lab.start("one", sys.executable, "-c", SERVICE).stdout.readline() == "ready\n"
        settings = {
            "ANSIBLE_LOCAL_TEMP": f"{tmp_path}/local",
            "ANSIBLE_REMOTE_TEMP": f"{tmp_path}/remote",
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
        }
        done = lab.run(
            "one",
            *("env", *(f"{name}={value}" for name, value in settings.items())),
            *(f"{SCRIPTS}/ansible-playbook", "-i", f"{tmp_path}/hosts.yml", f"{tmp_path}/play.yml"),
            *("-e", json.dumps(variables)),
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in ("win1", "linux1")}


def test_a_windows_host_and_a_linux_host_see_the_same(tmp_path: Path) -> None:
    found = played(tmp_path)
    addresses = {"win1": "10.9.0.1", "linux1": "10.9.0.2"}
    for name, other in (("win1", "linux1"), ("linux1", "win1")):
        would_start, started, same, probed, witness, wrong, unknown, would_stop, stopped, again = found[name]
        place = {"address": addresses[name]}
        listening = [
            {**place, "protocol": "tcp", "port": 7563},
            {**place, "protocol": "tcp", "port": 8080},
            {**place, "protocol": "udp", "port": 7564},
        ]
        assert would_start["changed"] and would_start["listening"] == listening and would_start["pid"] is None
        assert started["changed"] and started["pid"]
        assert (started["listening"], started["occupied"]) == ([listening[0], listening[2]], [listening[1]])
        assert not same["changed"] and same["pid"] == started["pid"] and same["occupied"] == [listening[1]]

        ways = {"to": other, "source": addresses[name], "address": addresses[other]}
        rows = {(row["protocol"], row["port"]): row for row in probed["results"]}
        answered = {"expected": "open", "observed": "open", "ok": True, "service": "responder", "detail": "answered"}
        for protocol, port in (("tcp", 7563), ("udp", 7564)):
            assert rows[protocol, port] == {**ways, "protocol": protocol, "port": port, "attempts": 1, **answered}
        seen = [rows[each]["observed"] for each in (("tcp", 7562), ("tcp", 7566), ("udp", 7566))]
        assert seen == ["filtered", "refused", "refused"]
        assert [row["service"] for row in probed["differences"]] == ["nothing", "nothing"]
        assert probed["counts"]["open"] == 2 and probed["probes"] == 5 and probed["seconds"] > 0
        assert not probed["changed"]

        assert wrong["msg"] == "run: '../run'; allowed are 1 to 64 letters, digits and hyphens"
        assert "colour" in unknown["msg"]
        nothing = {"listening": [], "occupied": [], "pid": None}
        for result, changed in ((would_stop, True), (stopped, True), (again, False)):
            assert {key: result[key] for key in ("changed", *nothing)} == {"changed": changed, **nothing}
        if name == "win1":
            assert (witness["available"], witness["counts"]) == (False, [])
            assert witness["reason"] == "packets are not counted on Windows hosts"
    left = [path.name for path in (tmp_path / "win1.responder").iterdir() if path.suffix != ".lock"]
    assert left == []
