# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_schema import SCHEMA
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_proof import (
    HOSTVARS,
    IN_FORCE,
    RUN,
    build,
    faulty,
    read,
    seen,
    wrong,
)


def hosts_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {host["name"]: host for host in found["hosts"]}


def test_a_site_where_all_is_as_declared() -> None:
    results = seen(read()[0])
    found = build(results, {"rs1": [], "es1": []})
    assert found["summary"] == {
        "hosts": 4,
        "proven_hosts": 3,
        "probes": sum(map(len, results.values())),
        "differences": 0,
        "retried": 0,
        "read_back": 2,
        "readback_differences": 0,
        "unresolved": len(found["unresolved"]),
    }
    assert (found["title"], found["run"], found["made"], found["seconds"]) == RUN
    assert found["summary"]["unresolved"] > 1
    hosts = hosts_of(found)
    assert {name: host["state"] for name, host in hosts.items()} == {
        "cam1": "unmanaged",
        "es1": "proven",
        "guest": "proven",
        "rs1": "proven",
    }
    assert sum(host["probes"] for host in hosts.values()) == found["summary"]["probes"] > 30
    assert hosts["rs1"]["services"] == {"responder": 2, "service": 0, "nothing": 0}
    assert hosts["rs1"]["addresses"] == ["10.0.0.11", "2001:db8::11"]
    assert (hosts["rs1"]["backend"], hosts["es1"]["backend"]) == ("nftables", "")
    assert (hosts["cam1"]["components"], hosts["guest"]["components"]) == (["hikvision_camera"], [])


def test_rules_name_their_peers_and_their_source() -> None:
    rules = hosts_of(build({}))["rs1"]["rules"]
    assert len(rules) == len(read()[0]["rs1"]["rules"])
    (media,) = [rule for rule in rules if "milestone.recording.media_event" in rule["flows"]]
    assert media["ports"] == ["7563"]
    assert media["peers"] == ["es1"]
    assert media["reason"] == "Event server talks to the recording server"
    assert "table 20 (Event server) unnumbered row 7" in media["citation"]
    assert ["milestone_smart_client (10.0.10.0/24)"] in [rule["peers"] for rule in rules]
    titles = [document["title"] for document in build({})["documents"]]
    assert any(media["citation"].startswith(title) for title in titles)


def test_differences_are_counted_where_they_were_found() -> None:
    found = faulty()
    assert found["summary"]["differences"] == hosts_of(found)["rs1"]["differences"] == 3
    assert found["summary"]["retried"] == 2
    assert found["summary"]["readback_differences"] == 1
    assert found["readback"] == [{"host": "rs1", **IN_FORCE}]
    assert found["summary"]["proven_hosts"] == 1
    assert {name: host["state"] for name, host in hosts_of(found).items()} == {
        "cam1": "unmanaged",
        "es1": "audit",
        "guest": "proven",
        "rs1": "not_reached",
    }


def test_a_host_that_is_to_blame_is_not_proven() -> None:
    results = seen(read()[0])
    assert build(results)["summary"]["proven_hosts"] == 3
    where = {"place": "initiator", "host": "es1", "rule": "", "evidence": "counter", "sentence": "Dropped."}
    results["es1"] = [wrong(row, "filtered", where=where) if row["to"] == "rs1" else row for row in results["es1"]]
    assert build(results)["summary"]["proven_hosts"] == 1
    assert build(seen(read()[0]), {"es1": [IN_FORCE]})["summary"]["proven_hosts"] == 2


@pytest.mark.parametrize(
    ("variables", "asked", "state"),
    [
        ({}, True, "proven"),
        ({"portmatrix_mode": "enforce", "portmatrix_state": "present"}, True, "proven"),
        ({"portmatrix_mode": "audit"}, True, "audit"),
        ({"portmatrix_mode": "audit"}, False, "not_reached"),
        ({"portmatrix_mode": "audit", "portmatrix_state": "absent"}, False, "absent"),
        ({}, False, "not_reached"),
    ],
)
def test_states(variables: dict[str, str], asked: bool, state: str) -> None:
    policies, _matrix = read()
    found = proof.states_of(policies, ["rs1"], {"rs1"} if asked else set(), {"rs1": variables})
    assert found == {"rs1": state}
    assert proof.states_of(policies, ["cam1"], set(), {"cam1": variables}) == {"cam1": "unmanaged"}


def test_a_part_of_the_hosts_still_knows_the_others_names() -> None:
    results = {"es1": [row for row in seen(read()[0])["es1"] if row["to"] in ("es1", "rs1")]}
    found = build({**results, "rs1": []}, hosts=("es1", "rs1"))
    assert [host["name"] for host in found["hosts"]] == ["es1", "rs1"]
    assert {gap["host"] for gap in found["unresolved"]} <= {"es1", "rs1"}
    peers = {peer for host in found["hosts"] for rule in host["rules"] for peer in rule["peers"]}
    assert "cam1" in peers


def test_what_the_read_back_leaves_out_is_empty() -> None:
    found = build({}, {"rs1": [{"direction": "out", "family": "ipv4", "kind": "shut", "state": "new", "more": 1}]})
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found["readback"][0]["example"] == {
        "source": "",
        "destination": "",
        "protocol": "",
        "source_port": 0,
        "port": 0,
    }
    with pytest.raises(ValueError, match="readback of rs1: allowed is a list of differences"):
        build({}, {"rs1": ["no"]})


@pytest.mark.parametrize("found", [build({}), build(seen(read()[0])), faulty(), build({}, hosts=())])
def test_every_proof_is_of_the_documented_form(found: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert json.loads(json.dumps(found)) == found


def test_nothing_is_shared_with_the_input() -> None:
    policies, _matrix = read()
    results = seen(policies)
    before = copy.deepcopy(results)
    found = build(results)
    found["hosts"][0]["addresses"].append("gone")
    assert results == before
    assert HOSTVARS["cam1"]["ansible_host"] == "10.0.20.1"
