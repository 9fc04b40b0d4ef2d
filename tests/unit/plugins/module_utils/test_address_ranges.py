# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges


@given(st.ip_addresses())
def test_an_address_is_the_number_that_ipaddress_gives(address):
    assert address_ranges.parse_address(str(address)) == (address.version, int(address))
    assert ipaddress.ip_address(address_ranges.address_text(address.version, int(address))) == address


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_network_has_the_bounds_and_the_text_that_ipaddress_gives(address, length):
    network = ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)
    family, low, high = address_ranges.parse_network(str(network))
    assert (family, low, high) == (network.version, int(network[0]), int(network[-1]))
    text = address_ranges.range_text(family, (low, high))
    assert ipaddress.ip_network(text) == network


def test_a_range_that_is_no_network_is_written_with_its_ends():
    assert address_ranges.range_text(4, (0x0A000001, 0x0A000002)) == "10.0.0.1-10.0.0.2"


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.256", "10.0.0.05", " 10.0.0.1", "host", "fe80::1%eth0", "1::2::3", "10.0.0.1\x00"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="is not an IPv4 or IPv6 address"):
        address_ranges.parse_network(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0.0/255.0.0.0", "10.0.0.0/²"]
)
def test_a_wrong_prefix_length_is_refused(text):
    with pytest.raises(ValueError, match="prefix length must be 0-(32|128)"):
        address_ranges.parse_network(text)


def test_bits_beyond_the_prefix_are_refused_with_the_network_that_was_perhaps_meant():
    with pytest.raises(ValueError, match="'10.0.0.5/24' has bits set beyond its prefix; write 10.0.0.0/24"):
        address_ranges.parse_network("10.0.0.5/24")
