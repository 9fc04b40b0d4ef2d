# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook matrix_report, on the lab's inventory and on the examples of docs/exports.md."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup

from tests.integration.test_documentation import blocks
from tests.support.ansible_runs import PLUGIN, run, written

LAB = Path(__file__).parents[2] / "examples" / "lab"
EXAMPLES = {name.removeprefix("exports: "): text for name, text in blocks("docs/exports.md").items()}
REPORTS = ("site-matrix", "firewall-request")


def report(
    inventory: Path, *arguments: str, cwd: Path, fails: bool = False, **variables: str
) -> subprocess.CompletedProcess[str]:
    given = [part for name, value in variables.items() for part in ("-e", f"portmatrix_report_{name}={value}")]
    done = run("ansible-playbook", "-i", str(inventory), "vidnet.portmatrix.matrix_report", *given, *arguments, cwd=cwd)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done


def lab(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Report on the lab, which is not running: nothing may connect to it."""
    return report(LAB / "inventory", "-e", "ansible_connection=ssh", *arguments, cwd=cwd, **variables)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def lab_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lab")
    done = lab(cwd=directory, dest="reports")
    assert "changed=1" in done.stdout
    return directory / "reports"


def test_files_of_the_lab(lab_reports: Path) -> None:
    assert {path.name for path in lab_reports.iterdir()} == {
        *(f"{name}.{suffix}" for name in REPORTS for suffix in ("md", "csv", "xlsx", "html")),
        *(f"{name}-documents.csv" for name in REPORTS),
        "site-matrix-unresolved.csv",
        "firewall-request-left_out.csv",
    }
    for name in REPORTS:
        found = [tuple(row.values()) for row in rows(lab_reports / f"{name}.csv")]
        assert len(found) > 100
        sheet = openpyxl.load_workbook(lab_reports / f"{name}.xlsx").worksheets[0]
        assert [tuple(value or "" for value in row) for row in sheet.iter_rows(min_row=2, values_only=True)] == found
        page = BeautifulSoup((lab_reports / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        table = page.find("table")
        assert [tuple(c.get_text() for c in row.find_all(["th", "td"])) for row in table.tbody.find_all("tr")] == found
        lines = (lab_reports / f"{name}.md").read_text(encoding="utf-8").split("\n\n")[3].splitlines()
        assert len(lines) == len(found) + 2


def test_names_and_citations_of_the_lab(lab_reports: Path) -> None:
    found = rows(lab_reports / "site-matrix.csv")
    assert len({row["host"] for row in found}) == 29
    assert all(row["citation"] for row in found)
    networks = {row["peers"] for row in found if row["host"] == "ms1" and "10.77.10.0/24" in row["peers"]}
    assert networks == {"milestone_smart_client (10.77.10.0/24, fd77::10:0/112)"}
    asked = rows(lab_reports / "firewall-request.csv")
    assert all(row["source"] and row["source address"] and row["destination address"] for row in asked)
    pairs = [(row["source"], row["destination"], row["protocol"]) for row in asked]
    assert len(set(pairs)) == len(pairs)
    assert not [pair for pair in pairs if pair[0] == pair[1]]


def test_a_second_run_changes_nothing(lab_reports: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in lab_reports.iterdir()}
    assert "changed=0" in lab(cwd=lab_reports.parent, dest="reports").stdout
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in lab_reports.iterdir()} == before


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    done = lab("--check", "--diff", cwd=tmp_path, dest="reports")
    assert "changed=1" in done.stdout
    assert "+| host | direction | protocol |" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_limit_keeps_the_names_of_the_others(tmp_path: Path) -> None:
    lab("--limit", "rs1,cam4", cwd=tmp_path, dest="reports")
    found = rows(tmp_path / "reports" / "site-matrix.csv")
    assert {row["host"] for row in found} == {"rs1", "cam4"}
    assert any(row["peers"] == "ms1 (10.77.1.11, fd77::1:11)" for row in found)
    asked = rows(tmp_path / "reports" / "firewall-request.csv")
    assert asked and all({"rs1", "cam4"} & {row["source"], row["destination"]} for row in asked)


def test_without_a_directory_it_prints_markdown(tmp_path: Path) -> None:
    done = lab("--limit", "sql1", cwd=tmp_path)
    assert '"# Resolved port matrix"' in done.stdout
    assert '"# Firewall change request"' in done.stdout
    assert "changed=0" in done.stdout
    assert list(tmp_path.iterdir()) == []


def example(directory: Path, text: str = EXAMPLES["hosts.yml"]) -> Path:
    return written(directory, {"hosts.yml": text, "portmatrix.yml": PLUGIN})


def shown_in(name: str, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = EXAMPLES[name].splitlines()
    assert lines[0] == expected[0]
    assert [line for line in lines if line in expected] == expected and len(expected) > 1


def test_examples(tmp_path: Path) -> None:
    report(example(tmp_path / "inventory"), cwd=tmp_path, dest="reports")
    for name in ("site-matrix.csv", "site-matrix-unresolved.csv", "firewall-request.csv"):
        shown_in(name, tmp_path / "reports" / name)
    later = EXAMPLES["hosts.yml"].replace("10.0.0.12", "10.0.0.13") + "    cam3: {ansible_host: 10.0.20.3}\n"
    accepted = str(tmp_path / "reports" / "firewall-request.csv")
    report(example(tmp_path / "later", later), cwd=tmp_path, dest="new", former=accepted)
    shown_in("firewall-changes.csv", tmp_path / "new" / "firewall-changes.csv")


def test_example_of_a_play(tmp_path: Path) -> None:
    written(tmp_path, {"hosts.yml": EXAMPLES["hosts.yml"], "play.yml": EXAMPLES["play.yml"]})
    done = run("ansible-playbook", "-i", "hosts.yml", "play.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    page = BeautifulSoup((tmp_path / "site.html").read_text(encoding="utf-8"), "html.parser")
    assert "es1 (10.0.0.12, 2001:db8::12)" in page.get_text()


def test_every_example_is_tried() -> None:
    assert EXAMPLES.keys() == {
        "hosts.yml",
        "play.yml",
        "site-matrix.csv",
        "site-matrix-unresolved.csv",
        "firewall-request.csv",
        "firewall-changes.csv",
    }


def test_flows_of_the_sites_own_keep_their_citation(tmp_path: Path) -> None:
    own = (
        "    portmatrix_flows_web:\n"
        "      - {id: own.recording.web, from: milestone_event_server, to: milestone_recording_server, protocol: tcp, port: 8443,\n"
        "         description: Web, source: [{document: xprotect, table: 1, row: 2}]}\n"
    )
    hosts = EXAMPLES["hosts.yml"].replace("milestone_recording_server:\n", own + "milestone_recording_server:\n", 1)
    report(example(tmp_path / "inventory", hosts), cwd=tmp_path, dest="reports", formats="csv,html")
    (row,) = [r for r in rows(tmp_path / "reports" / "site-matrix.csv") if r["ports"] == "8443" and r["host"] == "rs1"]
    assert re.search(r"table 1 \(Server communication\) row 2$", row["citation"])


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({"former": "nowhere.csv"}, "matrix_report: [Errno 2] No such file or directory"),
        ({"former": "inventory/hosts.yml"}, "hosts.yml: the first line is not that of a full request"),
        ({"formats": "pdf"}, "pdf"),
        ({"dest": "inventory/hosts.yml"}, "matrix_report: [Errno "),
    ],
)
def test_errors(tmp_path: Path, variables: dict[str, str], error: str) -> None:
    before = sorted(example(tmp_path / "inventory").iterdir())
    done = report(tmp_path / "inventory", cwd=tmp_path, fails=True, **variables)
    assert error in done.stdout + done.stderr
    assert sorted((tmp_path / "inventory").iterdir()) == before
