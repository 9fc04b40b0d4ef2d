# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Milestone servers a second time, as recorded Windows hosts: what plan.yml shows of them, beside their Linux stand-ins."""

from __future__ import annotations

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from tests.support.ansible_runs import hostvars, run
from tests.support.lab import CHECKOUT, EXAMPLE, INVENTORY, SiteLab, recap
from tests.windows.recordings import recording, rules

SITE = CHECKOUT / "tests" / "windows" / "site"
CONNECTIONS = (CHECKOUT / "tests" / "windows" / "connection_plugins", EXAMPLE / "connection")
FLOWS = "Show the flows that would change"
FOREIGN = (
    "Show what others left open on a Windows host and to whom, what somebody changed there, and what else is in the way"
)
IN_USE = "Show what differs, and what to set"
HOSTS = "milestone_windows"
#: A sentence on a rule of others: its name, the ports, and who gets in.
SENTENCE = re.compile(
    r"^disabled: The rule '(.*?)'(?: for .*?)? (?:may let|lets) in (?:TCP|UDP) (.*?) from (.*), which the policy does not"
)


def playbook(name: str, directory: Path, *arguments: str, hosts: str = HOSTS) -> CompletedProcess[str]:
    """Run a playbook of the collection, or the one at a path, on recorded hosts."""
    return run(
        "ansible-playbook",
        *("-i", str(INVENTORY), "-i", str(SITE), str(CHECKOUT / "playbooks" / name)),
        *("-e", f"portmatrix_hosts={hosts}", "-e", f"recorded_directory={directory}", *arguments),
        ANSIBLE_CONNECTION_PLUGINS=":".join(map(str, CONNECTIONS)),
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
    )


def shown(done: CompletedProcess[str], task: str, failing: bool = False) -> dict[str, Any]:
    """Return host -> what a task of debug printed; ``failing``: the playbook may have failed."""
    assert failing or done.returncode == 0, done.stdout + done.stderr
    (part,) = [part for part in done.stdout.split("\nTASK [") if part.startswith(f"{task}]")]
    decoder = json.JSONDecoder()
    return {
        found[1]: decoder.raw_decode(part, found.end())[0]["msg"]
        for found in re.finditer(r"^ok: \[([^\]]+)\] => ", part, re.MULTILINE)
    }


