# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who meets whom, case by case; whole random sites are in test_policy_against_oracle.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Flow
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.parties import Parties
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, entry

KNOWN = built()
FLOW = {"id": "own.x", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}


def parties(**hosts: dict[str, Any]) -> Parties:
    return Parties(site.build(KNOWN, hosts), KNOWN)


def met(found: Parties, flow: str | dict[str, Any], seen: set[str] | None = None) -> dict[str, list[str]]:
    """Return "host < initiators" and "host > listeners"; a host that is on by its own variables has a "*"."""
    known = KNOWN.flows[flow] if isinstance(flow, str) else Flow.of(flow)
    giving = None if seen is None else frozenset(seen)
    return {
        f"{host.name}{'*' * active} {'<' if listening else '>'}": [other.name for other in others]
        for listening in (True, False)
        for host, others, active in found.of(known, giving, listening=listening)
    }


def test_everyone_at_one_end_meets_everyone_at_the_other() -> None:
    found = parties(r2=entry("recorder"), r1=entry("recorder"), v1=entry("viewer"), c1=entry("camera"))
    assert met(found, "acme.recorder.media") == {"r1* <": ["v1"], "r2* <": ["v1"], "v1* >": ["r1", "r2"]}


def test_one_who_is_both_ends_does_not_meet_itself() -> None:
    assert met(parties(r1=entry("recorder viewer")), "acme.recorder.media") == {"r1* <": [], "r1* >": []}
    assert met(parties(r1=entry("recorder"), r2=entry("recorder")), "acme.recorder.peer") == {
        "r1* <": ["r2"],
        "r2* <": ["r1"],
        "r1* >": ["r2"],
        "r2* >": ["r1"],
    }


def test_who_is_several_components_is_met_once() -> None:
    found = parties(r1=entry("recorder viewer"), c1=entry("camera branch", features="streams"))
    assert met(found, "acme.camera.stream") == {"c1* <": ["r1"], "r1 >": ["c1"]}


def test_sites_keep_to_themselves() -> None:
    found = parties(
        r1=entry("recorder", site="a"), r2=entry("recorder"), v1=entry("viewer", site="a"), v2=entry("viewer", site="b")
    )
    assert met(found, "acme.recorder.media") == {"r2* <": [], "r1* <": ["v1"], "v1* >": ["r1"], "v2* >": []}


def test_across_sites_means_other_sites() -> None:
    found = parties(
        r1=entry("recorder", site="a"),
        r2=entry("recorder", site="b"),
        b1=entry("branch", site="a"),
        b2=entry("branch", site="c"),
    )
    assert met(found, "acme.branch.link") == {
        "b1* <": ["r2"],
        "b2* <": ["r1", "r2"],
        "r1* >": ["b2"],
        "r2* >": ["b1", "b2"],
    }


def test_across_sites_one_that_is_called_does_not_call() -> None:
    found = parties(
        b1=entry("branch recorder", site="a"), b2=entry("branch recorder", site="b"), r1=entry("recorder", site="c")
    )
    assert met(found, "acme.branch.link") == {"b1* <": ["r1"], "b2* <": ["r1"], "r1* >": ["b1", "b2"]}


@pytest.mark.parametrize("on", ["r1", "v1"])
def test_a_feature_is_on_where_either_end_has_it(on: str) -> None:
    hosts = {
        name: entry(group, features=["multicast"] if name == on else [])
        for name, group in (("r1", "recorder"), ("v1", "viewer"))
    }
    stars = {name: "*" * (name == on) for name in hosts}
    found = parties(**hosts, r2=entry("recorder"))
    expected = {f"v1{stars['v1']} <": ["r1", "r2"] if on == "v1" else ["r1"], f"r1{stars['r1']} >": ["v1"]}
    assert met(found, "acme.viewer.multicast") == expected | ({"r2 >": ["v1"]} if on == "v1" else {})


