# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small matrix of nobody's products, which has every kind of thing that a matrix can have; and short ways to use it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import settings

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, policy, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Matrix

FILE = "acme.yml"

MATRIX: dict[str, Any] = {
    "product": "acme",
    "title": "Acme",
    "documents": {
        "guide": {
            "title": "Acme guide",
            "tables": [{"title": "Ports", "rows": 4}, {"title": "More ports", "rows": 1, "unnumbered": 2}],
        },
        "notes": {"title": "Acme notes"},
    },
    "components": {
        "recorder": {"description": "Records."},
        "viewer": {"description": "Shows."},
        "camera": {"description": "Sees.", "appliance": True, "owned": True},
        "dome": {
            "description": "Sees more.",
            "is_a": ["camera"],
            "appliance": True,
            "owned": True,
            "parameters": {"camera_ports": "80, 443"},
        },
        "branch": {"description": "A recorder elsewhere."},
        "cloud": {"description": "Of the vendor.", "networks": ["198.51.100.7/32", "2001:db8:c::7/128"]},
        "printer": {"description": "Prints.", "optional": True},
    },
    "parameters": {
        "media_port": {"type": "ports", "default": 7563, "description": "Media."},
        "channels": {"type": "count", "minimum": 1, "description": "Channels."},
        "stream_ports": {"type": "ports", "default": "554 to 554+(channels-1)", "description": "Streams."},
        "camera_ports": {"type": "ports", "description": "The camera's."},
        "groups": {"type": "networks", "default": ["239.1.2.3", "ff05::3"], "description": "Groups."},
        "own_groups": {"type": "networks", "description": "Groups that the site chooses."},
    },
    "features": {"multicast": "Multicast.", "streams": "Streams."},
    "flows": [
        {
            "id": "acme.recorder.media",
            "from": "viewer",
            "to": "recorder",
            "protocol": "tcp",
            "port": "media_port",
            "description": "Media",
            "source": [{"document": "guide", "table": 1, "row": 1}],
        },
        {
            "id": "acme.camera.video",
            "from": "recorder",
            "to": "camera",
            "protocol": ["tcp"],
            "port": "camera_ports",
            "limited_by": "recorded_by",
            "source": [{"document": "guide", "table": 2, "row": "u1"}],
        },
        {
            "id": "acme.camera.stream",
            "from": ["recorder", "viewer"],
            "to": ["camera", "branch"],
            "protocol": ["tcp", "udp"],
            "port": "stream_ports",
            "feature": "streams",
        },
        {
            "id": "acme.recorder.alarm",
            "from": "camera",
            "to": "recorder",
            "protocol": "tcp",
            "port": "25",
            "limited_by": "recorded_by",
            "state": "optional",
        },
        {"id": "acme.recorder.peer", "from": "recorder", "to": "recorder", "protocol": "tcp", "port": "9000, 9001"},
        {
            "id": "acme.branch.link",
            "from": "recorder",
            "to": "branch",
            "protocol": "tcp",
            "port": "media_port",
            "scope": "across_sites",
        },
        {
            "id": "acme.viewer.multicast",
            "from": "recorder",
            "to": "viewer",
            "protocol": "udp",
            "port": "6000-6010",
            "feature": "multicast",
            "multicast": "groups",
        },
        {
            "id": "acme.recorder.membership",
            "from": "viewer",
            "to": "recorder",
            "protocol": ["udp", "igmp"],
            "port": "-",
            "feature": "multicast",
            "multicast": "own_groups",
        },
        {"id": "acme.cloud.vpn", "from": ["recorder", "dome"], "to": "cloud", "protocol": "udp", "port": 31228},
        {"id": "acme.printer.print", "from": "viewer", "to": "printer", "protocol": "tcp", "port": 9100},
        {
            "id": "acme.printer.secret",
            "from": "recorder",
            "to": "printer",
            "protocol": "tcp",
            "port": "depends on the printer",
            "source": [{"document": "notes", "section": "Printing"}],
        },
    ],
    "rows": [{"document": "guide", "table": 1, "row": 2, "no_flow": "a row about nothing"}],
}


def stable(examples: int) -> settings:
    """Return settings for a property that is tried the same way everywhere, however slow the machine."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def data(**sections: Any) -> dict[str, Any]:
    """Return a copy of the matrix with some sections replaced; those given as None are left out."""
    merged = {**copy.deepcopy(MATRIX), **sections}
    return {name: section for name, section in merged.items() if section is not None}


def built(**sections: Any) -> Matrix:
    """Return the matrix with some sections replaced."""
    return matrix.build({FILE: data(**sections)})


def with_flows(*flows: Mapping[str, Any], **sections: Any) -> Matrix:
    """Return the matrix with these flows only; each is completed to a tcp flow from viewer to recorder on port 80."""
    usual = {"from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}
    return built(flows=[{**usual, **flow} for flow in flows], **sections)


def entry(groups: str = "", /, **variables: Any) -> dict[str, Any]:
    """Return a host of the inventory in these groups; a variable's name lacks the prefix unless it is Ansible's own."""
    named = {name if name.startswith("ansible_") else f"portmatrix_{name}": value for name, value in variables.items()}
    return {"groups": groups.split(), "vars": named}


def compiled(known: Matrix, **hosts: dict[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Return the policy of every host."""
    return policy.compile_site(known, site.build(known, hosts))


def lines(rules: list[dict[str, Any]]) -> list[str]:
    """Return each rule as "in tcp 80,443 < 10.0.0.5/32"."""
    return [
        " ".join(
            filter(
                None, (rule["direction"], rule["protocol"], ",".join(rule["ports"]), "<>"[rule["direction"] == "out"])
            )
        )
        + " "
        + " ".join(rule["peers"])
        for rule in rules
    ]
