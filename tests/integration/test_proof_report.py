# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module proof_report and the playbook report, on the lab's inventory, which is not running, with answers as they should be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from defusedxml import ElementTree

from tests.support.ansible_runs import hostvars, run, written

CHECKOUT = Path(__file__).parents[2]
INVENTORY = CHECKOUT / "examples" / "lab" / "inventory"
SCHEMA = jsonschema.Draft202012Validator(json.loads((CHECKOUT / "docs" / "proof.schema.json").read_text()))
NAMES = {"proof.html", "proof.json", "proof.junit.xml", "proof.txt"}
TABLES = {"truth-table.txt", "truth-table.md", "truth-table.json"}
#: Whose answers are all there; of all others, that they were asked is enough here.
ANSWERING = ("ms1", "rs1", "operator1", "stranger1")
PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - vidnet.portmatrix.proof_report:
        registered: probed
        readback: {ms1: [], rs1: []}
        backends: {ms1: nftables}
        hosts: "{{ ansible_play_hosts_all }}"
        title: Proof of the lab
        run: trial-1
        seconds: 2.25
        dest: "{{ dest | default(omit) }}"
        formats: [html, json, junit, text, table]
      register: proof
      run_once: true
    - ansible.builtin.debug:
        msg: "{{ proof.text.splitlines() }} {{ proof.summary }} {{ proof.files | length }} files"
      run_once: true
"""


def answered(expected: dict[str, Any]) -> list[dict[str, Any]]:
    common = {name: expected[name] for name in ("to", "source", "address", "protocol")}
    found = {"open": ("open", "answered", "responder"), "shut": ("filtered", "no answer", "")}
    return [
        {
            **common,
            "port": port,
            "expected": kind,
            "observed": observed,
            "ok": True,
            "detail": detail,
            "service": service,
        }
        for kind, (observed, detail, service) in found.items()
        for port in expected[kind]
    ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the play, and what the managed hosts of the lab have registered."""
    directory = tmp_path_factory.mktemp("lab")
    written(directory, {"play.yml": PLAY})
    for name, variables in hostvars(INVENTORY).items():
        if variables["portmatrix_managed"]:
            asked = variables["portmatrix_expectations"] if name in ANSWERING else []
            register(directory, name, [row for each in asked for row in answered(each)])
    return directory


def register(directory: Path, host: str, rows: list[dict[str, Any]] | None) -> None:
    """Have a host register these rows, or nothing."""
    answer = {"skipped": True} if rows is None else {"changed": False, "results": rows}
    written(directory, {f"host_vars/{host}.json": json.dumps({"probed": answer})})


def registered(directory: Path, host: str) -> list[dict[str, Any]]:
    """Return the rows of a host."""
    return json.loads((directory / "host_vars" / f"{host}.json").read_text())["probed"]["results"]


