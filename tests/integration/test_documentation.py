# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the README and docs/ show works as it stands there."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, port_expression
from tests.support.ansible_runs import PLUGIN, hostvars, run, written

CHECKOUT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- (?P<name>[^>]+) -->\n```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


def blocks(page: str) -> dict[str, str]:
    """Return name -> text of the marked blocks of a page."""
    return {match["name"]: match["text"] for match in BLOCK.finditer((CHECKOUT / page).read_text(encoding="utf-8"))}


PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (CHECKOUT / "docs").glob("*.md"))]
README = blocks("README.md")
VARIABLES = blocks("docs/variables.md")


def readme_inventory(directory: Path, *, everything: bool) -> Path:
    names = ["inventory/hosts.yml", "inventory/portmatrix.yml"] + ["inventory/group_vars/all.yml"] * everything
    return written(directory, {name: README[f"example: {name}"] for name in names}) / "inventory"


def test_readme_inventory(tmp_path: Path) -> None:
    found = hostvars(readme_inventory(tmp_path, everything=False))["rs1"]
    shown = json.loads(README["example: rule of rs1"])
    assert any(shown.items() <= rule.items() for rule in found["portmatrix_rules"])
    assert any("milestone_smart_client" in gap["set"] for gap in found["portmatrix_unresolved"])


def test_readme_networks(tmp_path: Path) -> None:
    found = hostvars(readme_inventory(tmp_path, everything=True))["rs1"]
    assert any(rule["ports"] == ["7563"] and rule["peers"] == ["10.0.10.0/24"] for rule in found["portmatrix_rules"])
    assert any(
        rule["flows"] == ["portmatrix.management"] and rule["peers"] == ["10.0.99.0/24"]
        for rule in found["portmatrix_rules"]
    )


def test_readme_existing_repository(tmp_path: Path) -> None:
    inventory = readme_inventory(tmp_path, everything=True)
    (inventory / "portmatrix.yml").unlink()
    written(tmp_path, {name: README[f"example: existing/{name}"] for name in ("site.yml", "report.yml")})
    done = run("ansible-playbook", "-i", str(inventory), "report.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    ports = (tmp_path / "ports.csv").read_text(encoding="utf-8").splitlines()
    assert ports[0] == "host,direction,protocol,ports,peers,reason,flows"
    assert any(line.startswith("pearl1,in,tcp,554-557,10.0.0.11/32,") for line in ports)
    done = run("ansible-playbook", "-i", str(inventory), "site.yml", "--syntax-check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_playbook_of_applying_is_one(tmp_path: Path) -> None:
    inventory = readme_inventory(tmp_path, everything=True)
    written(tmp_path, {"site.yml": blocks("docs/applying.md")["example: apply/site.yml"]})
    done = run("ansible-playbook", "-i", str(inventory), "site.yml", "--syntax-check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


SITES = {
    "site: all-in-one": (
        "aio",
        {
            ("tcp", "22331", "10.0.0.20/32"),
            ("tcp", "80", "10.0.0.20/32"),
            ("tcp", "443", "10.0.0.20/32"),
            ("tcp", "22333", "10.0.0.20/32"),
        },
    ),
    "site: families": ("both", {("tcp", "7563", "2001:db8::20/128")}),
    "site: networks": (
        "cam1",
        {("tcp", "7681", "10.0.40.0/24"), ("tcp", "7681", "2001:db8:40::/64"), ("tcp", "7681", "10.0.41.7/32")},
    ),
    "site: parameters": (
        "pearl1",
        {
            ("tcp", "554-559", "10.0.0.20/32"),
            ("tcp", "8000-8005", "10.0.0.20/32"),
            ("tcp", "8080", "10.0.0.20/32"),
            ("tcp", "443", "10.0.0.20/32"),
        },
    ),
    "site: own flow": ("rs1", {("tcp", "9182", "10.0.0.60/32")}),
}


@pytest.mark.parametrize("name", SITES)
def test_variables(tmp_path: Path, name: str) -> None:
    host, expected = SITES[name]
    found = hostvars(written(tmp_path, {"hosts.yml": VARIABLES[name], "portmatrix.yml": PLUGIN}))
    ways = {
        (r["protocol"], port, peer)
        for r in found[host]["portmatrix_rules"]
        if r["direction"] == "in"
        for port in r["ports"]
        for peer in r["peers"]
    }
    if name == "site: networks":
        ways = {way for way in ways if way[1] == "7681"}
        assert {rule["peers"][0] for rule in found[host]["portmatrix_rules"] if rule["direction"] == "out"} == {"any"}
    if name == "site: families":
        assert any("rs4" in gap["reason"] + gap["set"] for gap in found["desk"]["portmatrix_unresolved"])
    assert ways == expected


def test_every_site_of_the_variables_page_is_tried() -> None:
    assert SITES.keys() == VARIABLES.keys()


def test_matrix_of_ones_own(tmp_path: Path) -> None:
    files = {
        "vendors/acme.yml": blocks("docs/matrix.md")["matrix: own vendor"],
        "hosts.yml": "acme_server: {hosts: {s1: {ansible_host: 10.0.0.1}}}\nacme_controller: {hosts: {c1: {ansible_host: 10.0.0.2}}}\n",
        "group_vars/all.yml": "portmatrix_matrix_path: [vendors]\n",
        "portmatrix.yml": PLUGIN,
    }
    found = hostvars(written(tmp_path, files))["c1"]["portmatrix_rules"]
    assert [(rule["ports"], rule["peers"]) for rule in found] == [(["9760"], ["10.0.0.1/32"])]


def test_port_expressions_of_the_matrix_page() -> None:
    page = (CHECKOUT / "docs" / "matrix.md").read_text(encoding="utf-8")
    section = page.partition("## Port expressions")[2].partition("`-`")[0]
    forms = re.findall(r"`([^`]+)`", section)
    assert len(forms) == 8
    for form in forms:
        assert port_expression.ranges(port_expression.parse(form), lambda name: 4)


def test_every_variable_of_the_readme_exists() -> None:
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site_schema

    known = {*site_schema.checks(matrix.load(), [], frozenset()), *site_schema.ELSEWHERE}
    for page in PAGES:
        text = (CHECKOUT / page).read_text(encoding="utf-8")
        for name in set(re.findall(r"portmatrix_[a-z_]+[a-z]", text)):
            assert site_schema.base(name) in known, f"{page} names {name}"


def test_reference_is_up_to_date() -> None:
    made = runpy.run_path(str(CHECKOUT / "docs" / "reference.py"))["page"]()
    assert (CHECKOUT / "docs" / "reference.md").read_text(encoding="utf-8") == made, "run: make reference"


def test_every_shipped_example_is_yaml() -> None:
    for page in PAGES:
        for match in BLOCK.finditer((CHECKOUT / page).read_text(encoding="utf-8")):
            if match["language"] in ("yaml", "json"):
                assert yaml.safe_load(match["text"]), f"{page}: {match['name']}"
