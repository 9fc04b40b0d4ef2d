# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin and the filters give the same policy, on the lab's site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.support.ansible_runs import hostvars, run, written

LAB = Path(__file__).parents[2] / "examples" / "lab" / "inventory"
PLAY = """
- name: The policy as the filter has it
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the policy of every host
      ansible.builtin.copy:
        content: "{{ hostvars | vidnet.portmatrix.policy | to_json }}"
        dest: "{{ playbook_dir }}/policy.json"
        mode: "0600"
      run_once: true
      delegate_to: localhost
      connection: local
    - name: One host's policy alone
      ansible.builtin.assert:
        that: (hostvars | vidnet.portmatrix.policy('rs1')).rules == (hostvars | vidnet.portmatrix.policy).rs1.rules
      run_once: true
      connection: local
"""


def test_the_same_rules_from_both_doors(tmp_path: Path) -> None:
    bare = tmp_path / "inventory"
    shutil.copytree(LAB, bare)
    (bare / "portmatrix.yml").unlink()
    written(tmp_path, {"play.yml": PLAY})
    done = run("ansible-playbook", "-i", str(bare), "play.yml", "-e", "ansible_connection=local", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    by_filter = json.loads((tmp_path / "policy.json").read_text(encoding="utf-8"))
    by_plugin = hostvars(LAB)
    assert by_filter.keys() == by_plugin.keys()
    assert sum(len(policy["rules"]) for policy in by_filter.values()) > 200
    for host, policy in by_filter.items():
        for key, value in policy.items():
            assert by_plugin[host][f"portmatrix_{key}"] == value, f"{host}: {key}"
