# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof asks what the rules say: on random sites, and case by case."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import policy, site
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import oracle, sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import (
    built,
    compiled,
    entry,
    stable,
    with_flows,
)
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.packets import inside, networks_of, ports_of

MATRIX = built()
WEB = with_flows({"id": "acme.web"})


def policies(inventory: Mapping[str, Any]) -> dict[str, Any]:
    return policy.compile_site(MATRIX, site.build(MATRIX, inventory))


def lets(rules: list[dict[str, Any]], direction: str, protocol: str, address: str, port: int) -> bool:
    """Return whether some rule lets a packet through."""
    return any(
        (rule["direction"], rule["protocol"]) == (direction, protocol)
        and port in ports_of(rule)
        and inside(networks_of([address]), networks_of(rule["peers"]))
        for rule in rules
    )


@given(sites.inventories())
@stable(200)
def test_a_port_is_open_exactly_when_the_rules_of_both_ends_say_so(inventory: dict[str, Any]) -> None:
    raw, compiled_site = oracle.Site(inventory), policies(inventory)
    for name, found in compiled_site.items():
        addresses = [str(address.network_address) for address in raw.addresses(name)]
        for row in found["expectations"]:
            assert row["source"] in addresses
            assert row["to"] != name and row["address"] not in addresses
            assert row["address"] in {str(address.network_address) for address in raw.addresses(row["to"])}
            assert row["protocol"] in ("tcp", "udp")
            assert row["open"] or row["shut"]
            assert not set(row["open"]) & set(row["shut"])
            assert (row["open"], row["shut"]) == (sorted(row["open"]), sorted(row["shut"]))
            for port in row["open"] + row["shut"]:
                assert 1 <= port <= 65535
                passes = lets(compiled_site[row["to"]]["rules"], "in", row["protocol"], row["source"], port)
                if managed(raw, name) and raw.var(name, "portmatrix_egress") == "enforce":
                    passes = passes and lets(found["rules"], "out", row["protocol"], row["address"], port)
                assert passes == (port in row["open"]), (name, row, port)


def managed(raw: oracle.Site, name: str) -> bool:
    own = raw.components(name) & set(oracle.COMPONENTS)
    appliance = bool(own) and own <= {"camera", "dome"}
    return bool(raw.var(name, "portmatrix_managed", not appliance))


@given(sites.inventories())
@stable(150)
def test_nothing_is_shut_on_hosts_that_are_not_ours_to_shut(inventory: dict[str, Any]) -> None:
    raw = oracle.Site(inventory)
    rows = [row for found in policies(inventory).values() for row in found["expectations"]]
    for row in rows:
        if not managed(raw, row["to"]):
            assert row["shut"] == []
        elif row["protocol"] == "tcp":
            assert {22, 80, 443, 8080} <= {*row["open"], *row["shut"]}


def administered(raw: oracle.Site, inventory: dict[str, Any], name: str) -> set[str]:
    """The hosts whose administrators may sit at this one."""
    found = set()
    for other in inventory:
        sources = oracle.listed(raw.var(other, "portmatrix_management_sources", []))
        networks = [ipaddress.ip_network(source) for source in sources if source != "any"]
        if any(a.version == n.version and a.subnet_of(n) for a in raw.addresses(name) for n in networks):
            found.add(other)
    return found


@given(sites.inventories())
@stable(150)
def test_every_pair_that_a_flow_joins_is_asked_and_few_others_are(inventory: dict[str, Any]) -> None:
    raw, found = oracle.Site(inventory), policies(inventory)
    named = {str(a.network_address): name for name in inventory for a in raw.addresses(name)}
    declared: dict[str, set[str]] = {name: set() for name in inventory}
    for flow, initiator, listener in raw.pairs():
        declared[initiator].add(listener)
        if "multicast" in flow or oracle.listed(flow["protocol"]) == ["igmp"] or not raw.ports(listener, flow):
            continue
        here, there = raw.addresses(initiator), raw.addresses(listener)
        if set(here) & set(there) or not {a.version for a in here} & {a.version for a in there}:
            continue
        ports = raw.ports(listener, flow) or set()
        protocols = set(oracle.listed(flow["protocol"])) - {"igmp"}
        rows = [
            row for row in found[initiator]["expectations"] if row["to"] == listener and row["protocol"] in protocols
        ]
        assert {row["protocol"] for row in rows} == protocols
        assert all(ports & set(row["open"]) for row in rows), (flow, initiator, listener)
    surplus = 0
    for name, compiled_host in found.items():
        direct = {
            named.get(peer.partition("/")[0])
            for rule in compiled_host["rules"]
            if rule["direction"] == "out"
            for peer in rule["peers"]
        }
        others = (
            {row["to"] for row in compiled_host["expectations"]}
            - declared[name]
            - direct
            - administered(raw, inventory, name)
        )
        sample = int(raw.var(name, "portmatrix_undeclared_sample", site.DEFAULT_SAMPLE))
        surplus += max(0, len(others) - sample)
    incoming = [rule for found_host in found.values() for rule in found_host["rules"] if rule["direction"] == "in"]
    assert surplus <= 2 * (2 * len(incoming) + 2 * len(found))  # what coverage may need, of both families


