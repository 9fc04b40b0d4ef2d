# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of site.yml on Linux and Windows hosts of one site: the lab, with some of its servers recorded Windows hosts.

Those ask and answer in their namespaces of the lab too. What they let in there is what nftables lets in, which is given the same policy
before; what they would let in as Windows hosts is read back from their recording.
"""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from tests.support.lab import SiteLab, recap
from tests.windows.recordings import recording
from tests.windows.test_windows_lab import playbook

WINDOWS = ("ms1", "rs1")
LINUX = ("operator1", "cam1", "flow1")
EVERY = ":".join((*WINDOWS, *LINUX))


class Mixed:
    """Their policy applied and proven twice, then taken off."""

    def __init__(self, directory: Path, lab: SiteLab) -> None:
        self.directory, self.lab = directory, lab
        recap(lab.playbook("site.yml", "-e", f"portmatrix_hosts={':'.join(WINDOWS)}"))
        self.hosts = {name: WindowsHost(path) for name, path in recording.write(directory, WINDOWS).items()}
        for name, host in self.hosts.items():
            with host.change() as data:
                data["enter"] = lab.entering(name)
        self.fresh = self.rules()
        self.first, self.first_done = self.site("first")
        self.second, self.second_done = self.site("second")
        self.proof = json.loads((directory / "second" / "proof.json").read_text(encoding="utf-8"))
        self.absent, _done = self.site("absent", "-e", "portmatrix_state=absent")
        self.given_back = self.rules()

    def rules(self) -> dict[str, Any]:
        return {name: sorted(host.data()["rules"], key=str) for name, host in self.hosts.items()}

    def site(self, name: str, *arguments: str) -> tuple[CompletedProcess[str], dict[str, list[str]]]:
        """Run site.yml; return what became of it, and which operations there were on each Windows host."""
        for host in self.hosts.values():
            with host.change() as data:
                data["done"] = []
        report = ("-e", f"portmatrix_report_dir={self.directory / name}")
        done = playbook("site.yml", self.directory, *report, *arguments, hosts=EVERY)
        return done, {each: host.data()["done"] for each, host in self.hosts.items()}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    directory = tmp_path_factory.mktemp("mixed")
    with pytest.MonkeyPatch.context() as patch, SiteLab(directory) as lab:
        patch.setenv("TMPDIR", str(directory))
        yield Mixed(directory / "recorded", lab)


def test_all_are_applied_and_proven(mixed: Mixed) -> None:
    changed = recap(mixed.first)
    assert set(changed) == {*WINDOWS, *LINUX} and all(changed.values())
    assert mixed.first_done == {name: ["read", "apply", "confirm", "read"] for name in WINDOWS}


def test_a_second_run_reads_once_for_the_policy_and_once_for_the_proof(mixed: Mixed) -> None:
    assert recap(mixed.second) == dict.fromkeys((*WINDOWS, *LINUX), 0)
    assert mixed.second_done == {name: ["read", "read"] for name in WINDOWS}


def test_linux_and_windows_hosts_have_asked_each_other(mixed: Mixed) -> None:
    hosts = {host["name"]: (host["state"], host["backend"], host["read_back"]) for host in mixed.proof["hosts"]}
    assert hosts == {
        **dict.fromkeys(WINDOWS, ("proven", "windows", True)),
        **dict.fromkeys(LINUX, ("proven", "nftables", True)),
    }
    pairs = {(row["initiator"], row["to"], row["expected"]) for row in mixed.proof["results"]}
    asked = {
        ("operator1", "rs1", "open"),
        ("operator1", "rs1", "shut"),
        ("rs1", "ms1", "open"),
        ("ms1", "operator1", "shut"),
    }
    assert asked <= pairs
    assert mixed.proof["summary"]["differences"] == mixed.proof["summary"]["readback_differences"] == 0


def test_absent_gives_everything_back(mixed: Mixed) -> None:
    assert all(recap(mixed.absent).values())
    assert mixed.given_back == mixed.fresh
