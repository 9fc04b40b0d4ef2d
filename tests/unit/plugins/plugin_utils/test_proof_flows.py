# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peer_names import PeerNames
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_flows import flows
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, compiled, entry

MATRIX = built()
DATA = matrix.as_data(MATRIX)


def found(hosts: tuple[str, ...] = (), **inventory: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return flow id -> its entry, by the policies of a site of these hosts."""
    policies: dict[str, Any] = compiled(MATRIX, **inventory)
    for name, policy in policies.items():
        given = inventory[name]["vars"]
        policy["addresses"] = [given["ansible_host"]]
        policy["networks"] = {key: [value] for key, value in given.get("portmatrix_networks", {}).items()}
    listed = flows(policies, DATA, PeerNames(policies, DATA), hosts or tuple(policies))
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    return {each["id"]: each for each in listed}


def test_both_ends_are_hosts() -> None:
    flow = found(v1=entry("viewer", ansible_host="10.0.0.5"), r1=entry("recorder", ansible_host="10.0.0.1"))
    assert flow["acme.recorder.media"] == {
        "id": "acme.recorder.media",
        "description": "Media",
        "listeners": [{"host": "r1", "protocol": "tcp", "ports": ["7563"]}],
        "initiators": ["v1"],
    }


def test_an_end_that_is_no_host_is_its_networks() -> None:
    recorder = entry(
        "recorder", ansible_host="10.0.0.1", networks={"viewer": "10.0.9.0/24"}, management_sources="10.8.0.0/24"
    )
    flow = found(r1=recorder)
    assert flow["acme.recorder.media"]["initiators"] == ["viewer (10.0.9.0/24)"]
    assert flow["portmatrix.management"]["initiators"] == ["administrators (10.8.0.0/24)"]
    assert flow["acme.cloud.vpn"]["initiators"] == ["r1"]
    assert flow["acme.cloud.vpn"]["listeners"] == [
        {"host": "cloud (198.51.100.7/32)".replace("/32", ""), "protocol": "udp", "ports": ["31228"]}
    ]


def test_those_who_send_to_groups_are_the_initiators_of_who_listens() -> None:
    sending = entry("recorder", ansible_host="10.0.0.1", features=["multicast"])
    listening = entry("viewer", ansible_host="10.0.0.5", features=["multicast"])
    flow = found(r1=sending, v1=listening)["acme.viewer.multicast"]
    assert [each["host"] for each in flow["listeners"]] == ["v1"]
    assert flow["initiators"] == ["r1"]


def test_only_flows_of_the_hosts_that_are_reported_on() -> None:
    site = {
        "v1": entry("viewer", ansible_host="10.0.0.5"),
        "v2": entry("viewer", ansible_host="10.0.0.6"),
        "r1": entry("recorder", ansible_host="10.0.0.1"),
        "r2": entry("recorder", ansible_host="10.0.0.2"),
    }
    assert found(**site)["acme.recorder.media"]["initiators"] == ["v1", "v2"]
    flow = found(("v1",), **site)
    assert flow.keys() == {"acme.recorder.media"}
    assert flow["acme.recorder.media"]["initiators"] == ["v1"]
    assert [each["host"] for each in flow["acme.recorder.media"]["listeners"]] == ["r1", "r2"]
