# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Molecule scenario on a real Windows host, as far as it goes without one, and what the pages say of it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import rule
from tests.integration.test_documentation import blocks
from tests.support import powershell
from tests.support.ansible_runs import hostvars, run, written

CHECKOUT = Path(__file__).parents[2]
SCENARIO = CHECKOUT / "extensions" / "molecule" / "windows"
MOLECULE = yaml.safe_load((SCENARIO / "molecule.yml").read_text(encoding="utf-8"))
PLAYBOOKS = sorted(path.name for path in SCENARIO.glob("*.yml") if path.name != "molecule.yml")
PREFIX = "PORTMATRIX_WINDOWS_"
NAMED = {
    "ADDRESS": "192.0.2.10",
    "USER": "Administrator",
    "PASSWORD": "none",
    "TRANSPORT": "psrp",
    "CONTROLLER": "192.0.2.99",
}
CLEARED = {f"{PREFIX}{name}": "" for name in (*NAMED, "PORT")}


def played(*arguments: str, without_prefix: dict[str, str] | None = None, **environment: str) -> Any:
    # the scenario's own ansible.cfg, but the collection that is tested
    return run(
        "ansible-playbook",
        "-i",
        "inventory",
        *arguments,
        cwd=SCENARIO,
        **{**CLEARED, **{f"{PREFIX}{name}": value for name, value in environment.items()}, **(without_prefix or {})},
    )


def host_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    for name, value in {**CLEARED, **{f"{PREFIX}{name}": value for name, value in environment.items()}}.items():
        monkeypatch.setenv(name, value)
    return hostvars(SCENARIO / "inventory")["win"]


def steps() -> list[str]:
    return MOLECULE["scenario"]["test_sequence"]


def test_the_sequence_names_playbooks_that_are_there() -> None:
    own = {MOLECULE["ansible"]["playbooks"][step] for step in steps() if step in MOLECULE["ansible"]["playbooks"]}
    own |= {step.split()[1] for step in steps() if step.startswith("side_effect ")}
    assert all((SCENARIO / name).is_file() for name in own)
    assert {name for name in own if "/" not in name} == set(PLAYBOOKS)


def test_every_playbook_is_one() -> None:
    done = played("--syntax-check", *PLAYBOOKS)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {},
            "set PORTMATRIX_WINDOWS_ADDRESS, PORTMATRIX_WINDOWS_USER, PORTMATRIX_WINDOWS_PASSWORD, PORTMATRIX_WINDOWS_TRANSPORT: ",
        ),
        ({**NAMED, "PASSWORD": ""}, "set PORTMATRIX_WINDOWS_PASSWORD: "),
        ({**NAMED, "TRANSPORT": "telnet"}, "PORTMATRIX_WINDOWS_TRANSPORT is telnet; allowed: winrm, psrp, ssh"),
    ],
)
def test_what_is_not_set_is_said_in_one_line(given: dict[str, str], says: str) -> None:
    done = played("create.yml", **given)
    assert done.returncode != 0
    assert says in " ".join((done.stdout + done.stderr).split())  # some releases of ansible-core wrap it


@pytest.mark.parametrize("given", [NAMED, {**NAMED, "TRANSPORT": "ssh", "PASSWORD": ""}])
def test_what_is_set_is_enough(given: dict[str, str]) -> None:
    done = played("create.yml", **given)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_host_nothing_is_taken_away() -> None:
    done = played("destroy.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Remove what" not in done.stdout


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        (NAMED, ["3389", "5986"]),
        ({**NAMED, "TRANSPORT": "winrm", "PORT": "5985"}, ["3389", "5985"]),
        ({**NAMED, "TRANSPORT": "ssh"}, ["22"]),
    ],
)
def test_this_machine_may_manage_the_host(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], ports: list[str]
) -> None:
    rules = {rule["flows"][0]: rule for rule in host_of(monkeypatch, **given)["portmatrix_rules"]}
    assert set(ports) <= set(rules["portmatrix.management"]["ports"])
    assert rules["portmatrix.management"]["peers"] == ["192.0.2.99/32"]
    assert rules["milestone.recording.media"]["ports"] == ["7563"]


def test_this_machine_finds_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = host_of(monkeypatch, **{**NAMED, "CONTROLLER": ""})["portmatrix_rules"]
    assert all(re.fullmatch(r"[0-9a-f.:]+/(32|128)", peer) for rule in found for peer in rule["peers"])


