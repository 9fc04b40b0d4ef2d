# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every end of every range is seen from both sides, and every listener by strangers: on random sites, and case by case."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import addresses, coverage, policy, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peers import Peers
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import oracle, sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import (
    built,
    compiled,
    entry,
    stable,
    with_flows,
)

MATRIX = built()
WEB = with_flows({"id": "acme.web"})


class Asker(NamedTuple):
    """A host whose egress does not hide what a listener does, and the address of one family that it asks from."""

    name: str
    source: Any
    place: str
    asks_undeclared: bool


class Random:
    """A random site, and what the compiler makes of it, looked at pair by pair."""

    def __init__(self, inventory: dict[str, Any]) -> None:
        self.raw = oracle.Site(inventory)
        self.inventory = inventory
        self.found = policy.compile_site(MATRIX, site.build(MATRIX, inventory))

    def place(self, name: str) -> str:
        return self.raw.var(name, "portmatrix_site", "")

    def managed(self, name: str) -> bool:
        own = self.raw.components(name) & set(oracle.COMPONENTS)
        return self.raw.var(name, "portmatrix_managed", not (own and own <= {"camera", "dome"}))

    def askers(self, listener: str, version: int) -> Iterator[Asker]:
        """Yield who could ask a listener at its addresses of one family."""
        there = [address for address in self.raw.addresses(listener) if address.version == version]
        for name in self.inventory:
            here = [address for address in self.raw.addresses(name) if address.version == version]
            if name == listener or not here or not set(there) - set(self.raw.addresses(name)):
                continue
            if not (self.raw.var(name, "portmatrix_egress") == "enforce" and self.managed(name)):
                sample = int(self.raw.var(name, "portmatrix_undeclared_sample", site.DEFAULT_SAMPLE))
                yield Asker(name, here[0], self.place(name), sample > 0)

    def asked(self, asker: Asker, listener: str, protocol: str) -> set[int]:
        """Return the ports of a protocol that somebody asks a listener for, from that very address."""
        return {
            port
            for row in self.found[asker.name]["expectations"]
            if (row["to"], row["protocol"], row["source"]) == (listener, protocol, str(asker.source.network_address))
            for port in (*row["open"], *row["shut"])
        }


def admits(rule: dict[str, Any], asker: Asker) -> bool:
    networks = [ipaddress.ip_network(peer) for peer in rule["peers"] if peer != "any"]
    return "any" in rule["peers"] or any(
        network.version == asker.source.version and asker.source.subnet_of(network) for network in networks
    )


def ends(rule: dict[str, Any]) -> set[int]:
    """Return the ports at both sides of where each range of a rule begins and ends."""
    pairs = [(int(text.partition("-")[0]), int(text.rpartition("-")[2])) for text in rule["ports"]]
    return {port for low, high in pairs for port in (low - 1, low, high, high + 1)} - {0, 65536}


@given(sites.inventories())
@stable(150)
def test_every_end_of_every_range_is_asked_from_both_sides(inventory: dict[str, Any]) -> None:
    random = Random(inventory)
    for listener in filter(random.managed, inventory):
        rules = [
            rule
            for rule in random.found[listener]["rules"]
            if rule["direction"] == "in" and rule["protocol"] in ("tcp", "udp")
        ]
        for version in {address.version for address in random.raw.addresses(listener)}:
            askers = list(random.askers(listener, version))
            for rule in rules:
                inside = [asker for asker in askers if admits(rule, asker)]
                outside = [asker for asker in askers if not admits(rule, asker) and asker.asks_undeclared]
                for side in filter(None, (inside, outside)):
                    seen = [random.asked(asker, listener, rule["protocol"]) for asker in side]
                    assert any(ends(rule) <= ports for ports in seen), (listener, rule, side)


@given(sites.inventories())
@stable(150)
def test_every_listener_is_asked_by_strangers_of_its_own_and_of_another_site(inventory: dict[str, Any]) -> None:
    random = Random(inventory)
    for listener in filter(random.managed, inventory):
        rules = [rule for rule in random.found[listener]["rules"] if rule["direction"] == "in" and rule["ports"]]
        for version in {address.version for address in random.raw.addresses(listener)}:
            strangers = [
                asker
                for asker in random.askers(listener, version)
                if asker.asks_undeclared and not any(admits(rule, asker) for rule in rules)
            ]
            near = [asker for asker in strangers if asker.place == random.place(listener)]
            far = [asker for asker in strangers if asker.place != random.place(listener)]
            for group in filter(None, (near, far)):
                for protocol in ("tcp", "udp"):
                    assert any(random.asked(asker, listener, protocol) for asker in group), (listener, group)


