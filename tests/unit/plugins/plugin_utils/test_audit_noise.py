# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import audit_noise


@pytest.mark.parametrize(
    ("protocol", "port", "casts", "peers", "expected"),
    [
        ("tcp", 9182, {"unicast"}, {"10.0.0.1"}, ()),
        ("udp", 5353, {"multicast"}, {"10.0.0.1"}, ("mdns", "multicast")),
        ("udp", 5353, {"unicast", "multicast"}, {"10.0.0.1"}, ("mdns",)),
        ("tcp", 5353, {"unicast"}, {"10.0.0.1"}, ()),
        ("udp", 1900, {"multicast"}, {"10.0.0.1"}, ("multicast", "ssdp")),
        ("udp", 3702, {"multicast"}, {"10.0.0.1"}, ("multicast", "ws_discovery")),
        ("udp", 67, {"broadcast"}, {"0.0.0.0"}, ("broadcast", "dhcp")),
        ("udp", 137, {"broadcast"}, {"10.0.0.1"}, ("broadcast", "netbios")),
        ("udp", 5355, {"multicast"}, {"fe80::1"}, ("link_local", "llmnr", "multicast")),
        ("udp", 547, {"multicast"}, {"fe80::1", "2001:db8::1"}, ("dhcp", "multicast")),
        ("tcp", 32767, {"unicast"}, {"10.0.0.1"}, ()),
        ("tcp", 32768, {"unicast"}, {"169.254.3.4"}, ("ephemeral", "link_local")),
        ("igmp", 0, {"multicast"}, {"10.0.0.1"}, ("multicast",)),
    ],
)
def test_flags(protocol: str, port: int, casts: set[str], peers: set[str], expected: tuple[str, ...]) -> None:
    found = audit_noise.flags(protocol, port, casts, peers)
    assert found == expected
    assert set(found) <= audit_noise.MEANINGS.keys()
