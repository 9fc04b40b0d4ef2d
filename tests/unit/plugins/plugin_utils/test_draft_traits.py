# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_traits
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Way


@pytest.mark.parametrize(
    ("words", "protocols", "ports", "expected"),
    [
        ("Discovery by mDNS", ["udp"], ["5353"], ("mdns", "mdns_groups")),
        ("UPnP", ["udp"], ["1900"], ("upnp", "ssdp_groups")),
        ("WS-Discovery", ["udp"], ["3702"], ("acme_ws_discovery", "ssdp_groups")),
        ("Discovery by mDNS", ["tcp"], ["5353"], None),
        ("UPnP media", ["tcp"], ["50000-65000"], None),
        ("Live video by multicast", ["udp"], ["6000"], ("acme_multicast", "acme_multicast_groups")),
        ("Live video by multicast", ["tcp"], ["6000"], None),
        ("Live video", ["udp", "igmp"], ["6000"], ("acme_multicast", "acme_multicast_groups")),
        ("Licence, if enabled", ["tcp"], ["80"], ("acme_label", "")),
        ("Only when the relay is used", ["tcp"], ["80"], ("acme_label", "")),
        ("Disabled by default", ["tcp"], ["80"], ("acme_label", "")),
        ("Web page", ["tcp"], ["80"], None),
    ],
)
def test_trait(words: str, protocols: list[str], ports: list[str], expected: tuple[str, str] | None) -> None:
    found = draft_traits.trait(words, "Label", protocols, ports, "acme")
    assert (None if found is None else (found.feature.value, found.multicast)) == expected


def test_groups_that_the_text_gives() -> None:
    found = draft_traits.trait("Multicast to 239.10.0.0/16 and 224.1.1.1, not 10.0.0.1", "", ["udp"], ["1"], "acme")
    assert found is not None and found.groups == ("239.10.0.0/16", "224.1.1.1")


def test_discovery_is_set_apart() -> None:
    ways = [Way(["tcp", "udp"], ["80", "3702", "5353"], "80, 3702, 5353", [])]
    assert draft_traits.apart(ways, "WS-Discovery and mDNS") == [
        Way(["udp"], ["5353"], "5353", []),
        Way(["udp"], ["3702"], "3702", []),
        Way(["tcp", "udp"], ["80"], "80", []),
        Way(["tcp"], ["5353", "3702"], "5353, 3702", []),
    ]
    assert draft_traits.apart(ways, "Something") == ways


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Service VPN - 172.105.65.31", ["172.105.65.31"]),
        ("203.0.113.0/24 and 198.51.100.7.", ["203.0.113.0/24", "198.51.100.7"]),
        ("239.1.1.1", []),
        ("version 1.2.3.4.5, 300.1.1.1, 127.0.0.1, 10.0.0.1/24, 0.0.0.0/0", []),
    ],
)
def test_addresses(words: str, expected: list[str]) -> None:
    assert draft_traits.given_addresses(words) == expected