def play(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the play; nothing of the lab may be connected to."""
    given = ["-i", str(INVENTORY), "-e", "ansible_connection=ssh", *arguments]
    return run("ansible-playbook", "play.yml", *given, cwd=directory)


@pytest.fixture(scope="module")
def first(lab: Path) -> Path:
    """The files of the lab's proof."""
    done = play(lab, "-e", "dest=proof")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=1" in done.stdout
    assert "7 files" in done.stdout
    return lab / "proof"


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_files_of_the_lab(first: Path) -> None:
    assert {path.name for path in first.iterdir()} == NAMES | TABLES
    proof = read(first / "proof.json")
    SCHEMA.validate(proof)
    assert (proof["title"], proof["run"], proof["seconds"]) == ("Proof of the lab", "trial-1", 2.25)
    figures = proof["summary"]
    assert (figures["hosts"], figures["differences"], figures["read_back"]) == (29, 0, 2)
    assert figures["probes"] > 1000
    assert len(proof["results"]) < figures["probes"] / 3
    states = {host["name"]: host["state"] for host in proof["hosts"]}
    assert figures["proven_hosts"] == list(states.values()).count("proven") > 20
    hosts = {host["name"]: host for host in proof["hosts"]}
    assert (hosts["ms1"]["backend"], hosts["ms1"]["components"]) == ("nftables", ["milestone_management_server"])
    assert all(rule["citation"] and rule["reason"] for host in proof["hosts"] for rule in host["rules"])
    suites = ElementTree.fromstring((first / "proof.junit.xml").read_bytes())
    assert len(suites) == 29
    assert not list(suites.iter("failure"))
    assert "Proof of the lab" in (first / "proof.html").read_text(encoding="utf-8")
    table = read(first / "truth-table.json")
    assert table["summary"]["probes"] == figures["probes"] == len(table["results"])
    assert set(table["summary"]["nothing_probed_from"]) == states.keys() - set(ANSWERING)
    assert f"{figures['probes']:,} probes, 0 differences" in (first / "proof.txt").read_text(encoding="utf-8")


def test_check_mode_writes_nothing(lab: Path) -> None:
    done = play(lab, "-e", "dest=checked", "--check", "--diff")
    assert "changed=1" in done.stdout
    assert "+Proof of the lab" in done.stdout
    assert not (lab / "checked").exists()


def test_differences_are_shown_and_do_not_fail_the_module(lab: Path, tmp_path: Path) -> None:
    shutil.copytree(lab, tmp_path / "odd")
    rows = registered(lab, "stranger1")
    row = next(each for each in rows if each["to"] == "rs1" and each["port"] == 7563)
    row.update(observed="open", ok=False, detail="answered")
    register(tmp_path / "odd", "stranger1", rows)
    register(tmp_path / "odd", "ms1", None)
    done = play(tmp_path / "odd", "-e", "dest=report")
    assert done.returncode == 0, done.stdout + done.stderr
    proof = read(tmp_path / "odd" / "report" / "proof.json")
    SCHEMA.validate(proof)
    assert proof["summary"]["differences"] == 1
    assert {host["name"] for host in proof["hosts"] if host["state"] == "not_reached"} == {"ms1"}
    assert re.search(r"stranger1 -> rs1 \S+ tcp 7563: must be shut, was open", done.stdout)


def test_a_limit_reports_on_a_part_and_writes_nothing_without_a_directory(lab: Path) -> None:
    done = play(lab, "--limit", "rs1,cam1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'hosts': 2" in done.stdout
    assert "0 files" in done.stdout
    assert "changed=0" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"results": {"ms1": [{"to": "rs1"}]}},
            "results of ms1, row 0: allowed is a result of port_probe; not understood: 'source'",
        ),
        (
            {"results": {}, "readback": {"ms1": [{"kind": "odd"}]}},
            "what was seen: is no proof: readback[0].direction: ''; allowed: in, out",
        ),
        (
            {"results": {}, "located": {"ms1": [{"to": "rs1"}]}},
            "located of ms1: allowed are located differences; not understood: 'source'",
        ),
        ({"results": {}, "width": 39}, "width: 39; allowed is 40 and more"),
    ],
)
def test_what_nobody_can_have_seen_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    task = {"vidnet.portmatrix.proof_report": options}
    written(tmp_path, {"play.yml": json.dumps([{"hosts": "ms1", "gather_facts": False, "tasks": [task]}])})
    done = play(tmp_path)
    assert done.returncode != 0
    assert f"proof_report: {message}" in done.stdout + done.stderr


def again(stored: Path, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook on a stored proof, from a directory, without any host."""
    given = ["-i", "nowhere,", "-e", f"portmatrix_report_from={stored}", *arguments]
    return run("ansible-playbook", "vidnet.portmatrix.report", *given, cwd=directory)


def test_a_stored_proof_is_written_again(first: Path, tmp_path: Path) -> None:
    done = again(first / "proof.json", tmp_path, "-e", "portmatrix_report_dir=again")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == {
        path.name: path.read_bytes() for path in first.iterdir() if path.name in NAMES
    }
    assert "nowhere" not in done.stdout
    done = again(first / "proof.json", tmp_path, "-e", "portmatrix_report_dir=again")
    assert "changed=0" in done.stdout
    done = again(first / "proof.json", tmp_path)
    assert {path.name for path in (tmp_path / "portmatrix-report").iterdir()} == NAMES


def test_what_is_no_proof_is_refused(tmp_path: Path) -> None:
    stored = written(tmp_path, {"proof.json": '{"schema": 2}'}) / "proof.json"
    done = again(stored, tmp_path)
    assert done.returncode != 0
    assert f"proof_report: {stored}: is no proof: schema: 2; allowed: 1; it: title is missing" in done.stdout
    done = again(tmp_path / "none.json", tmp_path)
    assert done.returncode != 0
    assert "proof_report: [Errno 2] No such file or directory" in done.stdout


def test_the_examples_of_the_page(lab: Path, first: Path) -> None:
    page = (CHECKOUT / "docs" / "proof.md").read_text(encoding="utf-8")
    written(lab, dict(re.findall(r"<!-- proof: (\S+) -->\n```yaml\n(.*?)```", page, re.DOTALL)))
    again = run("ansible-playbook", "again.yml", cwd=lab)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (lab / "published" / "proof.html").read_bytes() == (first / "proof.html").read_bytes()
    checked = run("ansible-playbook", "readback.yml", "--syntax-check", cwd=lab)
    assert checked.returncode == 0, checked.stdout + checked.stderr
