# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows firewalls on paper: the examples of docs/windows-offline.md, with Ansible itself."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import exports, rule_files
from tests.integration.test_documentation import blocks
from tests.support import powershell
from tests.support.ansible_runs import PLUGIN, hostvars, run, written

EXAMPLES = {name.removeprefix("windows: "): text for name, text in blocks("docs/windows-offline.md").items()}


def played(directory: Path, *arguments: str, **files: str) -> str:
    given = {
        "inventory/hosts.yml": EXAMPLES["hosts.yml"],
        "inventory/portmatrix.yml": PLUGIN,
        "play.yml": EXAMPLES["play.yml"],
    }
    written(directory, {**given, **files})
    done = run("ansible-playbook", "-i", "inventory", "play.yml", *arguments, cwd=directory)
    return done.stdout + done.stderr if done.returncode else done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    directory = tmp_path_factory.mktemp("windows")
    (directory / "rs1.reg").write_bytes(
        codecs.BOM_UTF16_LE + EXAMPLES["rs1.reg"].replace("\n", "\r\n").encode("utf-16-le")
    )
    return directory, played(directory)


def test_the_report_of_the_page(example: tuple[Path, str]) -> None:
    _directory, output = example
    assert "changed=1" in output
    shown = output[output.index('"msg": [') :].partition(": ")[2]
    lines, _end = json.JSONDecoder().raw_decode(shown.lstrip())
    assert lines == EXAMPLES["text"].splitlines()


def test_the_files_of_the_page(example: tuple[Path, str]) -> None:
    directory, _output = example
    found = {path.name: path.read_bytes() for path in (directory / "group_policies").iterdir()}
    assert EXAMPLES["rs1.txt"] in found["rs1.txt"].decode("ascii")
    assert rule_files.values(found["rs1.txt"]) == rule_files.values(found["rs1.pol"])
    assert powershell.faults(found["rs1.ps1"]) == []
    policy = hostvars(directory / "inventory")["rs1"]["portmatrix_rules"]
    firewall = rule_files.firewall(rule_files.values(found["rs1.pol"]))
    assert [stored.rule for stored in firewall.rules] == exports.windows_rules(policy)
    assert firewall.silent == []


def test_a_second_run_writes_nothing_and_a_check_neither(example: tuple[Path, str], tmp_path: Path) -> None:
    directory, _output = example
    assert "changed=0" in played(directory, "--diff")
    assert "+SOFTWARE\\Policies" in played(tmp_path, "--check", "--diff", **{"rs1.reg": EXAMPLES["rs1.reg"]})
    assert not (tmp_path / "group_policies").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Windows Registry Editor Version 5.00\n\n[A]\nrubbish\n", "rs1.reg line 4: 'rubbish"),
        ("hello", "rs1.reg is none of the forms; allowed: a .reg file, Registry.pol, LGPO text"),
        ("Windows Registry Editor Version 5.00\n", "rs1.reg has no key of the firewall"),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path: Path, content: str, says: str) -> None:
    output = played(tmp_path, "--check", **{"rs1.reg": content})
    assert says in output
    assert "Traceback" not in output


def test_the_filters_of_a_play(tmp_path: Path) -> None:
    play = """
- hosts: rs1
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ portmatrix_rules | vidnet.portmatrix.render('powershell') }}"
        dest: "{{ playbook_dir }}/rs1.ps1"
        mode: "0644"
      delegate_to: localhost
      connection: local
"""
    output = played(tmp_path, **{"play.yml": play})
    assert "changed=1" in output, output
    assert powershell.faults((tmp_path / "rs1.ps1").read_bytes()) == []
