# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peer_names import PeerNames, shown
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX


def rule(*peers: str, flows: list[str] | None = None, direction: str = "in") -> dict[str, Any]:
    return {"direction": direction, "peers": list(peers), "flows": flows or ["acme.recorder.media"]}


def texts(policies: dict[str, Any], host: str, given: dict[str, Any]) -> list[str]:
    return [party.text for party in PeerNames(policies, MATRIX).peers(host, given)]


SITE = {
    "r1": {"addresses": ["10.0.0.1"]},
    "v1": {"addresses": ["10.0.0.5", "2001:db8::5"]},
    "v0": {"addresses": ["10.0.0.4"]},
}


def test_hosts_come_first_each_with_its_addresses() -> None:
    given = rule("10.0.0.4/32", "10.0.0.5/32", "10.9.0.0/24", "2001:db8::5/128")
    assert texts(SITE, "r1", given) == ["v0 (10.0.0.4)", "v1 (10.0.0.5, 2001:db8::5)", "viewer (10.9.0.0/24)"]


def test_networks_are_what_the_host_says_they_are() -> None:
    site = {
        **SITE,
        "r1": {"networks": {"viewer": ["10.9.0.0/24"], "camera": ["10.8.0.0/24"], "cloud": ["10.9.0.0/24"]}},
    }
    flows = ["acme.recorder.media", "acme.recorder.alarm"]
    assert texts(site, "r1", rule("10.8.0.0/24", "10.9.0.0/24", flows=flows)) == [
        "camera (10.8.0.0/24)",
        "viewer (10.9.0.0/24)",
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rule("any", flows=["own.x.y"]), "any"),
        (rule("any"), "viewer (any)"),
        (rule("10.9.0.0/24", flows=["acme.camera.stream"]), "recorder/viewer (10.9.0.0/24)"),
        (rule("10.9.0.0/24", flows=["portmatrix.management"]), "administrators (10.9.0.0/24)"),
        (rule("239.1.2.3/32", flows=["acme.viewer.multicast"], direction="out"), "groups (239.1.2.3)"),
        (rule("10.9.0.0/24", flows=["acme.viewer.multicast"]), "recorder (10.9.0.0/24)"),
        (rule("198.51.100.7/32", flows=["acme.cloud.vpn"], direction="out"), "cloud (198.51.100.7)"),
    ],
)
def test_networks_that_nothing_names_are_what_the_flows_say(given: dict[str, Any], expected: str) -> None:
    assert texts(SITE, "r1", given) == [expected]


def test_an_address_of_several_names() -> None:
    site = {"a": {"addresses": ["10.0.0.1"]}, "b": {"addresses": ["10.0.0.1"]}, "r1": {}}
    assert texts(site, "r1", rule("10.0.0.1/32")) == ["a/b (10.0.0.1)"]


def test_sites_may_repeat_addresses() -> None:
    site = {
        "n-cam": {"addresses": ["10.0.0.1"], "site": "north"},
        "s-cam": {"addresses": ["10.0.0.1"], "site": "south"},
        "n": {"site": "north"},
        "s": {"site": "south"},
        "w": {"site": "west"},
    }
    assert [texts(site, host, rule("10.0.0.1/32")) for host in "nsw"] == [
        ["n-cam (10.0.0.1)"],
        ["s-cam (10.0.0.1)"],
        ["n-cam/s-cam (10.0.0.1)"],
    ]


@pytest.mark.parametrize(
    ("peer", "text"),
    [
        ("10.0.0.1/32", "10.0.0.1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("any", "any"),
    ],
)
def test_shown(peer: str, text: str) -> None:
    assert shown(peer) == text