@given(sites.inventories())
@stable(40)
def test_the_order_of_the_inventory_changes_nothing(inventory: dict[str, Any]) -> None:
    backwards = {name: copy.deepcopy(inventory[name]) for name in reversed(inventory)}
    expected = {name: found["expectations"] for name, found in policies(inventory).items()}
    assert {name: found["expectations"] for name, found in policies(backwards).items()} == expected
    for rows in expected.values():
        assert [row["to"] for row in rows] == sorted(row["to"] for row in rows)


def asked(known: Any, name: str, **hosts: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = compiled(known, **hosts)[name]["expectations"]
    return found


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["to"] for row in rows}


def test_an_entry_in_full() -> None:
    known = with_flows({"id": "acme.x", "port": "6000-7000, 9000", "protocol": ["tcp", "udp"]})
    hosts = {"v": entry("viewer", addresses=["10.0.0.9", "10.0.0.1"]), "r": entry("recorder", addresses="10.0.0.2")}
    assert asked(known, "v", **hosts) == [
        {
            "to": "r",
            "source": "10.0.0.9",
            "address": "10.0.0.2",
            "protocol": "tcp",
            "open": [6000, 6500, 7000, 9000],
            "shut": [22, 80, 443, 5999, 7001, 8080, 8999, 9001],
        },
        {
            "to": "r",
            "source": "10.0.0.9",
            "address": "10.0.0.2",
            "protocol": "udp",
            "open": [6000, 6500, 7000, 9000],
            "shut": [161, 5999, 7001, 8999, 9001],
        },
    ]


def test_neighbours_stay_inside_the_range_of_ports() -> None:
    known = with_flows({"id": "acme.x", "port": "1, 65535"})
    (tcp, _udp) = asked(known, "v", v=entry("viewer", addresses="10.0.0.1"), r=entry("recorder", addresses="10.0.0.2"))
    assert tcp["open"] == [1, 65535]
    assert tcp["shut"] == [2, 22, 80, 443, 8080, 65534]


def test_each_family_is_asked_from_its_own_source() -> None:
    both = ["10.0.0.1", "2001:db8::1"]
    rows = asked(
        WEB, "v", v=entry("viewer", addresses=both), r=entry("recorder", addresses=["2001:db8::2", "10.0.0.2"])
    )
    assert {(row["source"], row["address"]) for row in rows} == {
        ("10.0.0.1", "10.0.0.2"),
        ("2001:db8::1", "2001:db8::2"),
    }
    assert asked(WEB, "v", v=entry("viewer", addresses="10.0.0.1"), r=entry("recorder", addresses="2001:db8::2")) == []


def test_who_has_no_address_is_not_asked_and_does_not_ask() -> None:
    hosts = {"v": entry("viewer", addresses="10.0.0.1"), "r": entry("recorder")}
    assert [found["expectations"] for found in compiled(WEB, **hosts).values()] == [[], []]


def test_ports_of_others_are_shut_to_those_who_may_not() -> None:
    hosts = {
        "v": entry("viewer", addresses="10.0.0.1"),
        "r": entry("recorder", addresses="10.0.0.2"),
        "o": entry("office", addresses="10.0.0.3"),
    }
    (row,) = [row for row in asked(WEB, "o", **hosts) if (row["to"], row["protocol"]) == ("r", "tcp")]
    assert (row["open"], row["shut"]) == ([], [22, 79, 80, 81, 443, 8080])


def test_of_an_appliance_only_the_open_ports_are_asked() -> None:
    known = with_flows({"id": "acme.x", "to": "camera"})
    hosts = {
        "v": entry("viewer", addresses="10.0.0.1"),
        "c": entry("camera", addresses="10.0.0.2"),
        "o": entry("office", addresses="10.0.0.3"),
    }
    assert [(row["open"], row["shut"]) for row in asked(known, "v", **hosts) if row["to"] == "c"] == [([80], [])]
    assert "c" not in names(asked(known, "o", **hosts))