class Planned:
    """The recordings, and what plan.yml says of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hosts = recording.write(directory)
        self.before = {host: path.read_bytes() for host, path in self.hosts.items()}
        self.done = playbook("plan.yml", directory)
        assert self.done.returncode == 0, self.done.stdout + self.done.stderr

    def flows(self) -> dict[str, dict[str, list[str]]]:
        (found,) = shown(self.done, FLOWS).values()
        return found

    def foreign(self, host: str) -> dict[tuple[str, str], str]:
        """Return rule and ports -> who gets in by them."""
        sentences = shown(self.done, FOREIGN)[host]["foreign"]
        matched = [(sentence, SENTENCE.match(sentence)) for sentence in sentences]
        assert all(found for _sentence, found in matched), sentences
        return {(found[1], found[2]): found[3] for _sentence, found in matched if found}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return Planned(tmp_path_factory.mktemp("windows"))


@pytest.fixture(scope="module")
def linux() -> dict[str, dict[str, Any]]:
    """The variables of the lab as it is without this."""
    return hostvars(INVENTORY)


def of_policy(policy: list[dict[str, Any]]) -> list[str]:
    """Return the flows that a policy lets in."""
    return sorted({flow for rule in policy if rule["direction"] == "in" for flow in rule["flows"]})


def test_the_recordings_are_a_servers_and_an_installers() -> None:
    state = recording.state()
    assert len(state["rules"]) > 600
    every = {component for _addresses, components in recording.servers().values() for component in components}
    assert len(rules.installer(every)) == 10
    assert {row["group"] for row in rules.own()} >= {
        f"@FirewallAPI.dll,-{number}" for number in (25000, 28502, 28752, 30267, 37002, 37302, 37502)
    }
    assert any(row["package"] and row["owner"] for row in rules.own())


def test_every_server_of_the_lab_is_there(planned: Planned) -> None:
    servers = {"ms1", "rs1", "rs2", "frs1", "es1", "ls1", "mob1", "sql1", "aio1"}
    assert set(planned.hosts) == servers
    assert set(planned.flows()) == servers


def test_the_same_flows_as_for_the_linux_stand_ins(planned: Planned, linux: dict[str, dict[str, Any]]) -> None:
    expected = {
        host: {"added": of_policy(linux[host]["portmatrix_rules"]), "removed": [], "changed": []}
        for host in planned.hosts
    }
    assert planned.flows() == expected


def test_plan_in_the_running_lab_shows_the_same(planned: Planned, tmp_path: Path) -> None:
    with SiteLab(tmp_path) as lab:
        done = lab.playbook("plan.yml", "-e", f"portmatrix_hosts={':'.join(planned.hosts)}")
    recap(done)
    (found,) = shown(done, FLOWS).values()
    assert planned.flows() == found


def test_what_the_installer_left_open_and_to_whom(planned: Planned) -> None:
    office = "10.50.0.0/16"
    assert planned.foreign("sql1") == {("Everything from the office", "1433"): office}
    found = planned.foreign("rs1")
    assert found["Recorder, every port of the program", "5432, 7609"] == "anywhere"
    assert found["Recorder, video", "7563"].startswith("0.0.0.0-10.77.1.14, 10.77.1.16, 10.77.1.18-10.77.9.255")
    assert found["Everything from the office", "5210, 5432, 7563, 7609 and 2 more"] == office
    assert planned.foreign("ms1")["Management, recorders", "9000"] == "LocalSubnet"


def test_every_rule_of_an_installer_is_found_and_none_of_windows(planned: Planned) -> None:
    for host, (_addresses, components) in recording.servers().items():
        given = {row["name"] for row in rules.installer(components)}
        assert {rule for rule, _ports in planned.foreign(host)} == given, host


def test_nobody_changed_anything_and_nothing_is_in_the_way(planned: Planned) -> None:
    for host, found in shown(planned.done, FOREIGN).items():
        assert (found["drift"], found["warnings"]) == ([], []), host


def test_a_plan_changes_nothing(planned: Planned) -> None:
    for host, path in planned.hosts.items():
        data, before = json.loads(path.read_bytes()), json.loads(planned.before[host])
        assert {key: data[key] for key in before} == before
        assert set(data["done"]) == {"read"}


def test_the_ports_in_use(planned: Planned) -> None:
    found = shown(planned.done, IN_USE)
    (moved,) = [each for each in found["rs2"]["differences"] if "milestone_media_port" in each]
    assert moved.endswith(
        r"\RecorderConfig.xml /recorderconfig/webserver/port: 7573; the matrix has 7563 (milestone_media_port)."
    )
    assert found["rs2"]["suggested"] == {"portmatrix_parameters": {"milestone_media_port": 7573}}
    assert [each for each in found["rs2"]["idle"] if " 7563 " in each]
    for host in planned.hosts:
        assert found[host]["not_read"] == []
        if host != "rs2":
            assert (found[host]["differences"], found[host]["suggested"]) == ([], {}), host


def test_the_parameter_that_is_suggested_is_right(planned: Planned) -> None:
    suggested = json.dumps(shown(planned.done, IN_USE)["rs2"]["suggested"])
    done = playbook("plan.yml", planned.directory, "-e", suggested, hosts="rs2")
    found = shown(done, IN_USE)["rs2"]
    assert (found["differences"], found["suggested"]) == ([], {})


def test_a_host_without_windows_is_not_asked(tmp_path: Path) -> None:
    play = "- hosts: all\n  gather_facts: false\n  tasks:\n    - vidnet.portmatrix.ports_in_use:\n"
    (tmp_path / "play.yml").write_text(play, encoding="utf-8")
    done = run("ansible-playbook", "-i", "here,", "-c", "local", "play.yml", cwd=tmp_path)
    assert "skipping: [here]" in done.stdout, done.stdout + done.stderr


def test_a_host_that_cannot_answer_says_so(tmp_path: Path) -> None:
    """The other hosts' plans are shown all the same."""
    hosts = recording.write(tmp_path, ["rs1", "ls1"])
    WindowsHost(hosts["ls1"]).path.with_name("ls1.in_use.json").write_text("{", encoding="utf-8")
    done = playbook("plan.yml", tmp_path, hosts="rs1:ls1")
    assert done.returncode != 0
    assert set(shown(done, FLOWS, failing=True).popitem()[1]) == {"rs1", "ls1"}
    assert set(shown(done, IN_USE, failing=True)) == {"rs1"}


def test_what_somebody_puts_back_is_drift(tmp_path: Path) -> None:
    host = WindowsHost(recording.write(tmp_path, ["rs1"])["rs1"])
    apply = tmp_path / "apply.yml"
    apply.write_text(
        "- hosts: rs1\n  gather_facts: false\n  roles: [vidnet.portmatrix.host_firewall]\n", encoding="utf-8"
    )
    assert recap(playbook(str(apply), tmp_path)) == {"rs1": 1}
    quiet = playbook("plan.yml", tmp_path, hosts="rs1")
    assert shown(quiet, FOREIGN)["rs1"]["drift"] == []
    assert set(shown(quiet, FLOWS).values()) == {"No flow would change on any host."}
    assert recap(quiet) == {"rs1": 0}
    with host.change() as data:
        for row in data["rules"]:
            if row["name"] == "Recorder, video":
                row["enabled"] = True
    (drift,) = shown(playbook("plan.yml", tmp_path, hosts="rs1"), FOREIGN)["rs1"]["drift"]
    assert "'Recorder, video'" in drift
