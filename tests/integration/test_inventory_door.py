# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees with ``ansible-inventory``: the forms of the design, on inventories as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.ansible_runs import PLUGIN, hostvars, run, written

KEYS = {"direction", "protocol", "ports", "peers", "flows", "reason"}


def rules(directory: Path, hosts: str, **files: str) -> dict[str, list[dict]]:
    """Return host -> rules for an inventory's text."""
    found = hostvars(written(directory, {"hosts.yml": hosts, "portmatrix.yml": PLUGIN, **files}))
    return {host: variables["portmatrix_rules"] for host, variables in found.items()}


def ways(found: list[dict], direction: str = "in") -> set[tuple[str, str, str]]:
    """Return (protocol, port, peer) of every rule in a direction."""
    return {
        (r["protocol"], port, peer)
        for r in found
        if r["direction"] == direction
        for port in r["ports"]
        for peer in r["peers"]
    }


def test_three_lines(tmp_path: Path) -> None:
    hosts = (
        "milestone_management_server: {hosts: {ms1: {ansible_host: 10.0.0.10}}}\n"
        "milestone_recording_server: {hosts: {rs1: {ansible_host: 10.0.0.11}}}\n"
        "milestone_smart_client: {hosts: {sc1: {ansible_host: 10.0.0.12}}}\n"
    )
    written(tmp_path, {"hosts.yml": hosts, "portmatrix.yml": PLUGIN})
    done = run("ansible-inventory", "-i", str(tmp_path), "--host", "rs1")
    found = json.loads(done.stdout)
    assert all(rule.keys() == KEYS for rule in found["portmatrix_rules"])
    assert ways(found["portmatrix_rules"]) == {("tcp", "7563", "10.0.0.12/32"), ("tcp", "9001", "10.0.0.10/32")}
    assert {"flow", "reason", "set"} == set(found["portmatrix_unresolved"][0])
    assert found["portmatrix_managed"] is True


def test_host_names_that_are_addresses(tmp_path: Path) -> None:
    found = rules(
        tmp_path, "milestone_recording_server: {hosts: {10.0.0.11: }}\nmilestone_smart_client: {hosts: {10.0.0.12: }}\n"
    )
    assert ways(found["10.0.0.11"]) == {("tcp", "7563", "10.0.0.12/32")}


def test_parts_of_one_host_are_loopback(tmp_path: Path) -> None:
    parts = ("management_server", "recording_server", "event_server", "log_server", "sql_server")
    hosts = "".join(f"milestone_{part}: {{hosts: {{aio: {{ansible_host: 10.0.0.5}}}}}}\n" for part in parts)
    found = rules(tmp_path, hosts + "milestone_smart_client: {hosts: {sc1: {ansible_host: 10.0.0.12}}}\n")
    assert ways(found["aio"], "out") == set()
    assert {port for _protocol, port, _peer in ways(found["aio"])} == {"80", "443", "7563", "22331", "22333"}
    assert {peer for _protocol, _port, peer in ways(found["aio"])} == {"10.0.0.12/32"}


def test_families(tmp_path: Path) -> None:
    hosts = (
        "milestone_recording_server:\n  hosts:\n"
        "    rs4: {ansible_host: 10.0.0.11}\n"
        '    rs6: {ansible_host: "2001:db8::11"}\n'
        '    both: {portmatrix_addresses: [10.0.0.12, "2001:db8::12"]}\n'
        'milestone_smart_client: {hosts: {sc6: {ansible_host: "2001:db8::20"}, sc46: {portmatrix_addresses: [10.0.0.21, "2001:db8::21"]}}}\n'
    )
    found = rules(tmp_path, hosts)
    assert ways(found["rs4"]) == {("tcp", "7563", "10.0.0.21/32")}
    assert ways(found["rs6"]) == {("tcp", "7563", "2001:db8::20/128"), ("tcp", "7563", "2001:db8::21/128")}
    assert ways(found["both"]) == ways(found["rs4"]) | ways(found["rs6"])
    assert ways(found["sc6"], "out") == {("tcp", "7563", "2001:db8::11/128"), ("tcp", "7563", "2001:db8::12/128")}