@pytest.mark.parametrize("networks", ["any", "10.0.0.0/24", "0.0.0.0/0"])
def test_a_listener_inside_a_network_of_the_same_flow_is_asked(networks: str) -> None:
    host = entry("viewer", addresses="10.0.0.1", networks={"recorder": networks}, undeclared_sample=0)
    (row, _udp) = asked(WEB, "v", v=host, r=entry("recorder", addresses="10.0.0.2"))
    assert (row["to"], row["open"]) == ("r", [80])


def test_a_listener_inside_a_network_of_another_flow_is_asked() -> None:
    known = with_flows({"id": "acme.x"}, {"id": "acme.y", "to": "cloud", "port": "1-65535"})
    host = entry("viewer", addresses="10.0.0.1", networks={"cloud": "any"}, undeclared_sample=0)
    assert names(asked(known, "v", v=host, r=entry("recorder", addresses="10.0.0.2"))) == {"r"}


@pytest.mark.parametrize(("egress", "opened"), [("enforce", []), ("open", [80])])
def test_what_an_enforced_egress_does_not_let_out_is_shut(egress: str, opened: list[int]) -> None:
    hosts = {
        "r": entry("recorder", addresses="10.0.0.2", networks={"viewer": "10.0.0.0/24"}),
        "o": entry("office", addresses="10.0.0.3", egress=egress),
    }
    (row,) = [row for row in asked(WEB, "o", **hosts) if row["protocol"] == "tcp"]
    assert row["open"] == opened
    assert (80 in row["shut"]) == (not opened)


@pytest.mark.parametrize("sample", [0, 1, 2, 7])
def test_the_sample_is_as_large_as_the_user_says(sample: int) -> None:
    hosts = {f"o{number}": entry("office", addresses=f"10.0.1.{number}") for number in range(1, 9)}
    host = entry("viewer", addresses="10.0.0.1", undeclared_sample=sample)
    rows = asked(WEB, "v", v=host, r=entry("recorder", addresses="10.0.0.2"), **hosts)
    assert len(names(rows)) == 1 + sample


def test_a_sample_is_of_every_kind_however_many_there_are_of_one() -> None:
    kinds = [*MATRIX.components, "office"]
    few = {kind: entry(kind, addresses=f"10.0.0.{number}", managed=True) for number, kind in enumerate(kinds, 1)}
    many = {f"m{number:03}": entry("camera", addresses=f"10.1.0.{number}", managed=True) for number in range(1, 151)}
    sample = -(-4 * len(kinds) // 3)
    for hosts in (few | many, dict(sorted((few | many).items()))):
        for name in hosts:
            hosts[name]["vars"]["portmatrix_undeclared_sample"] = sample
        for name, found in compiled(WEB, **hosts).items():
            asked_of = {next(iter(hosts[other]["groups"])) for other in names(found["expectations"])}
            assert asked_of >= set(kinds) - ({name} if name in few and name != "camera" else set()), name


def test_a_sample_reaches_beyond_the_own_site() -> None:
    hosts = {f"o{number}": entry("office", addresses=f"10.0.1.{number}", site="a") for number in range(1, 20)}
    hosts |= {f"p{number}": entry("office", addresses=f"10.0.2.{number}", site="b") for number in range(1, 20)}
    reached = {name for host in hosts if host[0] == "o" for name in names(asked(WEB, host, **hosts))}
    assert {name[0] for name in reached} == {"o", "p"}


def test_samples_of_many_hosts_are_of_many_hosts() -> None:
    hosts = {
        f"o{number}": entry("office", addresses=f"10.0.1.{number}", undeclared_sample=2) for number in range(1, 31)
    }
    reached = {name for found in compiled(WEB, **hosts).values() for name in names(found["expectations"])}
    assert reached == set(hosts)


def test_ports_speak_what_all_of_their_flows_do() -> None:
    known = with_flows(
        {"id": "acme.rtsp", "port": "554-556", "protocol": ["tcp", "udp"], "speaks": "rtsp"},
        {"id": "acme.mixed", "port": 9000, "speaks": "rtsp"},
        {"id": "acme.plain", "port": 9000},
        {"id": "acme.time", "port": 1123, "protocol": "udp", "speaks": "ntp"},
    )
    hosts = {"v": entry("viewer", addresses="10.0.0.1"), "r": entry("recorder", addresses="10.0.0.2")}
    rows = {row["protocol"]: row for row in asked(known, "v", **hosts)}
    assert rows["tcp"]["speaks"] == {"554": "rtsp", "555": "rtsp", "556": "rtsp"}
    assert rows["udp"]["speaks"] == {"1123": "ntp"}
    (back,) = [row for row in asked(known, "r", **hosts) if row["protocol"] == "tcp"]
    assert "speaks" not in back
