# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of firewall managers. That it is what they do is tested with real ones, in test_policy_readback_managers."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.housekeeping import (
    TOLERATED,
    WITHHELD,
    bans,
    manager,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NAMES, NUMBERS, Chain, Rule, Table


def table(*targets, hook="input"):
    """A table whose base chain leads to these chains."""
    rules = tuple(Rule(({},), True, "jump", target, "") for target in targets)
    chains = {"INPUT": Chain("INPUT", rules, hook), **{target: Chain(target, ()) for target in targets}}
    return Table("ip filter", frozenset({"ipv4"}), chains)


@pytest.mark.parametrize(
    ("tables", "name"),
    [
        ([], ""),
        ([table("DOCKER")], ""),
        ([table("ufw-before-logging-input", "ufw-before-input")], "ufw"),
        ([table("DOCKER"), table("ufw6-before-input")], "ufw"),
        ([table("filter_INPUT_ZONES")], "firewalld"),
        ([table("INPUT_direct", "INPUT_ZONES")], "firewalld"),
        ([table("ufw-before-input"), table("filter_INPUT_ZONES")], ""),
        ([table("ufw-before-input", hook="")], ""),
    ],
)
def test_the_manager_is_the_one_whose_chains_are_in_force(tables, name):
    assert manager(tables) == name


@pytest.mark.parametrize("known", [TOLERATED, WITHHELD])
def test_every_region_is_one_of_the_model_and_says_why(known):
    assert set(known) == {"ufw", "firewalld"}
    for expected in (one for part in known.values() for one in part):
        assert expected.direction in ("in", "out") and expected.why
        assert expected.box and set(expected.box) <= set(NUMBERS) | set(NAMES)
        for dimension, values in expected.box.items():
            assert values
            if dimension in NUMBERS:
                assert list(values) == sorted(values) and all(0 <= a <= b <= NUMBERS[dimension] for a, b in values)


def test_no_region_is_a_whole_protocol_from_anywhere():
    """Otherwise a port opened by hand would be tolerated."""
    for expected in (one for part in TOLERATED.values() for one in part):
        protocols = expected.box["protocol"]
        with_services = any(first <= number <= last for first, last in protocols for number in (6, 17))
        assert not with_services or {"destination_port"} < set(expected.box)


@pytest.mark.parametrize(
    ("rule", "is_one"),
    [
        ("inet f2b-table f2b-chain: tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable", True),
        ("iptables filter f2b-sshd: -s 10.0.0.7/32 -j REJECT", True),
        ("ip crowdsec crowdsec-chain-input: ip saddr @crowdsec-blacklists drop", True),
        ("inet sshguard blacklist: ip saddr @attackers drop", True),
        ("inet portmatrix input: ip saddr 10.0.0.7 drop", False),
        ('inet mine input: drop comment "inet f2b-table f2b-chain: no"', False),
    ],
)
def test_bans_are_known_by_where_they_stand(rule, is_one):
    assert bans(rule) is is_one
