# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host's rules let through what the naive answer of oracle.py says, and are as short as they can be."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import policy, site
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import oracle, sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.packets import (
    address_order,
    atoms_of,
    covered,
    inside,
    lists,
    networks_of,
    space,
    spans,
)

MATRIX = built()


def policies(inventory: Mapping[str, Any]) -> dict[str, Any]:
    return policy.compile_site(MATRIX, site.build(MATRIX, inventory))


def rules_of(inventory: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: compiled["rules"] for name, compiled in policies(inventory).items()}


@given(sites.inventories())
@stable(300)
def test_rules_let_through_what_the_naive_answer_says_and_nothing_else(inventory: dict[str, Any]) -> None:
    expected = oracle.Site(inventory).atoms()
    for name, rules in rules_of(inventory).items():
        assert space(atoms_of(rules)) == space(expected[name]), name


@given(sites.inventories())
@stable(100)
def test_rules_name_the_flows_that_they_serve(inventory: dict[str, Any]) -> None:
    expected = oracle.Site(inventory).atoms()
    for name, rules in rules_of(inventory).items():
        for atom in expected[name]:
            assert any(lists(rule, atom) for rule in rules), atom
        for rule in rules:
            for flow in rule["flows"]:
                assert any(lists(rule, atom) for atom in expected[name] if atom.flow == flow), (rule, flow)


@given(sites.inventories())
@stable(150)
def test_rules_are_in_their_shortest_form(inventory: dict[str, Any]) -> None:
    for name, rules in rules_of(inventory).items():
        own = {str(address) for address in oracle.Site(inventory).addresses(name)}
        for rule in rules:
            assert rule["flows"] == sorted(set(rule["flows"])) and rule["flows"]
            assert rule["peers"] and (rule["peers"] == ["any"] or "any" not in rule["peers"])
            assert not own.intersection(rule["peers"])
            assert bool(rule["ports"]) != (rule["protocol"] == "igmp")
            assert rule["peers"] == sorted(rule["peers"], key=address_order)
            assert spans(rule) == sorted(spans(rule))
            assert all(after[0] > before[1] + 1 for before, after in zip(spans(rule), spans(rule)[1:], strict=False))
            networks = [networks_of([peer]) for peer in rule["peers"]]
            assert not any(inside(a, b) for a in networks for b in networks if a is not b)
        assert not any(covered(a, b) for a in rules for b in rules if a is not b)
        order = [(r["direction"], r["protocol"], spans(r), [address_order(peer) for peer in r["peers"]]) for r in rules]
        assert order == sorted(order)


@given(sites.inventories(), st.integers(0, 99))
@stable(60)
def test_the_order_of_the_inventory_changes_nothing(inventory: dict[str, Any], seed: int) -> None:
    shuffled = copy.deepcopy(inventory)
    chance = random.Random(seed)
    names = list(shuffled)
    chance.shuffle(names)
    for name in names:
        chance.shuffle(shuffled[name]["groups"])
        for value in shuffled[name]["vars"].values():
            if isinstance(value, list) and value is not shuffled[name]["vars"].get("portmatrix_addresses"):
                chance.shuffle(value)
    assert policies({name: shuffled[name] for name in names}) == policies(inventory)


@given(sites.inventories())
@stable(60)
def test_any_is_written_only_where_the_user_wrote_it(inventory: dict[str, Any]) -> None:
    written = copy.deepcopy(inventory)
    for host in written.values():
        for name, value in host["vars"].items():
            if name.startswith("portmatrix_networks") or name == "portmatrix_management_sources":
                host["vars"][name] = without_any(value)
    rules = [rule for found in rules_of(written).values() for rule in found]
    assert not any(peer in ("any", "0.0.0.0/0", "::/0") for rule in rules for peer in rule["peers"])


def without_any(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_any(networks) for name, networks in value.items()}
    if isinstance(value, list):
        return [without_any(network) for network in value]
    return "10.9.9.0/24" if value in ("any", "0.0.0.0/0") else value


@pytest.mark.parametrize("name", ["h1", "h2"])
def test_the_naive_answer_and_the_comparison_can_tell_rules_apart(name: str) -> None:
    inventory = {
        "h1": {"groups": ["recorder"], "vars": {"ansible_host": "10.0.0.1"}},
        "h2": {"groups": ["viewer"], "vars": {"ansible_host": "10.0.0.2"}},
    }
    rules = rules_of(inventory)[name]
    wider = [{**rules[0], "peers": ["10.0.0.0/30"]}, *rules[1:]]
    expected = space(oracle.Site(inventory).atoms()[name])
    assert space(atoms_of(rules)) == expected
    assert space(atoms_of(wider)) != expected
    assert space(atoms_of(rules[1:])) != expected
