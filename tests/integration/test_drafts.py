# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drafts and comparisons through Ansible's own commands, on the examples of docs/drafts.md as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.ansible_runs import PLUGIN, hostvars, run, written

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "drafts.md").read_text(encoding="utf-8")
BLOCKS = {
    match["name"]: match["text"]
    for match in re.finditer(r"<!-- (?P<name>[^>]+) -->\n```\w+\n(?P<text>.*?)```", PAGE, re.DOTALL)
}
FIRST = "documents/acme-1.md"
HOSTS = """\
acme_controller: {hosts: {door1: {ansible_host: 10.0.0.1}}}
acme_access_server: {hosts: {server1: {ansible_host: 10.0.0.2}}}
ntp_server: {hosts: {clock1: {ansible_host: 10.0.0.3}}}
all: {vars: {portmatrix_matrix_path: [../vendors], portmatrix_parameters: {acme_events_access_server_ports: 9000}}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory with the page's documents and play, and an inventory that names the draft's directory."""
    files = {
        name.partition(": ")[2]: text
        for name, text in BLOCKS.items()
        if name.partition(": ")[2].endswith((".md", ".yml"))
    }
    return written(tmp_path, {**files, "inventory/hosts.yml": HOSTS, "inventory/portmatrix.yml": PLUGIN})


def play(site: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run("ansible-playbook", "draft.yml", *options, cwd=site)


def drafted(site: Path) -> str:
    done = play(site)
    assert done.returncode == 0, done.stdout + done.stderr
    return (site / "vendors" / "acme.yml").read_text(encoding="utf-8")


def confirmed(site: Path) -> None:
    """Confirm every proposal that names both ends."""
    text = drafted(site)
    assert "'?'" not in text
    (site / "vendors" / "acme.yml").write_text(text.replace("reviewed: false", "reviewed: true"), encoding="utf-8")


def rules(site: Path) -> dict[str, list[dict[str, Any]]]:
    found = hostvars(site / "inventory")
    return {
        host: [rule for rule in variables["portmatrix_rules"] if rule["direction"] == "in"]
        for host, variables in found.items()
    }


def test_a_draft_gives_no_rule_before_it_is_confirmed(site: Path) -> None:
    text = drafted(site)
    assert BLOCKS["draft: flow"] in text
    assert not any(rules(site).values())
    waiting = hostvars(site / "inventory")["door1"]["portmatrix_unresolved"]
    assert {gap["flow"] for gap in waiting} == {flow["id"] for flow in yaml.safe_load(text)["flows"]}
    confirmed(site)
    assert [(rule["ports"], rule["peers"]) for rule in rules(site)["door1"]] == [(["9760"], ["10.0.0.2/32"])]
    assert [rule["ports"] for rule in rules(site)["server1"]] == [["9000"]]
    assert [rule["ports"] for rule in rules(site)["clock1"]] == [["123"]]


def test_check_mode_shows_and_a_second_run_changes_nothing(site: Path) -> None:
    done = play(site, "--check", "--diff")
    assert "changed=1" in done.stdout and "+  - id: acme.poll_access_server" in done.stdout
    assert not (site / "vendors").exists()
    drafted(site)
    assert "changed=0" in play(site).stdout


def test_a_file_that_exists_is_not_overwritten_unless_told(site: Path) -> None:
    confirmed(site)
    before = (site / "vendors" / "acme.yml").read_text(encoding="utf-8")
    done = play(site)
    assert (
        "exists, and may hold what a person has decided; allowed: another path, or force: true"
        in done.stdout + done.stderr
    )
    assert (site / "vendors" / "acme.yml").read_text(encoding="utf-8") == before
    written(
        site,
        {"draft.yml": BLOCKS["draft: draft.yml"].replace("product: acme\n", "product: acme\n        force: true\n")},
    )
    assert "reviewed: false" in drafted(site)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("documents/acme-1.md", "documents/none.md"), "does not exist; allowed: the path of a document"),
        (("product: acme\n", "product: milestone\n"), "product: 'milestone' is the product of milestone.yml already"),
        (("product: acme\n", "product: Acme\n"), "product: 'Acme' does not fit; allowed: lower-case letters"),
        (("vendors/acme.yml", "documents"), "documents is a directory; allowed: the path of a file"),
        (
            ("component: acme_controller", "component: door"),
            "component: 'door' is not the product's own; allowed: acme_...",
        ),
        (("component: acme_controller", "colour: red"), "Unsupported parameters"),
    ],
)
def test_one_clear_error(site: Path, change: tuple[str, str], error: str) -> None:
    written(site, {"draft.yml": BLOCKS["draft: draft.yml"].replace(*change)})
    done = play(site)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and error in said and "Traceback" not in said
    assert not (site / "vendors").exists()


