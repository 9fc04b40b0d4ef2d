# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import addresses
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peers import Peers
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable

FEW = [ipaddress.ip_network(f"10.0.0.{at}/{bits}") for bits in range(28, 33) for at in range(0, 16, 1 << 32 - bits)]
FEW += [
    ipaddress.ip_network(f"2001:db8::{at:x}/{bits}") for bits in range(125, 129) for at in range(0, 8, 1 << 128 - bits)
]
SETS = st.lists(st.sampled_from(FEW), max_size=8)


def peers(*texts: Any) -> Peers:
    return Peers(addresses.network(str(text)) for text in texts)


def hosts(networks: Any) -> set[Any]:
    return {address for network in networks for address in network}


def test_what_another_covers_is_left_out() -> None:
    assert peers("10.0.0.5", "10.0.0.0/24", "10.0.0.5", "2001:db8::1").texts == ("10.0.0.0/24", "2001:db8::1/128")


def test_any_stands_alone() -> None:
    assert peers("10.0.0.5", "any", "::/0").texts == ("any",)


def test_all_of_a_family_is_not_any() -> None:
    assert peers("0.0.0.0/0", "10.0.0.5").texts == ("0.0.0.0/0",)
    assert not peers("0.0.0.0/0", "::/0").covers(addresses.ANY)


def test_nobody() -> None:
    assert peers().texts == ()
    assert not peers().covers(addresses.network("10.0.0.5"))
    assert peers("10.0.0.5").includes(peers())


def test_any_covers_all_and_is_larger_than_all() -> None:
    everything = peers("0.0.0.0/0", "::/0")
    assert peers("any").includes(everything)
    assert not everything.includes(peers("any"))
    assert peers("any").size > everything.size


def test_two_halves_are_the_whole() -> None:
    halves = peers("10.0.0.0/25", "10.0.0.128/25")
    assert halves.texts == ("10.0.0.0/25", "10.0.0.128/25")
    assert halves.covers(addresses.network("10.0.0.0/24"))
    assert not peers("10.0.0.0/25", "10.0.0.192/26").covers(addresses.network("10.0.0.0/24"))
    assert not peers("10.0.0.0/25", "10.0.0.128/25").covers(addresses.network("10.0.0.0/23"))


@given(SETS, SETS)
@stable(400)
def test_sets_of_networks_are_the_sets_of_their_addresses(some: list[Any], others: list[Any]) -> None:
    mine, theirs = peers(*some), peers(*others)
    assert hosts(ipaddress.ip_network(text) for text in mine.texts) == hosts(some)
    assert mine.size == len(hosts(some))
    assert mine.includes(theirs) == (hosts(others) <= hosts(some))
    kept = [ipaddress.ip_network(text) for text in mine.texts]
    assert not any(a.version == b.version and a.subnet_of(b) for a in kept for b in kept if a is not b)
    assert kept == sorted(kept, key=lambda network: (network.version, network.network_address))
    assert peers(*reversed(some)).networks == mine.networks