def test_a_feature_that_nobody_has_is_off() -> None:
    assert met(parties(r1=entry("recorder", features="streams"), v1=entry("viewer")), "acme.viewer.multicast") == {}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (set(), {}),
        ({"o1"}, {}),
        ({"v1"}, {"r1 <": ["v1"], "v1* >": ["r1"]}),
        ({"r1"}, {"r1* <": ["v1", "v2"], "v1 >": ["r1"], "v2 >": ["r1"]}),
    ],
)
def test_an_own_flow_is_on_where_either_end_gives_it(seen: set[str], expected: dict[str, list[str]]) -> None:
    found = parties(r1=entry("recorder"), v1=entry("viewer"), v2=entry("viewer"), o1=entry("office"))
    assert met(found, FLOW, seen) == expected


def test_an_own_flow_with_a_feature_needs_both_of_one_end() -> None:
    found = parties(r1=entry("recorder"), v1=entry("viewer", features="all"))
    flow = {**FLOW, "feature": "streams"}
    assert met(found, flow, {"r1"}) == {}
    assert met(found, flow, {"v1"}) == {"r1 <": ["v1"], "v1* >": ["r1"]}


def cameras(**limits: Any) -> Parties:
    named = {name: entry("camera", recorded_by=owner) for name, owner in limits.items()}
    return parties(r1=entry("recorder"), r2=entry("recorder"), free=entry("camera"), **named)


@pytest.mark.parametrize("owners", ["r2", ["r2"], ["r2", "r2"]])
def test_an_owned_listener_is_met_by_those_it_names(owners: Any) -> None:
    assert met(cameras(c1=owners), "acme.camera.video") == {
        "c1* <": ["r2"],
        "free* <": ["r1", "r2"],
        "r1* >": ["free"],
        "r2* >": ["c1", "free"],
    }


def test_an_owned_initiator_meets_those_it_names() -> None:
    assert met(cameras(c1="r2"), "acme.recorder.alarm") == {
        "r1* <": ["free"],
        "r2* <": ["c1", "free"],
        "c1* >": ["r2"],
        "free* >": ["r1", "r2"],
    }


def test_one_that_names_nobody_meets_nobody() -> None:
    assert met(cameras(c1=[]), "acme.camera.video") == {
        "c1* <": [],
        "free* <": ["r1", "r2"],
        "r1* >": ["free"],
        "r2* >": ["free"],
    }


def test_one_that_names_what_is_no_other_end_meets_nobody() -> None:
    assert met(cameras(c1=["free", "c1"]), "acme.camera.video")["c1* <"] == []


def test_other_flows_do_not_ask_for_owners() -> None:
    found = parties(r1=entry("recorder", features="streams"), c1=entry("camera", recorded_by=[]))
    assert met(found, "acme.camera.stream") == {"c1 <": ["r1"], "r1* >": ["c1"]}


def test_hosts_that_meet_the_same_get_one_object() -> None:
    found = parties(
        **{f"v{number}": entry("viewer", features="all") for number in range(3)},
        r1=entry("recorder"),
        r2=entry("recorder"),
    )
    for flow in ("acme.recorder.media", "acme.viewer.multicast"):
        assert len({id(others) for _host, others, _active in found.of(KNOWN.flows[flow], None, listening=False)}) == 1


def test_who_shares_an_address() -> None:
    found = parties(
        a=entry(addresses=["10.0.0.1", "10.0.0.2"]),
        b=entry(addresses="10.0.0.2"),
        c=entry(addresses="10.0.0.3"),
        d=entry(),
    )
    assert [found.shares_address(host) for host in found.site.hosts.values()] == [True, True, False, False]


def test_the_vendors_addresses_stand_in_for_what_is_not_in_the_inventory() -> None:
    assert [network.text for network in parties(r1=entry("recorder")).documented("cloud")] == [
        "198.51.100.7/32",
        "2001:db8:c::7/128",
    ]
    assert parties(r1=entry("recorder"), c1=entry("cloud", site="elsewhere")).documented("cloud") == ()
    assert parties().documented("viewer") == ()
    assert parties().documented("office") == ()
