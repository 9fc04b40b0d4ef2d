# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_counters, nft_script, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import audit, policy, site
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, entry, lines, stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.packets import inside, networks_of, ports_of

MATRIX = built()
R1, R2, V1, V2, M1 = "10.0.0.1", "10.0.0.2", "10.0.0.11", "10.0.0.12", "10.0.0.60"
SITE = {
    "r1": entry("recorder", ansible_host=R1),
    "r2": entry("recorder", ansible_host=R2),
    "v1": entry("viewer", ansible_host=V1),
    "v2": entry("viewer", ansible_host=V2),
    "m1": entry("monitoring", ansible_host=M1, networks={"printer": ["10.0.9.0/24", "2001:db8:9::/64"]}),
}


VIEWER = {"component": "viewer", "explains": 1, "in_site": True, "flows": ["acme.recorder.media"]}


def row(peer: str, protocol: str = "tcp", port: int = 9182, **other: Any) -> dict[str, Any]:
    usual = {"direction": "in", "cast": "unicast", "packets": 1, "bytes": 60}
    return {**usual, "peer": peer, "protocol": protocol, "port": port, **other}


def result(*seen: dict[str, Any], **other: Any) -> dict[str, Any]:
    empty = {"mode": "audit", "egress": "allow", "rules": [], "overflow": 0, "invalid": 0}
    return {**empty, "seen": list(seen), **other}