def test_two_sites(tmp_path: Path) -> None:
    hosts = "".join(
        f"{group}:\n  hosts:\n"
        + "".join(f"    {name}{n}: {{ansible_host: 10.0.{n}.{last}, portmatrix_site: s{n}}}\n" for n in (1, 2))
        for group, name, last in (("milestone_recording_server", "rs", 11), ("milestone_smart_client", "sc", 12))
    )
    interconnect = "milestone_remote_recording_server: {hosts: {rs2: {}}}\n"
    found = rules(tmp_path, hosts + interconnect)
    assert ways(found["rs1"]) == {("tcp", "7563", "10.0.1.12/32")}
    assert ways(found["rs2"]) == {("tcp", "7563", "10.0.2.12/32"), ("tcp", "7563", "10.0.1.11/32")}
    assert ways(found["rs1"], "out") >= {("tcp", "7563", "10.0.2.11/32")}


@pytest.mark.parametrize("where", ["hosts", "group_vars"])
def test_any_only_where_it_is_written(tmp_path: Path, where: str) -> None:
    networks = "portmatrix_networks: {milestone_mobile_client: [any], milestone_web_client: [10.8.0.0/16]}\n"
    hosts = "milestone_mobile_server: {hosts: {mob1: {ansible_host: 10.0.0.17}}}\nmilestone_management_server: {hosts: {ms1: {ansible_host: 10.0.0.10}}}\n"
    if where == "hosts":
        found = rules(tmp_path, hosts + "all: {vars: {" + networks.strip() + "}}\n")
    else:
        found = rules(tmp_path, hosts, **{"group_vars/all.yml": networks})
    by_peers = {tuple(rule["peers"]): rule["flows"] for rule in found["mob1"] if rule["direction"] == "in"}
    assert by_peers == {("any",): ["milestone.mobile.mobile_client", "milestone.mobile.web_client"]}
    assert not [rule for rule in found["ms1"] if "any" in rule["peers"]]


def test_suffixes_templates_and_extra_variables(tmp_path: Path) -> None:
    files = {
        "hosts.yml": "milestone_recording_server: {hosts: {rs1: {ansible_host: 10.0.0.11}}}\npearl_encoder: {hosts: {p1: {ansible_host: 10.0.0.41}}}\n",
        "group_vars/all.yml": (
            "office: 10.8.0.0/24\nportmatrix_networks: {milestone_smart_client: '{{ office }}'}\n"
            "portmatrix_networks_b: {milestone_smart_client: [10.9.0.0/24]}\n"
        ),
        "portmatrix.yml": PLUGIN,
    }
    written(tmp_path, files)
    done = run(
        "ansible-inventory", "-i", str(tmp_path), "--list", "-e", '{"portmatrix_parameters": {"pearl_channels": "3"}}'
    )
    found = {h: v["portmatrix_rules"] for h, v in json.loads(done.stdout)["_meta"]["hostvars"].items()}
    assert ways(found["rs1"]) == {("tcp", "7563", "10.8.0.0/24"), ("tcp", "7563", "10.9.0.0/24")}
    assert ("tcp", "554-556", "10.0.0.11/32") in ways(found["p1"])


def test_two_inventory_directories(tmp_path: Path) -> None:
    first = written(
        tmp_path / "a", {"hosts.yml": "milestone_recording_server: {hosts: {rs1: {ansible_host: 10.0.0.11}}}\n"}
    )
    second = written(
        tmp_path / "b",
        {"hosts.yml": "milestone_smart_client: {hosts: {sc1: {ansible_host: 10.0.0.12}}}\n", "z.yml": PLUGIN},
    )
    done = run("ansible-inventory", "-i", str(first), "-i", str(second), "--host", "rs1")
    assert ways(json.loads(done.stdout)["portmatrix_rules"]) == {("tcp", "7563", "10.0.0.12/32")}, done.stderr
