# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.audit_ends import End, Ends, Names, Pair, exact, unused
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, entry

MATRIX = built()


def ends(**hosts: dict[str, Any]) -> Ends:
    return Ends(site.build(MATRIX, hosts), MATRIX)


def pairs(*texts: str) -> list[Pair]:
    return [tuple(End("host", name) for name in text.split()) for text in texts]  # type: ignore[misc]


def test_an_address_is_a_host_else_the_smallest_network_around_it() -> None:
    networks = {
        "viewer": ["10.9.0.0/16"],
        "printer": ["10.9.1.0/24", "2001:db8:9::/64"],
        "camera": ["10.9.1.0/30", "any"],
    }
    found = ends(
        r1=entry("recorder", ansible_host="10.0.0.1", networks=networks), v1=entry("", ansible_host="10.9.1.7")
    )
    assert found.at("10.9.1.7", "r1") == End("host", "v1")
    assert found.at("10.9.1.8", "r1") == End("network", "printer")
    assert found.at("10.9.2.8", "r1") == End("network", "viewer")
    assert found.at("2001:db8:9::8", "r1") == End("network", "printer")
    assert found.at("10.9.1.1", "r1") == End("network", "printer")
    assert found.at("192.0.2.1", "r1") is None
    assert found.at("10.9.2.8", "v1") is None


def test_an_address_of_the_vendors_document_is_its_component() -> None:
    assert ends(r1=entry("recorder", ansible_host="10.0.0.1")).at("198.51.100.7", "r1") == End("network", "cloud")


def test_the_most_special_name_comes_first_and_ungrouped_never() -> None:
    found = ends(c1=entry("dome ungrouped floor1", ansible_host="10.0.0.1"))
    assert found.names(End("host", "c1")) == ("dome", "camera", "floor1")


def test_a_made_group_has_a_name_of_its_own() -> None:
    found = ends(
        **{
            "R-1": entry("recorder audit_r_2", ansible_host="10.0.0.1"),
            "r_1": entry("recorder audit_r_2", ansible_host="10.0.0.2"),
            "r_2": entry("recorder", ansible_host="10.0.0.3"),
            "v1": entry("viewer", ansible_host="10.0.0.4"),
        }
    )
    names = [found.own_name(End("host", name)) for name in ("R-1", "r_1", "r_2", "v1", "R-1")]
    assert names == ["audit_r_1", "audit_r_1_2", "audit_r_2_2", "viewer", "audit_r_1"]
    assert found.made(names[1:3]) == {"audit_r_1_2": "r_1", "audit_r_2_2": "r_2"}


def test_a_flow_names_just_those_who_met() -> None:
    found = ends(
        r1=entry("recorder", ansible_host="10.0.0.1"),
        r2=entry("recorder", ansible_host="10.0.0.2"),
        v1=entry("viewer", ansible_host="10.0.0.3"),
        v2=entry("viewer floor1", ansible_host="10.0.0.4"),
        m1=entry("monitoring", ansible_host="10.0.0.5"),
    )
    whole = pairs("v1 r1", "v1 r2", "v2 r1", "v2 r2", "m1 r1", "m1 r2")
    named, nameless = exact(found, whole)
    assert named == [(Names(("monitoring", "viewer"), ("recorder",), False), frozenset(whole))] and not nameless
    named, _nameless = exact(found, pairs("v1 r1", "v1 r2", "v2 r1"))
    assert [names for names, _pairs in named] == [
        Names(("audit_v1", "floor1"), ("audit_r1",), False),
        Names(("audit_v1",), ("audit_r2",), False),
    ]


def test_unused() -> None:
    assert [unused("a", used) for used in ([], ["a"], ["a", "a_2"])] == ["a", "a_2", "a_3"]