def who_asks(found: dict[str, Any], listener: str) -> set[str]:
    return {name for name in found for row in found[name]["expectations"] if row["to"] == listener}


def test_a_large_site_whose_samples_are_small_has_a_stranger_for_everybody() -> None:
    """One of a kind among many others is in few samples, so that nobody may have drawn it."""
    hosts = {f"o{number:03}": entry("office", addresses=f"10.0.1.{number}", site="a") for number in range(1, 200)}
    hosts |= {f"p{number}": entry("office", addresses=f"10.0.2.{number}", site="b") for number in range(1, 4)}
    for host in hosts.values():
        host["vars"]["portmatrix_undeclared_sample"] = 1
    found = compiled(WEB, **hosts)
    for listener in hosts:
        assert {name[0] for name in who_asks(found, listener)} == {"o", "p"}, listener
    pairs = sum(len({row["to"] for row in each["expectations"]}) for each in found.values())
    assert pairs <= 3 * len(hosts)


def test_a_host_inside_a_network_that_may_is_asked_to_try() -> None:
    hosts = {
        "r": entry("recorder", addresses="10.0.0.2", networks={"viewer": "10.0.1.0/24"}),
        "w": entry("office", addresses="10.0.1.7", undeclared_sample=0),
        "x": entry("office", addresses="10.0.2.7", undeclared_sample=0),
    }
    found = compiled(WEB, **hosts)
    assert who_asks(found, "r") == {"w"}
    assert [row["open"] for row in found["w"]["expectations"] if row["protocol"] == "tcp"] == [[80]]


def test_an_end_inside_another_rule_is_asked() -> None:
    """The viewer's range lies inside the branch's: one port more for the viewer is one that the branch has anyway."""
    known = with_flows(
        {"id": "acme.wide", "from": "branch", "port": "6000-7000"},
        {"id": "acme.narrow", "port": "6500-6600"},
    )
    hosts = {
        "v": entry("viewer", addresses="10.0.0.1"),
        "b": entry("branch", addresses="10.0.0.3"),
        "r": entry("recorder", addresses="10.0.0.2"),
    }
    rows = compiled(known, **hosts)["v"]["expectations"]
    (row,) = [row for row in rows if (row["to"], row["protocol"]) == ("r", "tcp")]
    assert {6499, 6601} <= set(row["shut"])
    assert {6500, 6600} <= set(row["open"])


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        ([], 1),
        (["any"], 1),
        (["10.0.0.0/8"], 1),
        (["10.0.0.0/9 10.128.0.0/9"], 1),
        (["10.0.1.0/30"], 2),
        (["10.0.2.1"], 2),
        (["10.0.9.0/24"], 1),
        (["2001:db8::/32"], 1),
        (["10.0.1.0/24", "10.0.2.0/24"], 2),
        (["10.0.1.0/24", "any"], 2),
    ],
)
def test_as_few_are_added_as_it_takes(rules: list[str], count: int) -> None:
    """One stranger, where there is one; and for each rule one whom it lets in, and one whom it does not."""
    hosts = {f"o{number}": entry("office", addresses=f"10.0.1.{number}") for number in range(1, 9)}
    hosts["p"] = entry("office", addresses="10.0.2.1")
    found = site.build(MATRIX, {**hosts, "r": entry("recorder", addresses="10.0.0.2")})
    admitted = {**dict.fromkeys(found.hosts, ()), "r": [Peers(map(addresses.network, rule.split())) for rule in rules]}
    pairs = coverage.additions(found, admitted, dict.fromkeys(found.hosts, ()))
    assert len([initiator for initiator, listener in pairs if listener == "r"]) == count


def test_who_cannot_send_does_not_count() -> None:
    hosts = {
        "r": entry("recorder", addresses="10.0.0.2"),
        "a": entry("office", addresses="10.0.0.3", egress="enforce", undeclared_sample=2),
        "b": entry("office", addresses="10.0.0.4", undeclared_sample=1),
        "c": entry("office", addresses="10.0.0.5", undeclared_sample=1),
        "d": entry("office", addresses="10.0.0.6", undeclared_sample=1),
    }
    found = compiled(WEB, **hosts)
    for listener in hosts:
        assert who_asks(found, listener) - {"a"}, listener