def rules_of(inventory: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    compiled = policy.compile_site(MATRIX, site.build(MATRIX, inventory))
    return {name: entry["rules"] for name, entry in compiled.items()}


def report(inventory: Mapping[str, Any] | None = None, /, **results: Any) -> dict[str, Any]:
    inventory = SITE if inventory is None else inventory
    return audit.evaluate(MATRIX, site.build(MATRIX, inventory), rules_of(inventory), results)


def pasted(inventory: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The inventory with what the report offers."""
    after = copy.deepcopy(dict(inventory))
    for group, host in found["groups"].items():
        after[host]["groups"].append(group)
    for host in after.values():
        host["vars"]["portmatrix_flows_audit"] = [entry["flow"] for entry in found["flows"]]
        for number, stranger in enumerate(found["unknown"]):
            if stranger["networks"]:
                host["vars"][f"portmatrix_networks_audit{number}"] = stranger["networks"]
    return after


def named(found: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (*(entry["flow"][key] for key in ("from", "to", "protocol", "port")), entry["packets"])
        for entry in found["flows"]
    ]


def test_a_component_is_named_where_all_of_it_was_seen() -> None:
    found = report(r1=result(row(M1, packets=3)), r2=result(row(M1, packets=4)))
    assert named(found) == [(["monitoring"], ["recorder"], ["tcp"], 9182, 7)]
    assert found["groups"] == {}
    assert found["flows"][0]["pairs"] == ["m1 -> r1", "m1 -> r2"]
    assert found["flows"][0]["flow"]["id"] == "audit.recorder.monitoring.tcp_9182"
    after = rules_of(pasted(SITE, found))
    assert f"in tcp 9182 < {M1}/32" in lines(after["r1"]) and f"in tcp 9182 < {M1}/32" in lines(after["r2"])


def test_where_not_all_of_it_was_seen_a_group_of_just_those_is_made() -> None:
    found = report(r1=result(row(M1), row(V1, port=8000)))
    assert named(found) == [
        (["audit_v1"], ["audit_r1"], ["tcp"], 8000, 1),
        (["monitoring"], ["audit_r1"], ["tcp"], 9182, 1),
    ]
    assert found["groups"] == {"audit_r1": "r1", "audit_v1": "v1"}
    after = rules_of(pasted(SITE, found))
    assert f"in tcp 8000 < {V1}/32" in lines(after["r1"])
    assert not any("8000" in line or "9182" in line for line in lines(after["r2"]))


def test_only_contiguous_ports_become_a_range() -> None:
    found = report(r1=result(*(row(M1, port=port) for port in (80, 81, 82, 84))))
    assert [entry["flow"]["port"] for entry in found["flows"]] == ["80-82", 84]
    assert [entry["packets"] for entry in found["flows"]] == [3, 1]


def test_both_ends_count_the_same_packets() -> None:
    seen = report(r1=result(row(M1, packets=5)), m1=result(row(R1, direction="out", packets=6), egress="enforce"))
    assert [entry["packets"] for entry in seen["flows"]] == [6]
    assert seen["flows"][0]["pairs"] == ["m1 -> r1"]


def test_what_is_declared_by_now_is_left_out() -> None:
    assert report(r1=result(row(V1, port=7563)))["flows"] == []
    assert named(report(v1=result(row(R1, port=7563))))
    assert report(v1=result(row(R1, port=7563, direction="out")))["flows"] == []


def test_a_network_is_called_by_its_component() -> None:
    found = report(m1=result(row("10.0.9.7"), row("10.0.9.8"), row("2001:db8:9::7")))
    assert named(found) == [(["printer"], ["monitoring"], ["tcp"], 9182, 2)]
    assert [stranger["peer"] for stranger in found["unknown"]] == ["2001:db8:9::7"]
    assert "m1 has no address of IPv6" in found["warnings"][0]
    assert "in tcp 9182 < 10.0.9.0/24" in lines(rules_of(pasted(SITE, found))["m1"])


def test_a_network_that_shares_its_component_with_hosts_is_left_to_a_person() -> None:
    inventory = {**SITE, "p1": entry("printer", ansible_host="10.0.0.90")}
    found = report(inventory, m1=result(row("10.0.9.7", packets=2)))
    assert found["flows"] == [] and found["groups"] == {}
    assert [(stranger["peer"], stranger["seen"][0]["packets"]) for stranger in found["unknown"]] == [("10.0.9.7", 2)]


def test_any_maps_nobody() -> None:
    inventory = {**SITE, "r1": entry("recorder", ansible_host=R1, networks={"viewer": "any"})}
    found = report(inventory, r1=result(row("192.0.2.1")))
    assert found["flows"] == [] and [stranger["peer"] for stranger in found["unknown"]] == ["192.0.2.1"]


def test_an_unknown_peer_may_be_what_would_be_allowed() -> None:
    found = report(r1=result(row("192.0.2.1", port=7563)), r2=result(row("192.0.2.1", port=9182)))
    (stranger,) = found["unknown"]
    assert stranger["candidates"] == [VIEWER]
    assert stranger["networks"] == {"viewer": ["192.0.2.1"]}
    assert [(seen["host"], seen["ports"]) for seen in stranger["seen"]] == [("r1", ["7563"]), ("r2", ["9182"])]
    assert "in tcp 7563 < 10.0.0.11/32 10.0.0.12/32 192.0.2.1/32" in lines(rules_of(pasted(SITE, found))["r1"])


def test_nothing_is_suggested_for_noise_or_for_what_nobody_would_allow() -> None:
    found = report(r1=result(row("192.0.2.1"), row("fe80::1", "udp", 5353, cast="multicast")))
    assert [stranger["networks"] for stranger in found["unknown"]] == [{}, {}]
    assert found["unknown"][1]["seen"][0]["flags"] == ["link_local", "mdns", "multicast"]


def test_noise_is_flagged_and_comes_last() -> None:
    found = report(r1=result(row(M1, "udp", 1900, cast="multicast"), row(M1, port=51000), row(M1)))
    assert [entry["flags"] for entry in found["flows"]] == [[], ["ephemeral"], ["multicast", "ssdp"]]


def test_igmp_has_no_port_and_what_no_flow_can_say_is_apart() -> None:
    found = report(r1=result(row(M1, "igmp", 0), row(M1, "sctp", 0, packets=9), row(M1, "tcp", 0)))
    assert [entry["flow"]["port"] for entry in found["flows"]] == ["-"]
    assert "in igmp < 10.0.0.60/32" in lines(rules_of(pasted(SITE, found))["r1"])
    assert [(other["protocol"], other["packets"]) for other in found["other"]] == [("sctp", 9), ("tcp", 1)]


def test_sites_are_kept_apart() -> None:
    inventory = copy.deepcopy(SITE)
    for name in ("r2", "v2"):
        inventory[name]["vars"]["portmatrix_site"] = "south"
    found = report(inventory, r1=result(row(V2), row(V1, port=8000)), r2=result(row(V2, port=8000)))
    assert [(entry["flow"]["from"], entry["flow"].get("scope")) for entry in found["flows"]] == [
        (["audit_v2"], "across_sites"),
        (["viewer"], None),
    ]
    after = rules_of(pasted(inventory, found))
    assert "in tcp 9182 < 10.0.0.12/32" in lines(after["r1"]) and "in tcp 8000 < 10.0.0.11/32" in lines(after["r1"])
    assert not any("9182" in line for line in lines(after["r2"]))


def test_an_id_is_never_used_twice() -> None:
    inventory = copy.deepcopy(SITE)
    flow = {"id": "audit.recorder.monitoring.tcp_9182", "from": "viewer", "to": "printer", "protocol": "tcp", "port": 1}
    inventory["v1"]["vars"]["portmatrix_flows"] = [flow]
    found = report(inventory, r1=result(row(M1)), r2=result(row(M1)))
    assert [entry["flow"]["id"] for entry in found["flows"]] == ["audit.recorder.monitoring.tcp_9182_2"]
    rules_of(pasted(inventory, found))


def counted(rules: list[dict[str, Any]], **packets: int) -> list[dict[str, Any]]:
    """The rules as the kernel counts them: ``packets`` by flow, 0 otherwise."""
    table = nft_script.policy(policy_rules.checked(rules), "enforce", "audit")
    return [
        {
            "direction": direction,
            "match": nft_counters.match_of(line),
            "flows": list(line.flows[:1]),
            "hidden": len(line.flows) - 1,
            "packets": packets.get(line.flows[0].replace(".", "_"), 0),
            "bytes": 0,
        }
        for chain, direction in nft_script.CHAINS.items()
        for line in table.chains[chain].lines
        if line.flows
    ]


def test_declared_but_never_seen() -> None:
    rules = rules_of(SITE)["r1"]
    kernel = counted(rules, acme_recorder_media=3)
    found = report(r1=result(rules=kernel, egress="enforce"))
    assert found["never_seen"] == {"r1": ["acme.cloud.vpn", "acme.recorder.peer"]}
    assert found["warnings"] == []
    only_in = [rule for rule in kernel if rule["direction"] == "in"]
    assert report(r1=result(rules=only_in))["never_seen"] == {"r1": ["acme.recorder.peer"]}


def test_a_flow_that_shares_its_rule_is_not_called_unseen() -> None:
    shared = [
        {
            "direction": "in",
            "protocol": "tcp",
            "ports": ["80"],
            "peers": [M1],
            "flows": [f"a.long.flow{'x' * 60}{number}" for number in range(3)],
            "reason": "",
        }
    ]
    known = site.build(MATRIX, SITE)
    found = audit.evaluate(MATRIX, known, {"r1": shared}, {"r1": result(rules=counted(shared))})
    assert found["never_seen"] == {"r1": shared[0]["flows"]}
    kernel = [{**rule, "packets": 1} for rule in counted(shared)]
    assert audit.evaluate(MATRIX, known, {"r1": shared}, {"r1": result(rules=kernel)})["never_seen"] == {}


def test_warnings() -> None:
    found = report(r1=result(overflow=7), r2=result(mode="enforce"), v1=result(rules=counted(rules_of(SITE)["v1"])))
    assert found["warnings"] == [
        "r1 has not yet got 2 of its rules: apply its policy",
        "r1: 7 packets did not fit in the list, so it is not complete",
        "r2 has not yet got 2 of its rules: apply its policy",
        "r2 enforces its policy: what is not declared is dropped there, and not listed",
    ]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"nobody": result()}, "'nobody' is not a host of the inventory"),
        ({"r1": {"unreachable": True}}, "r1: the result of policy_counters has no 'mode'"),
    ],
)
def test_wrong_results(results: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        report(**results)


PEERS = [*sites.ADDRESSES, "10.9.0.9", "10.9.0.200", "198.51.100.7", "192.0.2.1"]
ROWS = st.builds(
    row,
    st.sampled_from(PEERS),
    st.sampled_from(["tcp", "tcp", "udp", "igmp"]),
    st.sampled_from([25, 80, 81, 7563, 40000]),
    direction=st.sampled_from(["in", "in", "out"]),
)


@given(sites.inventories(), st.dictionaries(st.sampled_from(sites.NAMES), st.lists(ROWS, max_size=6), min_size=1))
@stable(400)
def test_what_is_pasted_allows_what_was_seen_and_nothing_else(inventory: dict[str, Any], seen: dict[str, Any]) -> None:
    seen = {
        name: [{**one, "port": 0 if one["protocol"] == "igmp" else one["port"]} for one in rows]
        for name, rows in seen.items()
        if name in inventory
    }
    results = {name: result(*rows, egress="enforce") for name, rows in seen.items()}
    known = site.build(MATRIX, inventory)
    before = rules_of(inventory)
    found = audit.evaluate(MATRIX, known, before, results)
    found["unknown"] = [{**stranger, "networks": {}} for stranger in found["unknown"]]
    after = rules_of(pasted(inventory, found))
    unknown = {stranger["peer"] for stranger in found["unknown"]}
    own = {name: {address.text.partition("/")[0] for address in host.addresses} for name, host in known.hosts.items()}
    for name, rows in seen.items():
        for one in rows:
            if one["peer"] not in unknown and one["peer"] not in own[name]:
                assert accepts(after[name], one), (name, one)
    may = dict.fromkeys(inventory, frozenset())
    pairs = [tuple(pair.split(" -> ")) for entry in found["flows"] for pair in entry["pairs"]]
    services = [entry["flow"] for entry in found["flows"] for _pair in entry["pairs"]]
    for (initiator, listener), flow in zip(pairs, services, strict=True):
        low, _dash, high = str(flow["port"]).partition("-")
        ports = [None] if flow["protocol"] == ["igmp"] else range(int(low), int(high or low) + 1)
        for host, other, direction in ((listener, initiator, "in"), (initiator, listener, "out")):
            if host in inventory:
                may[host] |= {(direction, flow["protocol"][0], port, other) for port in ports}
    for name, rules in after.items():
        for rule in rules:
            for port in ports_of(rule):
                for peer in rule["peers"]:
                    allowed = [
                        address
                        for direction, protocol, number, other in may[name]
                        if (direction, protocol, number) == (rule["direction"], rule["protocol"], port)
                        for address in addresses_of(known, name, other)
                    ]
                    allowed += [
                        text
                        for old in before[name]
                        if (old["direction"], old["protocol"]) == (rule["direction"], rule["protocol"])
                        and port in ports_of(old)
                        for text in old["peers"]
                    ]
                    assert inside(networks_of([peer]), networks_of(allowed)), (name, rule, port, peer)


def accepts(rules: list[dict[str, Any]], one: Mapping[str, Any]) -> bool:
    peer = ipaddress.ip_network(one["peer"])
    return any(
        (rule["direction"], rule["protocol"]) == (one["direction"], one["protocol"])
        and (one["port"] or None) in ports_of(rule)
        and inside({peer}, networks_of(rule["peers"]))
        for rule in rules
    )


def addresses_of(known: site.Site, host: str, other: str) -> list[str]:
    """The addresses of a host, or of the network of a component as another host's variables give it."""
    if other in known.hosts:
        return [address.text for address in known.hosts[other].addresses]
    given = known.hosts[host].networks.get(other)
    return [n.text for n in given] if given is not None else MATRIX.components[other].get("networks", [])
