# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small sites over the matrix of a_matrix.py: few hosts, so that they meet; few values, so that they collide."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.oracle import WRITTEN

NAMES = [f"h{number}" for number in range(1, 9)]
GROUPS = [*MATRIX["components"], "dmz"]
OFTEN = [*GROUPS, "recorder", "recorder", "viewer", "camera"]
ADDRESSES = [*(f"10.0.0.{number}" for number in range(1, 8)), *(f"2001:db8::{number}" for number in range(1, 6))]
NETWORKS = [
    "any",
    "10.0.0.0/24",
    "10.0.0.0/30",
    "10.0.0.3",
    "10.9.0.0/24",
    "10.9.0.0/25",
    "10.9.0.128/25",
    "2001:db8::/64",
    "2001:db8::3/128",
    "0.0.0.0/0",
]
OWN_FLOWS: list[dict[str, Any]] = [
    {"id": "own.recorder.web", "from": "viewer", "to": ["recorder", "camera"], "protocol": "tcp", "port": "443 and 80"},
    {"id": "own.dmz.sync", "from": "dmz", "to": ["dmz", "recorder"], "protocol": ["tcp", "udp"], "port": 7563},
    {
        "id": "own.camera.push",
        "from": "camera",
        "to": "recorder",
        "protocol": "udp",
        "port": "media_port",
        "limited_by": "recorded_by",
    },
    {
        "id": "own.viewer.cast",
        "from": "recorder",
        "to": "viewer",
        "protocol": "udp",
        "port": 6005,
        "feature": "multicast",
    },
    {
        "id": "own.branch.call",
        "from": ["recorder", "branch"],
        "to": "branch",
        "protocol": "tcp",
        "port": 25,
        "scope": "across_sites",
    },
]


def some(values: list[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=most, unique_by=str)


def some_or_one(values: list[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return some(values, most) | st.sampled_from(values)


NETWORKS_GIVEN = st.dictionaries(
    st.sampled_from(GROUPS),
    st.sampled_from(NETWORKS) | st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3),
    max_size=3,
)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "media_port": st.sampled_from(list(WRITTEN)),
        "stream_ports": st.sampled_from(list(WRITTEN)),
        "camera_ports": st.sampled_from(list(WRITTEN)),
        "channels": st.sampled_from([1, 2, "3"]),
        "groups": st.sampled_from(["239.9.9.9", ["239.9.9.0/24", "ff05::9"]]),
        "own_groups": st.sampled_from([["239.8.8.8"], ["239.8.8.8", "ff05::8"]]),
    },
)
VARIABLES = st.fixed_dictionaries(
    {
        "ansible_host": st.sampled_from([*ADDRESSES, "name.example"]),
        "portmatrix_site": st.sampled_from(["north", "north", "south"]),
        "portmatrix_features": st.sampled_from([[], [], "multicast", ["streams"], ["multicast", "streams"], "all"]),
        "portmatrix_parameters": PARAMETERS,
        "portmatrix_networks": NETWORKS_GIVEN,
    },
    optional={
        "portmatrix_addresses": some_or_one(ADDRESSES),
        "portmatrix_components": some_or_one(list(MATRIX["components"]), 2),
        "portmatrix_recorded_by": some_or_one(NAMES[:4], 2),
        "portmatrix_networks_more": NETWORKS_GIVEN,
        "portmatrix_management_sources": some_or_one(NETWORKS),
        "portmatrix_managed": st.booleans(),
        "portmatrix_egress": st.sampled_from(["enforce", "open"]),
        "portmatrix_undeclared_sample": st.sampled_from([0, 1, 3, "16"]),
        "ansible_connection": st.sampled_from(["ssh", "winrm"]),
        "ansible_port": st.sampled_from([2222, "3390", 3389]),
    },
)
HOST = st.fixed_dictionaries({"groups": some(OFTEN), "vars": VARIABLES})
GIVERS = st.dictionaries(
    st.sampled_from(range(len(OWN_FLOWS))), st.lists(st.sampled_from(NAMES), max_size=4), max_size=len(OWN_FLOWS)
)


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    """Inventories of four to eight hosts; the group that is no component always has a host, so that flows may name it."""
    inventory = {name: draw(HOST) for name in NAMES[: draw(st.integers(4, 8))]}
    inventory["h1"]["groups"] = list(dict.fromkeys([*inventory["h1"]["groups"], "dmz"]))
    for flow, givers in draw(GIVERS).items():
        for position, name in enumerate(givers):
            if name in inventory:
                variable = "portmatrix_flows_more" if position else "portmatrix_flows"
                inventory[name]["vars"].setdefault(variable, []).append(OWN_FLOWS[flow])
    return inventory