def compared(site: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = shlex.split(BLOCKS["diff: command"].replace("\\\n", " "))
    assert command[:4] == ["ansible-playbook", "-i", "inventory", "vidnet.portmatrix.document_diff"]
    return run(*command, *options, cwd=site)


def test_a_new_revision(site: Path) -> None:
    confirmed(site)
    matrix = (site / "vendors" / "acme.yml").read_text(encoding="utf-8")
    done = compared(site)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (site / "change" / "document-diff.txt").read_text(encoding="utf-8")
    assert text == BLOCKS["diff: text"]
    assert all(json.dumps(line) in done.stdout for line in text.splitlines()[:6])
    assert "| door1 | add | in | tcp | 9770 |" in (site / "change" / "document-diff.md").read_text(encoding="utf-8")
    found = json.loads((site / "change" / "document-diff.json").read_text(encoding="utf-8"))
    assert found["hosts"].keys() == {"door1", "server1"}
    assert (site / "vendors" / "acme.yml").read_text(encoding="utf-8") == matrix
    assert "changed=0" in compared(site).stdout


def test_proposals_as_if_they_were_confirmed_and_check_mode(site: Path) -> None:
    confirmed(site)
    done = compared(site, "-e", "portmatrix_document_confirm=true", "--check")
    assert (
        '"  + in tcp 9761,9770 from 10.0.0.2/32"' in done.stdout or '"  + in tcp 9761 from 10.0.0.2/32"' in done.stdout
    )
    assert not (site / "change").exists()


def test_a_document_against_the_matrix(site: Path) -> None:
    confirmed(site)
    done = compared(site, "-e", "portmatrix_document_old=")
    assert "the matrix's account of acme_acme_1 -> ACME door controller, edition 2" in done.stdout
    same = compared(site, "-e", "portmatrix_document_old=", "-e", f"portmatrix_document_new={FIRST}")
    assert "0 added, 0 removed, 0 changed, 0 moved, 6 unchanged. No host's rules would change." in same.stdout


def test_without_an_inventory(site: Path) -> None:
    done = run(
        "ansible-playbook", "vidnet.portmatrix.document_diff", "-e", f"portmatrix_document_old={FIRST}",
        "-e", "portmatrix_document_new=documents/acme-2.md", cwd=site,
    )  # fmt: skip
    assert "Rows: 1 added, 1 removed, 1 changed, 0 moved, 4 unchanged." in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "error"),
    [
        (
            "portmatrix_document=acme_acme_2",
            "document: no matrix cites a document 'acme_acme_2'; allowed: did you mean acme_acme_1?",
        ),
        (
            "portmatrix_document_new=none.md",
            "none.md: does not exist; allowed: the path of a document on the controller",
        ),
        ("portmatrix_document_old=documents", "documents: is a directory; allowed: the path of one document"),
    ],
)
def test_one_clear_error_of_a_comparison(site: Path, option: str, error: str) -> None:
    confirmed(site)
    done = compared(site, "-e", option)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and error in said and "Traceback" not in said
    assert not (site / "change").exists()
