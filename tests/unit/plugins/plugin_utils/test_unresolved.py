# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of thing that cannot become a rule, as the compiler tells it: what is missing, and what to set."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.unresolved import Gaps
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import (
    MATRIX,
    built,
    compiled,
    entry,
    with_flows,
)

V4 = {"ansible_host": "10.0.0.1"}
OTHER_V4 = {"ansible_host": "10.0.0.2"}
V6 = {"ansible_host": "2001:db8::1"}


def unresolved(known: Any = None, flow: str = "", **hosts: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return host -> (reason, what to set) for one flow."""
    flow = flow or "acme.x"
    found = compiled(known or with_flows({"id": "acme.x"}), **hosts)
    return {
        name: [(gap["reason"], gap["set"]) for gap in policy["unresolved"] if gap["flow"] == flow]
        for name, policy in found.items()
        if any(gap["flow"] == flow for gap in policy["unresolved"])
    }


def test_nobody() -> None:
    assert unresolved(v=entry("viewer", **V4)) == {
        "v": [("no recorder is known", "a host in group recorder, or portmatrix_networks.recorder")]
    }
    assert unresolved(r=entry("recorder", **V4)) == {
        "r": [("no viewer is known", "a host in group viewer, or portmatrix_networks.viewer")]
    }


def test_nobody_of_several_components() -> None:
    known = with_flows({"id": "acme.x", "to": ["recorder", "camera"]})
    assert unresolved(known, v=entry("viewer", **V4)) == {
        "v": [("no recorder or camera is known", "a host in group recorder or camera, or portmatrix_networks.recorder")]
    }


@pytest.mark.parametrize(
    ("flow", "variables"),
    [
        ({"state": "optional"}, {}),
        ({"to": "printer"}, {}),
        ({"feature": "streams"}, {}),
        ({"feature": "streams"}, {"features": "multicast"}),
        ({}, {"networks": {"recorder": "any"}}),
        ({"to": "cloud"}, {}),
    ],
)
def test_nobody_is_missed(flow: dict[str, Any], variables: dict[str, Any]) -> None:
    assert unresolved(with_flows({"id": "acme.x", **flow}), v=entry("viewer", **V4, **variables)) == {}


@pytest.mark.parametrize("flow", [{"state": "optional"}, {"to": "printer"}, {}])
def test_what_the_user_switched_on_is_missed(flow: dict[str, Any]) -> None:
    known = with_flows({"id": "acme.x", "feature": "streams", **flow})
    assert list(unresolved(known, v=entry("viewer", **V4, features="streams"))) == ["v"]


def test_a_host_that_is_both_ends_misses_nobody() -> None:
    assert unresolved(v=entry("viewer recorder", **V4)) == {}
    assert unresolved(with_flows({"id": "acme.x", "from": "recorder"}), r=entry("recorder", **V4)) == {}


def test_a_site_without_anything_of_a_product_misses_nobody() -> None:
    flow = {"id": "acme.x", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}
    assert unresolved(with_flows(flow), o=entry("office", **V4)) == {}


def test_no_address() -> None:
    assert unresolved(v=entry("viewer", **V4), r=entry("recorder"), s=entry("recorder", **OTHER_V4)) == {
        "v": [("no address is known of r", "portmatrix_addresses on r")]
    }


def test_no_shared_family() -> None:
    both = entry("viewer", addresses=["10.0.0.1", "2001:db8::9"])
    assert unresolved(v=entry("viewer", **V4), w=entry("viewer", **OTHER_V4), b=both, r=entry("recorder", **V6)) == {
        "r": [("no address family is shared with v, w", "portmatrix_addresses on either host")],
        "v": [("no address family is shared with r", "portmatrix_addresses on either host")],
        "w": [("no address family is shared with r", "portmatrix_addresses on either host")],
    }


def test_no_family_shared_with_any_network() -> None:
    host = entry("viewer", **V4, networks={"recorder": "2001:db8::/64"})
    assert unresolved(v=host) == {
        "v": [("no address family is shared with its networks", "portmatrix_addresses on either host")]
    }
    assert unresolved(v=entry("viewer", **V4, networks={"recorder": ["2001:db8::/64", "10.9.0.0/24"]})) == {}


def test_names_of_one_machine_share_what_they_need() -> None:
    assert unresolved(v=entry("viewer", **V4), r=entry("recorder", **V4)) == {}


def test_a_parameter_that_is_not_set_is_told_to_both_ends() -> None:
    reason = ("camera_ports is not set on c", "portmatrix_parameters.camera_ports on c")
    hosts = {"r": entry("recorder", **V4), "c": entry("camera", **OTHER_V4), "d": entry("dome", addresses="10.0.0.3")}
    assert unresolved(built(), "acme.camera.video", **hosts) == {"r": [reason], "c": [reason]}


def test_the_parameter_is_the_one_that_a_default_needs() -> None:
    reason = ("channels is not set on c", "portmatrix_parameters.channels on c")
    hosts = {"v": entry("viewer", **V4), "c": entry("camera", **OTHER_V4, features="streams")}
    assert unresolved(built(), "acme.camera.stream", **hosts) == {"v": [reason], "c": [reason]}


def test_a_parameter_for_networks_is_set_on_the_host_itself() -> None:
    host = entry("recorder", **V4, networks={"camera": "10.9.0.0/24"})
    assert unresolved(built(), "acme.camera.video", r=host) == {
        "r": [("camera_ports is not set on r", "portmatrix_parameters.camera_ports on r")]
    }


def test_multicast_groups_that_are_not_set_are_told_to_the_one_that_sends() -> None:
    hosts = {"v": entry("viewer", **V4, features="all"), "r": entry("recorder", **OTHER_V4)}
    assert unresolved(built(), "acme.recorder.membership", **hosts) == {
        "v": [("own_groups is not set on v", "portmatrix_parameters.own_groups on v")]
    }


@pytest.mark.parametrize("port", ["?", "depends on the integration"])
def test_a_port_that_nobody_knows_is_told_to_both_ends(port: str) -> None:
    reason = (f"its port is {port!r}", "a port in a flow of your own (portmatrix_flows)")
    assert unresolved(
        with_flows({"id": "acme.x", "port": port}), v=entry("viewer", **V4), r=entry("recorder", **OTHER_V4)
    ) == {
        "v": [reason],
        "r": [reason],
    }


def test_what_is_unresolved_opens_nothing() -> None:
    flows = [{"id": "acme.a", "port": "?"}, {"id": "acme.b", "port": "camera_ports"}, {"id": "acme.c", "to": "camera"}]
    found = compiled(with_flows(*flows), v=entry("viewer", **V4), r=entry("recorder", **OTHER_V4))
    assert [policy["rules"] for policy in found.values()] == [[], []]


def test_an_own_flow_is_unresolved_like_any_other() -> None:
    flow = {"id": "own.x", "from": "office", "to": "recorder", "protocol": "tcp", "port": "?"}
    assert list(
        unresolved(built(), "own.x", o=entry("office", **V4, flows=[flow]), r=entry("recorder", **OTHER_V4))
    ) == ["o", "r"]


def test_many_hosts_are_cut_short() -> None:
    recorders = {f"r{number}": entry("recorder") for number in range(8)}
    ((reason, remedy),) = unresolved(v=entry("viewer", **V4), **recorders)["v"]
    assert reason == "no address is known of r0, r1, r2, r3, r4 and 3 more"
    assert remedy == "portmatrix_addresses on r0, r1, r2, r3, r4 and 3 more"


def test_entries_are_sorted_and_each_is_given_once() -> None:
    gaps = Gaps()
    for flow in ("b.x", "a.x", "b.x"):
        gaps.unknown(flow, "?")
        gaps.parameter(flow, "channels", "z")
        gaps.parameter(flow, "channels", "y")
    assert [(gap["flow"], gap["reason"]) for gap in gaps.entries()] == [
        ("a.x", "channels is not set on y, z"),
        ("a.x", "its port is '?'"),
        ("b.x", "channels is not set on y, z"),
        ("b.x", "its port is '?'"),
    ]
    assert set(gaps.entries()[0]) == {"flow", "reason", "set"}


def test_every_flow_of_the_small_matrix_is_resolved_when_all_is_said() -> None:
    known = built(flows=[flow for flow in MATRIX["flows"] if flow["id"] != "acme.printer.secret"])
    said = {"features": "all", "parameters": {"channels": 2, "camera_ports": 80, "own_groups": "239.0.0.1"}}
    components = [name for name in known.components if name != "cloud"]
    hosts = {
        name: entry(name, addresses=f"10.0.0.{number}", site="a", **said) for number, name in enumerate(components, 1)
    }
    hosts["elsewhere"] = entry("branch", addresses="10.0.0.99", site="b", **said)
    hosts["recorder2"] = entry("recorder", addresses="10.0.0.98", site="b", **said)
    found = compiled(known, **hosts)
    assert {gap["flow"] for name in components for gap in found[name]["unresolved"]} == set()


DRAFT = {"id": "acme.x", "reviewed": False}
WAITING = (
    "it is a draft that nobody has confirmed (proposed: viewer -> recorder)",
    "in its matrix file from, to and feature as they really are, then reviewed: true",
)


def test_a_draft_is_told_to_both_ends_and_gives_no_rule() -> None:
    known = with_flows(DRAFT)
    hosts = {
        "v": entry("viewer", **V4),
        "r": entry("recorder", **OTHER_V4),
        "c": entry("camera", ansible_host="10.0.0.3"),
    }
    assert unresolved(known, **hosts) == {"v": [WAITING], "r": [WAITING]}
    assert not any(policy["rules"] for policy in compiled(known, **hosts).values())
    confirmed = compiled(with_flows({**DRAFT, "reviewed": True}), **hosts)
    assert len(confirmed["v"]["rules"]) == len(confirmed["r"]["rules"]) == 1


def test_a_draft_with_an_end_that_nobody_has_named_is_told_to_the_whole_product() -> None:
    hosts = {
        "v": entry("viewer", **V4),
        "c": entry("camera", **OTHER_V4),
        "o": entry("office", ansible_host="10.0.0.3"),
    }
    found = unresolved(with_flows({**DRAFT, "from": "?"}), **hosts)
    assert found.keys() == {"v", "c"}
    assert "? -> recorder" in found["v"][0][0]


def test_a_draft_whose_ends_the_site_does_not_have_is_told_to_the_product() -> None:
    found = unresolved(with_flows({**DRAFT, "from": "printer", "to": "printer"}), c=entry("camera", **V4))
    assert found.keys() == {"c"}


def test_a_draft_among_a_sites_own_flows_is_told_to_the_hosts_that_give_it() -> None:
    own = {"id": "own.x", "from": "?", "to": "recorder", "protocol": "tcp", "port": 80, "reviewed": False}
    hosts = {"v": entry("viewer", **V4, flows=[own]), "r": entry("recorder", **OTHER_V4)}
    assert unresolved(built(), "own.x", **hosts).keys() == {"v"}


def test_a_draft_with_a_feature_is_told_although_nobody_has_it() -> None:
    assert unresolved(with_flows({**DRAFT, "feature": "streams"}), v=entry("viewer", **V4)).keys() == {"v"}
