# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site import Host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX, built, entry

KNOWN = built()
FLOW = {"id": "own.x", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}


def host(groups: str = "", /, **variables: Any) -> Host:
    return site.build(KNOWN, {"h": entry(groups, **variables)}).hosts["h"]


def texts(networks: Any) -> list[str]:
    return [network.text for network in networks]


def test_a_host_of_which_nothing_is_said() -> None:
    found = host()
    assert (found.name, found.components, found.addresses, found.site) == ("h", frozenset(), (), "")
    assert (found.parameters, found.defaults, found.features, found.owners, found.networks) == (
        {},
        {},
        frozenset(),
        {},
        {},
    )
    assert (found.management, found.management_ports) == ((), (22,))
    assert (found.managed, found.egress_enforced, found.sample) == (True, False, site.DEFAULT_SAMPLE)
    assert found.versions == {4, 6}


def test_groups_are_components() -> None:
    assert host("recorder office").components == {"recorder", "office"}
    assert host("dome").components == {"dome", "camera"}


def test_a_list_of_components_replaces_what_groups_say_of_components() -> None:
    assert host("recorder office", components=["viewer", "dome"]).components == {"viewer", "dome", "camera", "office"}
    assert host("recorder office", components=[]).components == {"office"}
    assert host("recorder", components="viewer").components == {"viewer"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ansible_host": "10.0.0.5"}, ["10.0.0.5/32"]),
        ({"ansible_host": "rs1.example"}, []),
        ({"ansible_host": "10.0.0.5", "addresses": "2001:db8::5"}, ["2001:db8::5/128"]),
        ({"addresses": ["2001:db8::5", "10.0.0.5", "2001:DB8::5"]}, ["2001:db8::5/128", "10.0.0.5/32"]),
        ({"ansible_host": "10.0.0.5", "addresses": []}, []),
        ({"ansible_host": 5}, []),
    ],
)
def test_addresses(variables: dict[str, Any], expected: list[str]) -> None:
    assert texts(host(**variables).addresses) == expected


def test_a_host_may_be_named_by_its_address() -> None:
    found = site.build(KNOWN, {"10.0.0.5": entry(), "2001:db8::5": entry(ansible_host="rs1.example")}).hosts
    assert texts(found["10.0.0.5"].addresses) == ["10.0.0.5/32"]
    assert found["2001:db8::5"].addresses == ()


def test_versions_are_those_of_the_addresses() -> None:
    assert host(addresses="10.0.0.5").versions == {4}
    assert host(addresses=["10.0.0.5", "2001:db8::5"]).versions == {4, 6}


def test_features() -> None:
    found = host(features="streams")
    assert found.has_feature("streams") and not found.has_feature("multicast")
    assert host(features=["all"]).has_feature("multicast")


def test_owners_are_named_or_not_said() -> None:
    assert host(recorded_by="h", analysed_by=[]).owners == {"recorded_by": ("h",), "analysed_by": ()}


def test_networks_merge_by_component_over_all_variables_of_the_name() -> None:
    found = host(
        networks={"viewer": "10.0.0.0/24", "cloud": ["any"]},
        networks_b={"viewer": ["10.0.2.0/24", "10.0.0.0/24"]},
        networks_a={"viewer": "10.0.1.0/24"},
    )
    assert {component: texts(networks) for component, networks in found.networks.items()} == {
        "viewer": ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"],
        "cloud": ["any"],
    }


def test_parameters_are_numbers_ranges_or_networks() -> None:
    found = host(parameters={"channels": "4", "media_port": "80, 443", "camera_ports": 80, "groups": "239.0.0.1"})
    assert (found.parameters["channels"], found.parameters["media_port"], found.parameters["camera_ports"]) == (
        4,
        [(80, 80), (443, 443)],
        80,
    )
    assert texts(found.parameters["groups"]) == ["239.0.0.1/32"]


def test_components_bring_parameters() -> None:
    assert host("dome").defaults == {"camera_ports": "80, 443"}


@pytest.mark.parametrize("parent", ["aaa", "zzz"])
def test_what_a_component_brings_goes_before_what_its_parents_bring(parent: str) -> None:
    brought = {
        name: {"description": "x", "parameters": {"camera_ports": port}} for name, port in ((parent, 1), ("mmm", 2))
    }
    brought["mmm"]["is_a"] = [parent]
    known = built(components={**MATRIX["components"], **brought})
    assert site.build(known, {"h": entry("mmm")}).hosts["h"].defaults == {"camera_ports": 2}


