# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drafts of the fixture documents: they load and give no rule, account for every row, and are finished by from, to and feature alone."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_file, draft_matrix, matrix, policy, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.draft_matrix import Draft
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Matrix
from ansible_collections.vidnet.portmatrix.tests.support import document_fixtures

DECISIONS = yaml.safe_load(
    (document_fixtures.DIRECTORY.parent / "drafts" / "decisions.yml").read_text(encoding="utf-8")
)
#: What the site sets required parameters to.
GIVEN = {"ports": "4444-4445", "count": 4, "networks": ["239.7.7.7"]}
LINE = re.compile(r"^    (from|to|feature|reviewed): .*$")


def drafted(name: str) -> Draft:
    return draft_matrix.draft(document_fixtures.read(name), "acme", "acme_ports")


def loaded(text: str, directory: Path) -> Matrix:
    """Load a matrix file of this text as portmatrix_matrix_path does."""
    path = directory / "acme.yml"
    path.write_text(text, encoding="utf-8")
    matrix.load.cache_clear()
    return matrix.load((str(path),))


def inventory(draft: Draft) -> dict[str, Any]:
    """Return a host for every component of the draft and every common one, with all features and the required parameters."""
    parameters = draft.data.get("parameters", {})
    required = {name: GIVEN[entry["type"]] for name, entry in parameters.items() if "default" not in entry}
    components = [*draft.data["components"], "camera", "dns_server", "ntp_server", "smtp_server", "web_server"]
    return {
        name: {
            "groups": [name],
            "vars": {
                "ansible_host": f"10.1.0.{number + 1}",
                "portmatrix_features": ["all"],
                "portmatrix_parameters": required,
            },
        }
        for number, name in enumerate(components)
    }


def compiled(known: Matrix, hosts: dict[str, Any]) -> dict[str, dict[str, list[Any]]]:
    return policy.compile_site(known, site.build(known, hosts))


def ours(policies: dict[str, dict[str, list[Any]]]) -> list[dict[str, Any]]:
    """Return the rules that any flow of the draft gives, with their host."""
    return [
        {**rule, "host": host}
        for host, entry in policies.items()
        for rule in entry["rules"]
        if any(flow.startswith("acme.") for flow in rule["flows"])
    ]


def decision(name: str, flow: str) -> dict[str, Any]:
    return next((made for pattern, made in DECISIONS[name].items() if fnmatch.fnmatch(flow, pattern)), {})


def finished(name: str, text: str) -> str:
    """Edit a draft as a person does: the lines from, to, feature and reviewed of flows, and no others."""
    lines, flow = [], ""
    for line in text.splitlines(keepends=True):
        if line.startswith("  - id: "):
            flow = line.split(": ")[1].strip()
        key = LINE.match(line)
        if flow and key and key[1] == "reviewed":
            line = "    reviewed: true\n"
        elif flow and key and key[1] in decision(name, flow):
            value = decision(name, flow)[key[1]]
            line = f"    {key[1]}: {value}\n" if value else ""
        lines.append(line)
    return "".join(lines)


