# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import addresses
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.addresses import ANY, HOST_FORMS, NETWORK_FORMS
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable

NETWORKS = st.builds(
    lambda address, prefix: ipaddress.ip_network((address, prefix % (address.max_prefixlen + 1)), strict=False),
    st.ip_addresses(),
    st.integers(0, 128),
)


@given(NETWORKS)
@stable(200)
def test_networks_are_read_as_the_standard_library_reads_them(network: Any) -> None:
    found = addresses.network(str(network))
    assert (found.version, found.first, found.last) == (
        network.version,
        int(network.network_address),
        int(network.broadcast_address),
    )
    assert ipaddress.ip_network(found.text) == network


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10.0.0.5", "10.0.0.5/32"),
        ("2001:DB8:0:0::5", "2001:db8::5/128"),
        ("2001:db8::5/128", "2001:db8::5/128"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("any", "any"),
    ],
)
def test_a_network_has_one_text(value: str, text: str) -> None:
    assert addresses.network(value).text == text


def test_any_is_no_network_of_a_family() -> None:
    assert addresses.network("any") is ANY
    assert addresses.network("0.0.0.0/0") != ANY


NO_NETWORK: list[Any] = [
    "",
    "/",
    "/24",
    "10.0.0.5/",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    " 10.0.0.5",
]
NO_NETWORK += [
    "10.0.0.0/24/24",
    "10.0.0.0/255.255.255.0",
    "fe80::1%eth0",
    "2001:db8::/129",
    "2001:db8:::1",
    "ANY",
    "rs1",
    "10.0.0.1-10.0.0.9",
]
NO_NETWORK += ["10.0.0.5\n", "10.0.0.5\x00", "\ud800", None, True, 5, 10.5, ["10.0.0.5"], {}]


@pytest.mark.parametrize("value", NO_NETWORK)
def test_what_is_no_network_is_refused(value: Any) -> None:
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'{value!r} is not an address or network; allowed: {NETWORK_FORMS}')}$"
    ):
        addresses.network(value)


@pytest.mark.parametrize(("value", "cidr"), [("10.0.0.5/24", "10.0.0.0/24"), ("2001:db8::1/64", "2001:db8::/64")])
def test_host_bits_are_refused_with_the_network_that_is_meant(value: str, cidr: str) -> None:
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'{value!r} has host bits set (its network is {cidr})')}; allowed: "
    ):
        addresses.network(value)


def test_a_host_has_one_address() -> None:
    assert addresses.host("10.0.0.5").text == "10.0.0.5/32"
    assert addresses.host("2001:db8::5").text == "2001:db8::5/128"


@pytest.mark.parametrize("value", ["10.0.0.0/24", "10.0.0.5/32", "any", "rs1", "", None, 5, "10.0.0.5/"])
def test_what_is_no_hosts_address_is_refused(value: Any) -> None:
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'{value!r} is not the address of a host; allowed: {HOST_FORMS}')}$"
    ):
        addresses.host(value)
    assert not addresses.is_address(value)


@pytest.mark.parametrize("value", ["0.0.0.0", "::", "127.0.0.1", "127.1.2.3", "::1", "224.0.0.251", "ff02::fb"])
def test_an_address_of_no_other_host_is_refused(value: str) -> None:
    with pytest.raises(
        ValueError,
        match=f"^{re.escape(f'{value!r} is an address that no other host can reach; allowed: {HOST_FORMS}')}$",
    ):
        addresses.host(value)
    assert not addresses.is_address(value)


def test_is_address() -> None:
    assert addresses.is_address("10.0.0.5")


def test_a_missing_netaddr_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "netaddr", None)
    with pytest.raises(
        RuntimeError, match="^the Python package netaddr is needed on the controller: pip install netaddr$"
    ):
        addresses.network("192.0.2.77/32")
