# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_groups import Group, groups
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site_edges import Network, edges

Row = dict[str, Any]


def host(name: str, *rules: Row) -> Row:
    return {"name": name, "site": "hq", "components": [name.rstrip("0123456789")], "rules": list(rules)}


def rule(direction: str, ports: list[str], *peers: str, protocol: str = "tcp") -> Row:
    return {"direction": direction, "protocol": protocol, "ports": ports, "peers": list(peers)}


def result(initiator: str, to: str, ports: list[str], expected: str = "open", ok: bool = True) -> Row:
    return {"initiator": initiator, "to": to, "protocol": "tcp", "ports": ports, "expected": expected, "ok": ok}


def found(hosts: list[Row], *results: Row) -> list[tuple[str, str, list[tuple[str, str]]]]:
    proof = {"hosts": hosts, "results": list(results)}

    def name(end: Group | Network) -> str:
        return "+".join(end.hosts) if isinstance(end, Group) else f"{end.name} {' '.join(end.addresses)}".strip()

    return [
        (name(edge.initiator), name(edge.listener), [(service.text, outcome) for service, outcome in edge.services])
        for edge in edges(proof, groups(hosts))
    ]


def test_rules_of_both_ends_are_one_edge_between_groups() -> None:
    hosts = [
        host("cam1", rule("in", ["554"], "rs1")),
        host("cam2", rule("in", ["80"], "rs1")),
        host("rs1", rule("out", ["554"], "cam1")),
    ]
    assert found(hosts) == [("rs1", "cam1+cam2", [("tcp 80, 554", "unproven")])]


def test_a_port_is_as_declared_when_every_answer_was() -> None:
    hosts = [host("rs1", rule("in", ["554", "6000-6010"], "es1", "es2")), host("es1"), host("es2")]
    good = result("es1", "rs1", ["554", "6000", "6005"])
    assert found(hosts, good) == [("es1+es2", "rs1", [("tcp 554, 6000-6010", "declared")])]
    bad = result("es2", "rs1", ["554"], ok=False)
    assert found(hosts, good, bad) == [("es1+es2", "rs1", [("tcp 6000-6010", "declared"), ("tcp 554", "different")])]


def test_what_is_open_and_not_declared_is_an_edge_of_its_own() -> None:
    hosts = [host("rs1"), host("guest1")]
    assert found(hosts, result("guest1", "rs1", ["80"], "shut")) == []
    assert found(hosts, result("guest1", "rs1", ["80", "443"], "shut", ok=False)) == [
        ("guest1", "rs1", [("tcp 80, 443", "leak")])
    ]


def test_networks_of_one_name_or_of_the_same_addresses_are_one() -> None:
    hosts = [
        host("rs1", rule("in", ["22"], "administrators (10.0.9.0/24)"), rule("in", ["80"], "clients (10.0.5.0/24)")),
        host(
            "rs2",
            rule("in", ["22"], "administrators (10.0.9.0/24, 2001:db8:9::/64)"),
            rule("in", ["81"], "people/clients (10.0.5.0/24)"),
        ),
        host("es1", rule("out", ["53"], "10.0.0.0/24")),
    ]
    assert found(hosts) == [
        ("es1", "10.0.0.0/24", [("tcp 53", "unproven")]),
        ("administrators 10.0.9.0/24 2001:db8:9::/64", "rs1+rs2", [("tcp 22", "unproven")]),
        ("clients/people 10.0.5.0/24", "rs1+rs2", [("tcp 80-81", "unproven")]),
    ]


def test_hosts_that_share_an_address_are_an_end_each() -> None:
    hosts = [host("rs1", rule("in", ["22"], "a1/b1")), host("a1"), host("b1")]
    assert [edge[0] for edge in found(hosts)] == ["a1", "b1"]


def test_a_protocol_without_ports_is_never_proven() -> None:
    hosts = [host("rs1", rule("in", [], "es1", protocol="igmp")), host("es1")]
    assert found(hosts) == [("es1", "rs1", [("igmp", "unproven")])]


def test_results_of_hosts_that_are_not_part_of_the_proof_have_no_edge() -> None:
    assert found([host("rs1")], result("elsewhere", "rs1", ["80"], "shut", ok=False)) == []