def ways(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield (protocol, range) for ``tcp+udp 80 90-99``; a row without a protocol is taken as tcp, as the drafts propose."""
    protocols, _blank, ports = text.partition(" ")
    series = re.fullmatch(r"(\d+) to \1\+\(x-1\)", ports)
    ranges = [f"{series[1]}-{int(series[1]) + GIVEN['count'] - 1}"] if series else ports.split()
    for protocol in protocols.split("+") if protocols else ["tcp"]:
        for entry in ranges:
            low, _dash, high = entry.partition("-")
            yield protocol, (int(low), int(high or low))


@pytest.mark.parametrize("name", document_fixtures.EXPECTED)
def test_it_loads_as_it_is_and_gives_no_rule(name: str, tmp_path: Path) -> None:
    draft = drafted(name)
    policies = compiled(loaded(draft_file.text(draft), tmp_path), inventory(draft))
    assert not ours(policies)
    waiting = {gap["flow"]: gap for entry in policies.values() for gap in entry["unresolved"]}
    for flow in draft.data["flows"]:
        assert "nobody has confirmed" in waiting[flow["id"]]["reason"]
        assert "reviewed: true" in waiting[flow["id"]]["set"]


@pytest.mark.parametrize("name", document_fixtures.EXPECTED)
def test_the_file_says_what_the_draft_holds(name: str) -> None:
    draft = drafted(name)
    assert yaml.safe_load(draft_file.text(draft)) == draft.data
    for flow in draft.data["flows"]:
        assert flow["reviewed"] is False
        assert flow["proposal"].keys() >= {"from", "to"}
        for entry in flow["proposal"].values():
            assert entry["confidence"] in ("high", "medium", "low") and entry["reason"]


@pytest.mark.parametrize("name", document_fixtures.EXPECTED)
def test_every_row_is_a_flow_or_explained(name: str) -> None:
    draft = drafted(name)
    cited = [source for flow in draft.data["flows"] for source in flow["source"]]
    bound = {(source["table"], str(source["row"])) for source in cited if "row" in source}
    explained = {(row["table"], str(row["row"])) for row in draft.data.get("rows", [])}
    document = document_fixtures.read(name)
    assert bound | explained == {(table.number, row.label) for table in document.tables for row in table.rows}
    assert not bound & explained
    for part in document_fixtures.EXPECTED[name].get("prose", []):
        if part.get("ways"):
            words = " ".join(part["text"].split()[:5])
            comments = [comment for flow in draft.rows.values() for comment in flow]
            assert any(words in comment for comment in (*comments, *draft.remarks)), f"{words} was dropped"


@pytest.mark.parametrize("name", document_fixtures.EXPECTED)
def test_finished_by_from_to_and_feature_alone(name: str, tmp_path: Path) -> None:
    draft = drafted(name)
    text = finished(name, draft_file.text(draft))
    hosts = inventory(draft)
    address = {host: f"{entry['vars']['ansible_host']}/32" for host, entry in hosts.items()}
    data = yaml.safe_load(text)
    rows: dict[tuple[int, str], tuple[str, str]] = {}
    wanted: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for flow in data["flows"]:
        for source in flow["source"]:
            if "row" in source:
                rows[source["table"], str(source["row"])] = flow["from"], flow["to"]
                if flow["port"] in data.get("parameters", {}) and "default" not in data["parameters"][flow["port"]]:
                    for protocol in flow["protocol"]:
                        wanted.setdefault((flow["to"], protocol, address[flow["from"]]), []).append((4444, 4445))
            else:
                for protocol in flow["protocol"]:
                    key = (flow["to"], protocol, address[flow["from"]])
                    wanted.setdefault(key, []).extend(
                        pair for _p, pair in ways(f"tcp {str(flow['port']).replace(',', '')}")
                    )
    for number, table in enumerate(document_fixtures.EXPECTED[name]["tables"], 1):
        for label, row in table["rows"].items():
            for entry in row.get("ways", []):
                initiator, listener = rows[number, label]
                for protocol, pair in ways(entry):
                    wanted.setdefault((listener, protocol, address[initiator]), []).append(pair)
    policies = compiled(loaded(text, tmp_path), hosts)
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for rule in ours(policies):
        for peer in rule["peers"] if rule["direction"] == "in" else ():
            key = (rule["host"], rule["protocol"], peer)
            found.setdefault(key, []).extend(port_ranges.parse_range(port) for port in rule["ports"])
    assert {key: port_ranges.merge(pairs) for key, pairs in found.items()} == {
        key: port_ranges.merge(pairs) for key, pairs in wanted.items()
    }
    assert not [gap for entry in policies.values() for gap in entry["unresolved"] if gap["flow"].startswith("acme.")]


def test_every_fixture_has_decisions() -> None:
    assert DECISIONS.keys() == document_fixtures.EXPECTED.keys()
    assert len(DECISIONS) >= 12


def test_a_decision_that_is_forgotten_is_refused(tmp_path: Path) -> None:
    text = draft_file.text(drafted("quarry")).replace("reviewed: false", "reviewed: true")
    with pytest.raises(
        ValueError, match=r"acme\.yml:\d+:\d+: flows\[acme\.\w+\]\.from: is still undecided in a reviewed flow"
    ):
        loaded(text, tmp_path)
