# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, case by case; whole random sites are in test_policy_against_oracle.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import (
    built,
    compiled,
    entry,
    lines,
    with_flows,
)

KNOWN = built()
WEB = with_flows({"id": "acme.web", "description": "Web"})


def rules(known: Any, **hosts: dict[str, Any]) -> dict[str, list[str]]:
    return {name: lines(policy["rules"]) for name, policy in compiled(known, **hosts).items()}


def viewer(address: Any = "10.0.0.1", **variables: Any) -> dict[str, Any]:
    return entry("viewer", addresses=address, **variables)


def recorder(address: Any = "10.0.0.2", **variables: Any) -> dict[str, Any]:
    return entry("recorder", addresses=address, **variables)


def test_a_rule_in_full() -> None:
    flows = [{"id": "acme.b", "description": "Pages"}, {"id": "acme.a", "description": "Web  and\nmore"}]
    assert compiled(with_flows(*flows), v=viewer(), r=recorder())["r"]["rules"] == [
        {
            "direction": "in",
            "protocol": "tcp",
            "ports": ["80"],
            "peers": ["10.0.0.1/32"],
            "flows": ["acme.a", "acme.b"],
            "reason": "Web and more; Pages",
        }
    ]


def test_both_ends_of_a_flow_have_a_rule() -> None:
    assert rules(WEB, v=viewer(), r=recorder()) == {"v": ["out tcp 80 > 10.0.0.2/32"], "r": ["in tcp 80 < 10.0.0.1/32"]}


def test_a_site_of_nobody() -> None:
    assert compiled(WEB) == {}
    alone = compiled(WEB, h=entry())["h"]
    assert (alone["rules"], alone["unresolved"], alone["expectations"]) == ([], [], [])


def test_only_families_that_both_have() -> None:
    both = {"addresses": ["10.0.0.2", "2001:db8::2"]}
    assert rules(WEB, v=viewer(), w=viewer("2001:db8::1"), r=entry("recorder", **both)) == {
        "v": ["out tcp 80 > 10.0.0.2/32"],
        "w": ["out tcp 80 > 2001:db8::2/128"],
        "r": ["in tcp 80 < 10.0.0.1/32 2001:db8::1/128"],
    }
    assert rules(WEB, v=viewer(), r=recorder("2001:db8::2")) == {"v": [], "r": []}
    assert rules(WEB, r=recorder("2001:db8::2", networks={"viewer": ["10.0.0.0/24", "0.0.0.0/0"]})) == {"r": []}


def test_a_host_of_unknown_address_has_rules_for_all_its_peers() -> None:
    assert rules(WEB, v=viewer(["10.0.0.1", "2001:db8::1"]), r=entry("recorder")) == {
        "v": [],
        "r": ["in tcp 80 < 10.0.0.1/32 2001:db8::1/128"],
    }


def test_co_located_components_need_no_rule() -> None:
    assert rules(WEB, a=entry("viewer recorder", addresses="10.0.0.1")) == {"a": []}


def test_two_names_of_one_machine_need_no_rule() -> None:
    assert rules(WEB, v=viewer(), r=recorder("10.0.0.1")) == {"v": [], "r": []}
    found = rules(WEB, v=viewer(), r=recorder(["10.0.0.1", "10.0.0.2"]), w=viewer("10.0.0.3"))
    assert found == {
        "v": ["out tcp 80 > 10.0.0.2/32"],
        "w": ["out tcp 80 > 10.0.0.1/32 10.0.0.2/32"],
        "r": ["in tcp 80 < 10.0.0.3/32"],
    }


def test_networks_stand_for_what_is_not_in_the_inventory() -> None:
    networks = {"viewer": ["10.9.0.0/24", "10.0.0.1"], "recorder": "any"}
    assert rules(WEB, r=recorder(networks=networks), v=viewer(), w=viewer("10.0.0.3", networks=networks)) == {
        "r": ["in tcp 80 < 10.0.0.1/32 10.0.0.3/32 10.9.0.0/24"],
        "v": ["out tcp 80 > 10.0.0.2/32"],
        "w": ["out tcp 80 > any"],
    }