def tasks(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [task for each in node for task in tasks(each)]
    inner = [task for key in ("tasks", "block", "rescue", "always") for task in tasks(node.get(key, []))]
    return [node, *inner]


def scripts() -> list[str]:
    found = [
        task["vars"]["script"]
        for path in sorted(SCENARIO.rglob("*.yml"))
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
        if "script" in task.get("vars", {})
    ]
    return [re.sub(r"\{\{.*?\}\}", "name", script) for script in found]


def test_its_scripts_are_powershell() -> None:
    assert scripts()
    for script in scripts():
        assert powershell.faults(f"$ErrorActionPreference = 'Stop'\n{script}\n".encode()) == []


def test_the_page_names_the_variables_and_steps() -> None:
    page = (CHECKOUT / "docs" / "testing.md").read_text(encoding="utf-8")
    shown = blocks("docs/testing.md")["windows scenario: run"]
    assert set(re.findall(rf"{PREFIX}([A-Z]+)=", shown)) == NAMED.keys() - {"CONTROLLER"}
    section = page.partition("## A Windows host of yours")[2]
    assert set(re.findall(rf"`{PREFIX}([A-Z]+)`", section)) == {"CONTROLLER", "PORT"}
    listed = [name for row in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE) for name in re.findall(r"\w+", row)]
    run_steps = [step.removeprefix("side_effect ").removesuffix(".yml") for step in steps()]
    assert listed == [step for step in run_steps if step not in ("create", "destroy")]


def test_a_run_of_all_scenarios_leaves_it_out_unless_a_host_is_named() -> None:
    script = (CHECKOUT / "tests" / "tools" / "molecule.sh").read_text(encoding="utf-8")
    assert "--exclude windows" in script
    assert "PORTMATRIX_WINDOWS_ADDRESS" in script


APPLY = "[{hosts: under_test, gather_facts: false, become: true, roles: [vidnet.portmatrix.host_firewall]}]\n"
STEPS = ("enforced", "drift", "audit", "lockout", "reboot", "removal", "destroy")


LOCKED_OUT = 300
"""Seconds that the change which locks out waits; that of the reboot waits longer."""


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[WindowsHost]:
    """A stand-in for the named host. Its time goes by when it has refused a connection, and it boots when a change waits for that."""
    host = WindowsHost.made(
        tmp_path / "win.json",
        addresses=[NAMED["ADDRESS"]],
        controller=NAMED["CONTROLLER"],
        connections=[
            {"local_address": NAMED["ADDRESS"], "local_port": 5986, "remote_address": NAMED["CONTROLLER"]},
        ],
        rules=[
            rule("WinRM over HTTPS", protocol=6, local_ports="5986"),
            rule("Metrics", protocol=6, local_ports="9182"),
        ],
    )
    ended = threading.Event()

    def watch() -> None:
        refusals = 1  # the first is expected at once
        while not ended.wait(0.2):
            data = host.data()
            if any(task["at"] - time.time() - data["ahead"] > LOCKED_OUT for task in data["tasks"].values()):
                host.reboot()
            elif data["tasks"] and data["refused"] > refusals:
                refusals = data["refused"]
                host.advance(LOCKED_OUT)

    watching = threading.Thread(target=watch)
    watching.start()
    yield host
    ended.set()
    watching.join()


def test_the_whole_scenario_on_a_stand_in(stand_in: WindowsHost, tmp_path: Path) -> None:
    """All but packets and Windows' own tools: every step finds what it must, and the host ends as it began."""
    began = stand_in.data()
    site = {"apply.yml": APPLY, "stand-in.yml": json.dumps({"all": {"hosts": {"win": connection(stand_in)}}})}
    written(tmp_path, site)
    done = played(
        *("-i", str(tmp_path / "stand-in.yml"), "--skip-tags", "windows_tools,packets"),
        *("-e", json.dumps({"windows_state": str(tmp_path), "window": LOCKED_OUT, "tries": 8, "host_pause": 1})),
        *("prepare.yml", str(tmp_path / "apply.yml"), *(f"{step}.yml" for step in STEPS)),
        **NAMED,
        without_prefix={"ANSIBLE_CONNECTION_PLUGINS": str(CHECKOUT / "tests" / "windows" / "connection_plugins")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ended = stand_in.data()
    assert ended["refused"] > 1, "nobody was locked out"
    assert (ended["rules"], ended["profiles"], ended["note"]) == (began["rules"], began["profiles"], "")
    assert not ended["tasks"] and not ended["snapshots"] and not ended["lock"]


def connection(host: WindowsHost) -> dict[str, str]:
    return {"ansible_connection": "recorded", "recorded_file": str(host.path)}
