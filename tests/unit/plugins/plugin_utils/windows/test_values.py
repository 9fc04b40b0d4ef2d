# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields as Windows writes them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable


@stable(200)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(0, 128))
def test_networks_by_prefix_and_mask_are_those_of_the_standard_library(
    address: ipaddress.IPv4Address, bits: int
) -> None:
    network = ipaddress.ip_network(f"{address}/{min(bits, address.max_prefixlen)}", strict=False)
    expected = ((int(network.network_address), int(network.broadcast_address)),)
    texts = [f"{address}/{network.prefixlen}", f"{network.network_address}-{network.broadcast_address}"]
    if network.version == 4:
        texts.append(f"{address}/{network.netmask}")
    for text in texts:
        found = values.addresses(text)
        assert (found.of(f"ipv{network.version}"), found.keywords) == (expected, frozenset())


@pytest.mark.parametrize("text", ["", "*", "Any", " any ", "10.0.0.1,*"])
def test_any_address_is_both_families(text: str) -> None:
    assert values.addresses(text) == values.EVERYWHERE


@pytest.mark.parametrize(
    "text", ["LocalSubnet", "10.0.0.1/255.0.255.0", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "fe80::1%12", "10.0.0.1/33"]
)
def test_what_is_no_address_is_a_keyword(text: str) -> None:
    assert values.addresses(text) == ((), (), frozenset({text.lower()}))


def test_ports() -> None:
    assert values.ports("443, 80-90,RPC,91") == (((80, 91), (443, 443)), frozenset({"rpc"}))
    assert values.ports("90-80,70000,1-2-3") == ((), frozenset({"90-80", "70000", "1-2-3"}))
    assert values.ports("80,*") == values.ports("") == (values.ALL_PORTS, frozenset())


def test_types() -> None:
    assert values.types("8:*,3:4") == ((772, 772), (2048, 2303))
    assert values.types("*") == values.types("*:*") == values.ALL_TYPES
    assert values.types("300:1,x") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("*", ""),
        ("System", "system"),
        ("%SystemRoot%\\System32\\svchost.exe", "c:\\windows\\system32\\svchost.exe"),
        ('"C:/Program Files/A.exe"', "c:\\program files\\a.exe"),
        ("%ProgramFiles(x86)%\\Milestone\\a.exe", "c:\\program files (x86)\\milestone\\a.exe"),
        ("%OTHER%\\a.exe", "%other%\\a.exe"),
    ],
)
def test_programs(text: str, expected: str) -> None:
    assert values.program(text) == expected