def test_networks_are_not_used_where_a_flow_is_off() -> None:
    known = with_flows({"id": "acme.x", "feature": "streams"})
    networks = {"viewer": "any"}
    assert (
        rules(known, r=recorder(networks=networks), s=recorder("10.0.0.3", networks=networks, features="streams"))["r"]
        == []
    )
    assert rules(known, r=recorder(networks=networks), v=viewer(features="streams"))["r"] == ["in tcp 80 < 10.0.0.1/32"]


def test_the_vendors_networks_give_way_to_the_users_and_to_hosts() -> None:
    known = with_flows({"id": "acme.x", "from": "recorder", "to": "cloud"})
    assert rules(known, r=recorder()) == {"r": ["out tcp 80 > 198.51.100.7/32"]}
    assert rules(known, r=recorder(networks={"cloud": "192.0.2.0/24"})) == {"r": ["out tcp 80 > 192.0.2.0/24"]}
    assert rules(known, r=recorder(), c=entry("cloud", addresses="10.0.0.9"))["r"] == ["out tcp 80 > 10.0.0.9/32"]


def test_ports_are_the_listeners() -> None:
    known = with_flows({"id": "acme.x", "port": "media_port"})
    found = rules(
        known,
        v=viewer(parameters={"media_port": 1}),
        r=recorder(parameters={"media_port": "2-3, 5"}),
        s=recorder("10.0.0.3"),
    )
    assert found == {
        "v": ["out tcp 2-3,5 > 10.0.0.2/32", "out tcp 7563 > 10.0.0.3/32"],
        "r": ["in tcp 2-3,5 < 10.0.0.1/32"],
        "s": ["in tcp 7563 < 10.0.0.1/32"],
    }


def test_ports_of_networks_are_the_hosts_own() -> None:
    known = with_flows({"id": "acme.x", "port": "media_port"})
    host = viewer(parameters={"media_port": 1}, networks={"recorder": "10.9.0.0/24"})
    assert rules(known, v=host, r=recorder())["v"] == ["out tcp 1 > 10.9.0.0/24", "out tcp 7563 > 10.0.0.2/32"]


def test_a_listener_whose_ports_are_not_known_does_not_hide_the_others() -> None:
    known = with_flows({"id": "acme.x", "to": "camera", "port": "camera_ports"})
    hosts = {"c": entry("camera", addresses="10.0.0.2"), "d": entry("dome", addresses="10.0.0.3")}
    assert rules(known, v=viewer(), **hosts) == {
        "v": ["out tcp 80,443 > 10.0.0.3/32"],
        "c": [],
        "d": ["in tcp 80,443 < 10.0.0.1/32"],
    }


def test_an_own_flow_is_compiled_like_any_other() -> None:
    flow = {
        "id": "own.x",
        "from": "office",
        "to": "recorder",
        "protocol": ["udp", "tcp"],
        "port": 9,
        "description": "Ours",
    }
    found = compiled(KNOWN, o=entry("office", addresses="10.0.0.1", flows=[flow]), r=recorder())
    assert lines(found["r"]["rules"]) == [
        "in tcp 9 < 10.0.0.1/32",
        "in udp 9 < 10.0.0.1/32",
        "out udp 31228 > 198.51.100.7/32",
    ]
    assert found["r"]["rules"][0]["reason"] == "Ours"


def test_multicast_goes_to_groups_and_comes_from_hosts() -> None:
    known = with_flows({"id": "acme.x", "protocol": ["udp", "igmp"], "multicast": "groups"})
    found = rules(
        known, v=viewer(parameters={"groups": ["239.0.0.1", "239.0.0.0/24"]}), w=viewer("10.0.0.3"), r=recorder()
    )
    assert found == {
        "v": ["out igmp > 239.0.0.0/24", "out udp 80 > 239.0.0.0/24"],
        "w": ["out igmp > 239.1.2.3/32", "out udp 80 > 239.1.2.3/32"],
        "r": ["in igmp < 10.0.0.1/32 10.0.0.3/32", "in udp 80 < 10.0.0.1/32 10.0.0.3/32"],
    }


def test_multicast_is_sent_only_where_somebody_takes_it() -> None:
    known = with_flows({"id": "acme.x", "multicast": "groups"})
    assert rules(known, v=viewer()) == {"v": []}
    assert rules(known, v=viewer(networks={"recorder": "10.9.0.0/24"})) == {"v": ["out tcp 80 > 239.1.2.3/32"]}


