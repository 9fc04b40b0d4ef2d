# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import addresses, matrix, policy, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.network_ways import (
    Cause,
    Way,
    Ways,
    compatible,
    lines,
    needed,
    without,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peer_names import PeerNames
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, stable

MATRIX = built()
DATA = matrix.as_data(MATRIX)
GROUPS = {flow["id"] for flow in DATA["flows"] if "multicast" in flow}
ELSEWHERE = [
    "10.9.0.1",
    "10.9.0.200",
    "192.0.2.1",
    "2001:db8::99",
    "198.51.100.7",
    "2001:db8:c::7",
    "239.9.9.9",
    "ff05::9",
]
PROBES = [*sites.ADDRESSES, *ELSEWHERE]


def policies(inventory: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Compile, with one site of all hosts: what the sites' names do is another test's."""
    found = site.build(MATRIX, inventory)
    return {
        name: {**compiled, "addresses": [address.text.partition("/")[0] for address in found.hosts[name].addresses]}
        for name, compiled in policy.compile_site(MATRIX, found).items()
    }


def ways_of(compiled: Mapping[str, Any], hosts: Collection[str] | None = None) -> Ways:
    return needed(PeerNames(compiled, DATA), hosts)[0]


def covers(peers: Collection[str], address: str) -> bool:
    one = addresses.network(address)
    found = map(addresses.network, peers)
    return any(n is addresses.ANY or (n.version == one.version and n.first <= one.first <= n.last) for n in found)


def packets_of(ways: Ways) -> set[tuple[str, str, str, int]]:
    """Return (source, destination, protocol, port) of the probes that the lines of a request let through."""
    found = set()
    for line in lines(ways):
        sources = [probe for probe in PROBES if covers(line.source_addresses, probe)]
        destinations = [probe for probe in PROBES if covers(line.destination_addresses, probe)]
        for source, destination in itertools.product(sources, destinations):
            if compatible(source, destination) and source != destination:
                found.update((source, destination, line.protocol, p) for low, high in line.ports for p in (low, high))
    return found


def rules_of(
    compiled: Mapping[str, Any], direction: str, hosts: Collection[str] | None
) -> Iterator[tuple[str, dict[str, Any], list[tuple[int, int]]]]:
    for name in compiled if hosts is None else sorted(hosts & compiled.keys()):
        for rule in compiled[name]["rules"]:
            if rule["direction"] == direction and rule["protocol"] != "igmp":
                yield name, rule, [port_ranges.parse_range(text) for text in rule["ports"]]


def expected(compiled: Mapping[str, Any], hosts: Collection[str] | None = None) -> set[tuple[str, str, str, int]]:
    """Return what the rules of hosts (None: all) let through from one probe to another, by the ends of their ranges."""
    found = permitted(compiled, hosts)
    return {(*way, port) for *way, pair in found for port in pair if way[0] != way[1]}


def permitted(
    compiled: Mapping[str, Any], hosts: Collection[str] | None = None
) -> Iterator[tuple[str, str, str, tuple[int, int]]]:
    """Yield the same with ranges, one rule at a time."""
    known = {address for entry in compiled.values() for address in entry["addresses"]}
    for name, rule, ports in rules_of(compiled, "in", hosts):
        grouped = all(flow in GROUPS for flow in rule["flows"])
        for source, destination, pair in itertools.product(PROBES, compiled[name]["addresses"], ports):
            by_name = source in known and f"{source}/{128 if ':' in source else 32}" in rule["peers"]
            if compatible(source, destination) and covers(rule["peers"], source) and not (grouped and by_name):
                yield source, destination, rule["protocol"], pair
    for name, rule, ports in rules_of(compiled, "out", hosts):
        for source, destination, pair in itertools.product(compiled[name]["addresses"], PROBES, ports):
            if compatible(source, destination) and covers(rule["peers"], destination):
                yield source, destination, rule["protocol"], pair


@given(sites.inventories())
@stable(60)
def test_lines_let_through_what_the_hosts_rules_do(inventory: dict[str, Any]) -> None:
    compiled = policies(inventory)
    ways = ways_of(compiled)
    asked = lines(ways)
    for source, destination, protocol, port in expected(compiled):
        assert any(
            line.protocol == protocol
            and covers(line.source_addresses, source)
            and covers(line.destination_addresses, destination)
            and any(low <= port <= high for low, high in line.ports)
            for line in asked
        ), (source, destination, protocol, port)
    allowed: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for source, destination, protocol, pair in permitted(compiled):
        allowed.setdefault((source, destination, protocol), []).append(pair)
    for source, destination, protocol, port in packets_of(ways):
        assert any(low <= port <= high for low, high in allowed[source, destination, protocol])


@given(sites.inventories())
@stable(60)
def test_lines_say_the_ways_and_no_others_once(inventory: dict[str, Any]) -> None:
    ways = ways_of(policies(inventory))
    found: dict[Way, list[Any]] = {}
    for line in lines(ways):
        for source, destination in itertools.product(line.source_addresses, line.destination_addresses):
            if compatible(source, destination):
                way = Way(line.source, source, line.destination, destination, line.protocol)
                found.setdefault(way, []).append(line.ports)
    assert found.keys() == ways.keys()
    for way, ports in found.items():
        assert ports == [tuple(port_ranges.merge(pair for cause in ways[way] for pair in cause.ports))]


@given(sites.inventories(), st.sets(st.sampled_from(sites.NAMES), max_size=3))
@stable(60)
def test_some_hosts_are_asked_for_with_what_they_need(inventory: dict[str, Any], hosts: set[str]) -> None:
    compiled = policies(inventory)
    everything = packets_of(ways_of(compiled))
    part = packets_of(ways_of(compiled, hosts))
    assert part <= everything
    shown = {packet[:3] for packet in part}
    assert {packet[:3] for packet in expected(compiled, hosts)} <= shown


@given(sites.inventories(), sites.inventories())
@stable(40)
def test_differences_lead_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    def ports(ways: Ways) -> set[tuple[Way, int]]:
        return {
            (w, p)
            for w, causes in ways.items()
            for cause in causes
            for low, high in cause.ports
            for p in range(low, high + 1)
        }

    old, new = ways_of(policies(before)), ways_of(policies(after))
    added, removed = ports(without(new, old)), ports(without(old, new))
    assert ports(old) - removed | added == ports(new)
    assert not added & ports(old)
    assert not removed & ports(new)


def ways(*texts: str, ports: tuple[int, int] = (80, 80)) -> Ways:
    return {
        Way("a", *text.split(">")[:1], "b", text.split(">")[1], "tcp"): [Cause((ports,), "why", ("f",))]
        for text in texts
    }


def sides(found: Ways) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(line.source_addresses, line.destination_addresses) for line in lines(found)]


def test_both_families_share_a_line() -> None:
    assert sides(ways("10.0.0.10>10.0.0.2", "10.0.0.9>10.0.0.2", "2001:db8::1>2001:db8::2")) == [
        (("10.0.0.9", "10.0.0.10", "2001:db8::1"), ("10.0.0.2", "2001:db8::2"))
    ]


def test_what_is_no_rectangle_is_several_lines() -> None:
    assert sides(ways("10.0.0.1>10.0.0.2", "10.0.0.3>10.0.0.4")) == [
        (("10.0.0.1",), ("10.0.0.2",)),
        (("10.0.0.3",), ("10.0.0.4",)),
    ]


def test_other_ports_are_another_line() -> None:
    found = {**ways("10.0.0.1>10.0.0.2"), **ways("2001:db8::1>2001:db8::2", ports=(80, 81))}
    assert [(line.source_addresses, line.ports) for line in lines(found)] == [
        (("10.0.0.1",), ((80, 80),)),
        (("2001:db8::1",), ((80, 81),)),
    ]


def test_without_is_exact_to_the_port() -> None:
    wide, narrow = ways("any>10.0.0.2", ports=(80, 90)), ways("any>10.0.0.2", ports=(83, 84))
    [[left]] = list(without(wide, narrow).values())
    assert left.ports == ((80, 82), (85, 90))
    assert without(narrow, wide) == {}
    assert without(wide, {}) == wide
