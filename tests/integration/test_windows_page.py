# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/windows.md shows: its commands are PowerShell, and its site is one."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import profile, rule
from tests.integration.test_documentation import blocks
from tests.support import powershell
from tests.support.ansible_runs import PLUGIN, hostvars, run, written

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "windows.md").read_text(encoding="utf-8")
# they stand in the items of a list, so with an indent
COMMAND = re.compile(r"^ +<!-- windows command: (\d+) -->\n +```powershell\n(.*?)\n +```$", re.DOTALL | re.MULTILINE)
COMMANDS = {int(number): textwrap.dedent(text) + "\n" for number, text in COMMAND.findall(PAGE)}


def test_there_are_ten_commands() -> None:
    section = PAGE.partition("## Ten commands")[2]
    assert list(COMMANDS) == list(range(1, 11))
    assert [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)] == list(COMMANDS)


@pytest.mark.parametrize("number", COMMANDS)
def test_a_command_is_powershell(number: int) -> None:
    assert powershell.faults(COMMANDS[number].encode()) == []


def variables(text: str) -> set[str]:
    tree = powershell.parsed(text.encode())
    names = {powershell.text(node).lower().replace("$script:", "$") for node in powershell.nodes(tree, "variable")}
    return {name for name in names if not name.startswith("$env:")}


def test_a_command_uses_no_variable_that_none_has_set() -> None:
    known = {"$_", "$false", "$null", "$lastexitcode", "$psversiontable"}
    for text in COMMANDS.values():
        known |= {f"${name.lower()}" for name in re.findall(r"\$(?:script:)?(\w+) (?:=|in) ", text)}
        assert variables(text) <= known


def test_what_the_commands_make_they_take_away() -> None:
    whole = "".join(COMMANDS.values())
    assert whole.count("$p.Rules.Add(") <= whole.count("$p.Rules.Remove(")
    for made, gone in (
        ("Register-ScheduledTask", "Unregister-ScheduledTask"),
        ("New-Item -ItemType Directory", "Remove-Item -Recurse"),
        ("advfirewall export", "Remove-Item $f"),
    ):
        assert made in whole and gone in whole


SHOWN = blocks("docs/windows.md")
SITE = {"inventory/hosts.yml": SHOWN["windows hosts: hosts.yml"], "inventory/portmatrix.yml": PLUGIN}
CONTROLLER = "10.0.99.5"
RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"


def test_the_site_of_the_page(tmp_path: Path) -> None:
    found = hostvars(written(tmp_path, SITE) / "inventory")["rs1"]
    ways = {(port, peer) for rule in found["portmatrix_rules"] for port in rule["ports"] for peer in rule["peers"]}
    assert {("5986", "10.0.99.0/24"), ("7563", "10.0.10.0/24"), ("9001", "10.0.0.10/32")} <= ways


def test_the_plan_of_the_page(tmp_path: Path) -> None:
    """As the page has it, but for a stand-in in the place of psrp."""
    host = WindowsHost.made(
        tmp_path / "rs1.json",
        addresses=["10.0.0.11"],
        controller=CONTROLLER,
        connections=[{"local_address": "10.0.0.11", "local_port": 5986, "remote_address": CONTROLLER}],
        rules=[
            rule("WinRM over HTTPS", protocol=6, local_ports="5986"),
            rule("Milestone XProtect Recording Server", program=RECORDER, protocol=6),
            rule("Metrics", protocol=6, local_ports="9182"),
        ],
        profiles={"domain": profile(), "private": profile(), "public": profile(enabled=False)},
    )
    before = host.data()["rules"]
    # the variables of a play come before those of the inventory, and only when the policy is made
    instead = {"ansible_connection": "recorded", "recorded_file": str(host.path)}
    plan = [{"import_playbook": str(CHECKOUT / "playbooks" / "plan.yml"), "vars": instead}]
    written(tmp_path, {**SITE, "plan.yml": json.dumps(plan)})
    connections = str(CHECKOUT / "tests" / "windows" / "connection_plugins")
    arguments = ("-i", "inventory", "plan.yml", "--limit", "rs1")
    done = run("ansible-playbook", *arguments, cwd=tmp_path, ANSIBLE_CONNECTION_PLUGINS=connections)
    assert done.returncode == 0, done.stdout + done.stderr
    assert SHOWN["windows hosts: plan"] in done.stdout
    assert "disabled: The rule 'Milestone XProtect Recording Server'" in done.stdout
    assert host.data()["rules"] == before


@pytest.mark.parametrize("page", ["docs/windows.md", "docs/windows-offline.md", "docs/testing.md", "README.md"])
def test_links_between_the_pages_lead_somewhere(page: str) -> None:
    here = CHECKOUT / page
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", here.read_text(encoding="utf-8")):
        name, _sharp, anchor = target.partition("#")
        there = here.parent / name if name else here
        assert there.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(there), f"{page}: {target}"


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