def test_a_flow_of_no_ports_is_a_rule_for_igmp_only() -> None:
    known = with_flows({"id": "acme.x", "protocol": ["udp", "tcp", "igmp"], "port": "-"})
    assert rules(known, v=viewer(), r=recorder()) == {"v": ["out igmp > 10.0.0.2/32"], "r": ["in igmp < 10.0.0.1/32"]}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ["in tcp 22 < 10.9.0.0/24"]),
        ({"ansible_port": 2222}, ["in tcp 2222 < 10.9.0.0/24"]),
        ({"ansible_connection": "winrm"}, ["in tcp 3389,5986 < 10.9.0.0/24"]),
        ({"ansible_connection": "winrm", "ansible_port": 3389}, ["in tcp 3389 < 10.9.0.0/24"]),
        ({"ansible_connection": "winrm", "ansible_port": 3390}, ["in tcp 3389-3390 < 10.9.0.0/24"]),
        ({"addresses": "2001:db8::1"}, []),
        ({"addresses": ["10.9.0.5"]}, ["in tcp 22 < 10.9.0.0/24"]),
    ],
)
def test_management(variables: dict[str, Any], expected: list[str]) -> None:
    host = entry(management_sources="10.9.0.0/24", **{"addresses": "10.0.0.1", **variables})
    found = compiled(WEB, h=host)["h"]["rules"]
    assert lines(found) == expected
    assert all(
        (r["flows"], r["reason"]) == (["portmatrix.management"], "Administrators and the Ansible controller")
        for r in found
    )


def test_management_comes_from_others() -> None:
    hosts = {
        name: entry(addresses=address, management_sources=["10.0.0.1", "10.0.0.2"])
        for name, address in (("a", "10.0.0.1"), ("b", "10.0.0.3"))
    }
    assert rules(WEB, **hosts) == {"a": ["in tcp 22 < 10.0.0.2/32"], "b": ["in tcp 22 < 10.0.0.1/32 10.0.0.2/32"]}


def test_a_flow_that_management_covers_joins_it() -> None:
    known = with_flows({"id": "acme.x", "port": 22, "description": "Shell"})
    host = recorder(management_sources="10.0.0.0/24")
    (rule,) = compiled(known, r=host, v=viewer())["r"]["rules"]
    assert (rule["peers"], rule["flows"]) == (["10.0.0.0/24"], ["acme.x", "portmatrix.management"])


def test_appliances_have_rules_too() -> None:
    known = with_flows({"id": "acme.x", "to": "camera"})
    assert rules(known, v=viewer(), c=entry("camera", addresses="10.0.0.2"))["c"] == ["in tcp 80 < 10.0.0.1/32"]


def test_parameters_that_lead_to_no_port_are_refused_for_every_host() -> None:
    known = with_flows(
        {"id": "acme.x", "port": "65500 to 65500+(channels-1)"}, {"id": "acme.y", "port": "65530+channels"}
    )
    with pytest.raises(InputError) as caught:
        compiled(
            known,
            v=viewer(),
            r=recorder(parameters={"channels": 37}),
            s=recorder("10.0.0.3", parameters={"channels": 6}),
        )
    assert str(caught.value).split("\n") == [
        "r.portmatrix_parameters: flow acme.x: 65500-65536 is outside 1-65535; allowed: ports from 1 to 65535",
        "r.portmatrix_parameters: flow acme.y: 65567 is outside 1-65535; allowed: ports from 1 to 65535",
        "s.portmatrix_parameters: flow acme.y: 65536 is outside 1-65535; allowed: ports from 1 to 65535",
    ]


def test_rules_do_not_depend_on_what_other_flows_were_compiled_before() -> None:
    first = {"id": "acme.a", "from": "viewer", "to": "recorder", "port": 80}
    second = {"id": "acme.b", "from": "viewer", "to": "recorder", "port": 81}
    hosts = {"v": viewer(), "w": viewer(["10.0.0.3", "2001:db8::3"]), "r": recorder(), "s": recorder("2001:db8::4")}
    alone = {flow["id"]: rules(with_flows(flow), **hosts) for flow in (first, second)}
    together = rules(with_flows(first, second), **hosts)
    assert {name: sorted(found) for name, found in together.items()} == {
        name: sorted(alone["acme.a"][name] + alone["acme.b"][name]) for name in hosts
    }
