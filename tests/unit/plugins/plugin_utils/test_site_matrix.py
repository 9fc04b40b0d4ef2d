# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, policy, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site_matrix import site_matrix
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built

MATRIX = built()
DATA = matrix.as_data(MATRIX)
INVENTORY: dict[str, Any] = {
    "v1": {"groups": ["viewer"], "vars": {"portmatrix_addresses": ["10.0.0.5", "2001:db8::5"]}},
    "r1": {
        "groups": ["recorder"],
        "vars": {"ansible_host": "10.0.0.1", "portmatrix_management_sources": "10.9.0.0/24"},
    },
    "c1": {"groups": ["camera"], "vars": {"ansible_host": "10.0.0.9"}},
}


def policies() -> dict[str, Any]:
    found = site.build(MATRIX, INVENTORY)
    return {
        name: {**compiled, "addresses": [address.text.partition("/")[0] for address in found.hosts[name].addresses]}
        for name, compiled in policy.compile_site(MATRIX, found).items()
    }


def test_rules_have_names_and_citations() -> None:
    rules, unresolved, documents = site_matrix(policies(), DATA).tables
    assert rules.columns == ("host", "direction", "protocol", "ports", "peers", "flows", "reason", "citation")
    assert (
        "r1",
        "in",
        "tcp",
        "7563",
        "v1 (10.0.0.5)",
        "acme.recorder.media",
        "Media",
        "Acme guide: table 1 (Ports) row 1",
    ) in rules.rows
    assert (
        "v1",
        "out",
        "tcp",
        "7563",
        "r1 (10.0.0.1)",
        "acme.recorder.media",
        "Media",
        "Acme guide: table 1 (Ports) row 1",
    ) in rules.rows
    assert [row[4] for row in rules.rows if row[5] == "portmatrix.management"] == ["administrators (10.9.0.0/24)"]
    gap = ("r1", "acme.camera.video", "camera_ports is not set on c1", "portmatrix_parameters.camera_ports on c1")
    assert (*gap, "Acme guide: table 2 (More ports) unnumbered row 1") in unresolved.rows
    assert documents.rows == [("Acme guide", "")]


def test_every_rule_is_a_row() -> None:
    compiled = policies()
    report = site_matrix(compiled, DATA)
    assert len(report.tables[0].rows) == sum(len(entry["rules"]) for entry in compiled.values()) > 5
    assert len(report.tables[1].rows) == sum(len(entry["unresolved"]) for entry in compiled.values()) > 1
    assert (
        report.summary == f"3 hosts, {len(report.tables[0].rows)} rules, {len(report.tables[1].rows)} unresolved flows."
    )


def test_a_part_of_the_hosts_still_knows_the_others_names() -> None:
    report = site_matrix(policies(), DATA, ["v1", "elsewhere"])
    assert {row[0] for found in report.tables[:2] for row in found.rows} == {"v1"}
    assert "r1 (10.0.0.1)" in [row[4] for row in report.tables[0].rows]
    assert report.summary.startswith("1 host, ")


def test_nothing() -> None:
    report = site_matrix({}, DATA)
    assert [found.rows for found in report.tables] == [[], [], []]
    assert report.summary == "0 hosts, 0 rules, 0 unresolved flows."
