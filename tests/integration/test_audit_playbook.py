# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/audit.md shows, from audit to enforcement: real packets, the playbook, and its files put where the page says."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_documentation import blocks
from tests.support.ansible_runs import PLUGIN, hostvars, run, written
from tests.support.nft_host import HOST, NftLab

PAGE = blocks("docs/audit.md")
RS1 = "10.0.0.11"
PEERS = {"desk1": "10.0.0.20", "desk2": "10.0.0.21", "mon1": "10.0.0.60", "somebody": "10.0.0.99"}
FILES = ("portmatrix_flows_audit.yml", "audit_groups.yml")


@pytest.fixture
def lab() -> Iterator[NftLab]:
    with NftLab() as lab:
        lab.host(HOST, f"{RS1}/24")
        for name, address in PEERS.items():
            lab.host(name, f"{address}/24")
        lab.serve(HOST, 7563, 8100, 9182)
        yield lab


def reached(lab: NftLab) -> dict[str, set[int]]:
    return {name: lab.reached(name, "tcp", RS1, 7563, 8100, 9182) for name in PEERS}


def test_from_audit_to_enforcement(lab: NftLab, tmp_path: Path) -> None:
    inventory = written(tmp_path / "inventory", {"hosts.yml": PAGE["audit: hosts.yml"], "portmatrix.yml": PLUGIN})
    lab.apply(hostvars(inventory)["rs1"]["portmatrix_rules"], mode="audit", persist=False)
    for name, port in (("mon1", 9182), ("desk1", 8100), ("somebody", 7563)):
        assert lab.reaches(name, "tcp", RS1, port)

    here = {"portmatrix_hosts": "rs1", "ansible_connection": "local", "ansible_become": False}
    here["ansible_python_interpreter"] = sys.executable
    options = ["-i", str(inventory), "-e", json.dumps(here)]
    prefix = tuple(lab.nft_command()[:-1])
    audit = tmp_path / "audit"
    for more in ([], ["-e", f"portmatrix_audit_dest={audit}"], ["-e", f"portmatrix_audit_dest={audit}", "--check"]):
        done = run(
            "ansible-playbook",
            *options,
            "vidnet.portmatrix.audit",
            *more,
            prefix=prefix,
            ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"rs1 +: ok=\d+ +changed=0", done.stdout)
        for line in PAGE["audit: report"].splitlines():
            assert json.dumps(line) in done.stdout, done.stdout
    for name in FILES:
        assert (audit / name).read_text(encoding="utf-8").strip() == PAGE[f"audit: {name}"].strip()
    assert json.loads((audit / "audit.json").read_text(encoding="utf-8"))["hosts"]["rs1"]["mode"] == "audit"

    (inventory / "group_vars" / "all").mkdir(parents=True)
    shutil.copy(audit / FILES[0], inventory / "group_vars" / "all")
    shutil.copy(audit / FILES[1], inventory)
    rules = hostvars(inventory)["rs1"]["portmatrix_rules"]
    lab.apply(rules, mode="audit", persist=False)
    done = run(
        "ansible-playbook",
        *options,
        "vidnet.portmatrix.audit",
        prefix=prefix,
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
    )
    assert "0 seen but not declared, 1 unknown peer" in done.stdout, done.stdout
    assert set.union(*reached(lab).values()) == {7563, 8100, 9182}
    lab.apply(rules, persist=False)
    assert reached(lab) == {"desk1": {7563, 8100}, "desk2": {7563}, "mon1": {9182}, "somebody": set()}


def test_a_host_without_counters_is_named(lab: NftLab, tmp_path: Path) -> None:
    inventory = written(tmp_path, {"hosts.yml": PAGE["audit: hosts.yml"], "portmatrix.yml": PLUGIN})
    here = {"portmatrix_hosts": "rs1", "ansible_connection": "local", "ansible_become": False}
    here["ansible_python_interpreter"] = sys.executable
    prefix = tuple(lab.nft_command()[:-1])
    done = run(
        "ansible-playbook",
        "-i",
        str(inventory),
        "-e",
        json.dumps(here),
        "vidnet.portmatrix.audit",
        prefix=prefix,
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
    )
    assert done.returncode == 2
    assert "there is no table inet portmatrix on this host" in done.stdout