@pytest.mark.parametrize(
    ("variables", "ports"),
    [
        ({}, (22,)),
        ({"ansible_port": "2222"}, (2222,)),
        ({"ansible_connection": "winrm"}, (3389, 5986)),
        ({"ansible_connection": "ansible.builtin.psrp"}, (3389, 5986)),
        ({"ansible_connection": "winrm", "ansible_port": 5985}, (3389, 5985)),
        ({"ansible_connection": "local"}, (22,)),
    ],
)
def test_management_ports_are_those_of_the_hosts_own_connection(
    variables: dict[str, Any], ports: tuple[int, ...]
) -> None:
    assert host(**variables).management_ports == ports


def test_management_sources() -> None:
    assert texts(host(management_sources=["10.9.0.0/24", "any"]).management) == ["10.9.0.0/24", "any"]


@pytest.mark.parametrize(
    ("groups", "variables", "managed"),
    [
        ("recorder", {}, True),
        ("camera", {}, False),
        ("dome office", {}, False),
        ("camera recorder", {}, True),
        ("office", {}, True),
        ("camera", {"managed": True}, True),
        ("recorder", {"managed": False}, False),
        ("recorder", {"components": ["camera"]}, False),
    ],
)
def test_appliances_are_not_managed_unless_the_user_says_so(
    groups: str, variables: dict[str, Any], managed: bool
) -> None:
    assert host(groups, **variables).managed is managed


def test_egress_and_sample() -> None:
    found = host(egress="enforce", undeclared_sample="0")
    assert (found.egress_enforced, found.sample) == (True, 0)
    assert not host(egress="open").egress_enforced


def test_own_flows_know_the_hosts_that_give_them() -> None:
    hosts = {
        "a": entry(flows=[FLOW]),
        "b": entry(flows_web=[dict(FLOW)], flows_x=[{**FLOW, "id": "own.y"}]),
        "c": entry(),
    }
    found = site.build(KNOWN, hosts).own_flows
    assert {name: seen for name, (_flow, seen) in found.items()} == {"own.x": {"a", "b"}, "own.y": {"b"}}
    assert list(found) == ["own.x", "own.y"]


def test_own_flows_may_name_groups_of_the_inventory() -> None:
    found = site.build(KNOWN, {"a": entry("office", flows=[{**FLOW, "from": "office"}])})
    assert found.own_flows["own.x"][0].initiators == ("office",)


def test_other_peoples_variables_are_not_read() -> None:
    site.build(KNOWN, {"h": {"groups": [], "vars": {"port_matrix": 1, "xportmatrix_site": 5, "ansible_user": None}}})


def test_variables_of_the_roles_are_known_here_and_checked_there() -> None:
    assert (
        host(backend="nftables", state="audit", report_dir="reports", rules=[], expectations=[], unresolved=[]).name
        == "h"
    )


def test_matrix_paths_are_those_of_all_hosts() -> None:
    hosts = {"a": entry(matrix_path="b.yml"), "b": entry(matrix_path=["a.yml", "b.yml"]), "c": entry()}
    assert site.matrix_paths(hosts) == ("a.yml", "b.yml")


def test_every_wrong_matrix_path_is_told() -> None:
    with pytest.raises(InputError) as caught:
        site.matrix_paths(
            {"a": entry(matrix_path=5), "b": entry(matrix_path=["a.yml", ""]), "c": entry(matrix_path={})}
        )
    assert str(caught.value).split("\n") == [
        "a.portmatrix_matrix_path: is an integer; allowed: a text that is not empty",
        "b.portmatrix_matrix_path[1]: '' does not fit; allowed: a text that is not empty",
        "c.portmatrix_matrix_path: is a mapping; allowed: a list",
    ]


def test_parameters_of_several_variables_merge() -> None:
    found = host(parameters={"media_port": 80}, parameters_x={"channels": 2})
    assert {name: found.parameters[name] for name in ("media_port", "channels")} == {"media_port": 80, "channels": 2}
    assert host(parameters={"channels": "2"}, parameters_x={"channels": 2}).parameters["channels"] == 2


def test_parameters_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(InputError) as raised:
        host(parameters={"channels": 1}, parameters_x={"channels": 2})
    assert "portmatrix_parameters_x.channels: differs from its value in portmatrix_parameters" in str(raised.value)
