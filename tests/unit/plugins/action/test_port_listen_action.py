# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module through its action plugin: started, stopped in check mode and really, and wrong input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.support.ansible_runs import SCRIPTS, written
from tests.support.netns import Lab

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - vidnet.portmatrix.port_listen: {run: run-1, host: rs1, addresses: [127.0.0.1], seconds: 30, rules: [{direction: in, protocol: tcp, ports: ["7563"]}]}
      register: started
    - vidnet.portmatrix.port_listen: {run: run-1, host: rs1, state: stopped}
      check_mode: true
      register: would_stop
    - vidnet.portmatrix.port_listen: {run: run-1, host: rs1, state: stopped}
      register: stopped
      vars: {ansible_python_interpreter: /no/such/python}    # so no module can run
    - vidnet.portmatrix.port_listen: {run: run-1, host: rs1, state: stopped}
      register: again
      vars: {ansible_python_interpreter: /no/such/python}
    - vidnet.portmatrix.port_listen: {run: ../run, host: rs1, state: stopped}
      register: refused
      ignore_errors: true
    - vidnet.portmatrix.port_listen: {state: stopped, host: rs1}
      register: incomplete
      ignore_errors: true
    - ansible.builtin.copy:
        content: "{{ [started, would_stop, stopped, again, refused, incomplete] }}"
        dest: "{{ found }}"
"""


def test_the_module_through_its_action(tmp_path: Path) -> None:
    written(tmp_path, {"play.yml": PLAY})
    found = tmp_path / "found.json"
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "found": str(found)}
    with Lab() as lab:
        lab.host("one")
        command = [f"{SCRIPTS}/ansible-playbook", "-i", "rs1,", "-e", json.dumps(variables), f"{tmp_path}/play.yml"]
        done = lab.run(
            "one",
            "env",
            f"ANSIBLE_LOCAL_TEMP={tmp_path}/local",
            f"ANSIBLE_REMOTE_TEMP={tmp_path}/remote",
            *command,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    started, would_stop, stopped, again, refused, incomplete = json.loads(found.read_text())
    assert started["changed"] and started["pid"]
    for result, changed in ((would_stop, True), (stopped, True), (again, False)):
        assert (result["changed"], result["pid"], result["listening"], result["occupied"]) == (changed, None, [], [])
    assert refused["msg"] == "run: '../run'; allowed are 1 to 64 letters, digits and hyphens"
    assert "missing required arguments: run" in incomplete["msg"]
