# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table that iptables made and nft added to: what the kernel lets through is what the read-back says."""

from __future__ import annotations

import os
import shutil
from ipaddress import ip_address

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.compare import differences
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.trace import trace
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab
from ansible_collections.vidnet.portmatrix.tests.support.spoofed_packets import TCP, Spoofed, Watch

pytestmark = pytest.mark.managers

IPTABLES = """\
iptables-nft -P INPUT DROP
iptables-nft -N services
iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
iptables-nft -A INPUT -i lo -j ACCEPT
nft 'add rule ip filter INPUT ip saddr { 10.0.0.1, 10.0.0.2 } drop'
iptables-nft -A INPUT -s 10.0.0.0/29 -j services
iptables-nft -A services -p tcp -m multiport --dports 80,443,8080 -j ACCEPT
"""
FOREIGN_CHAIN = """\
nft 'add chain ip filter mine { type filter hook input priority 10; policy accept; }'
nft 'add rule ip filter mine tcp dport 443 drop'
"""
NOT_FOR_IPTABLES = "nft 'insert rule ip filter INPUT tcp dport 8080 ct state new drop'\n"
DROP_OF_TWO = "ip filter INPUT: ip saddr { 10.0.0.1, 10.0.0.2 } drop"
OWN = "10.9.0.1"


@pytest.fixture(scope="module")
def host():
    if not shutil.which("iptables-nft", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        pytest.skip("NOT TESTED: iptables-nft is not installed on this machine (package iptables)")
    with NftLab() as lab:
        yield lab, Watch(lab)


@pytest.fixture
def readback(host):
    """A function that makes rules and returns what is read, after the kernel has been asked whether that is right."""
    lab, watch = host
    packets = [
        Spoofed(TCP, ip_address(f"10.0.0.{peer}"), ip_address(OWN), 1024 + peer, port)
        for peer in (1, 2, 3, 7, 8)
        for port in (80, 443, 8080, 8081)
    ]

    def make(script):
        lab.shell(f"nft flush ruleset; {script}")
        found = lab.module(HOST, "policy_readback")["ruleset"]
        verdicts = {packet: said(found, packet) for packet in packets}
        through = watch.through(packets)
        assert all(
            verdict in ("unknown", "accept" if packet in through else "drop") for packet, verdict in verdicts.items()
        )
        return found, {(int(packet.source) & 255, packet.port): verdict for packet, verdict in verdicts.items()}

    yield make
    lab.shell("nft flush ruleset")


def said(found, packet):
    about = Packet("in", "ipv4", TCP, int(packet.source), int(packet.destination), packet.source_port, packet.port)
    return trace(found, about)["verdict"]


def opened(found):
    """What is open for new connections of TCP, of IPv4."""
    wanted = {"kind": "open", "direction": "in", "family": "ipv4", "protocol": "tcp", "state": "new"}
    rows = [row for row in differences(found, [], "allow") if wanted.items() <= row.items()]
    return [(row["ports"], row["peers"], row["rule"]) for row in rows]


def test_a_rule_of_nft_is_as_narrow_as_it_is_and_what_is_open_behind_it_is_found(readback):
    found, verdicts = readback(IPTABLES)
    assert "-A INPUT -j DROP" in found["iptables"]["ipv4"]["nft"]  # what iptables says of the rule of nft
    assert "unknown" not in verdicts.values()
    assert {key for key, verdict in verdicts.items() if verdict == "accept"} == {
        (peer, port) for peer in (3, 7) for port in (80, 443, 8080)
    }
    ((ports, peers, rule),) = opened(found)
    assert (ports, peers) == (["80", "443", "8080"], ["10.0.0.0/32", "10.0.0.3/32", "10.0.0.4/30"])
    assert rule == "iptables -t filter -A services -p tcp -m multiport --dports 80,443,8080 -j ACCEPT"
    dropped = Packet("in", "ipv4", TCP, int(ip_address("10.0.0.1")), int(ip_address(OWN)), 1024, 80)
    assert trace(found, dropped) == {"verdict": "drop", "rule": DROP_OF_TWO}


def test_a_base_chain_that_iptables_leaves_out_is_in_force(readback):
    found, verdicts = readback(IPTABLES + FOREIGN_CHAIN)
    assert "mine" not in found["iptables"]["ipv4"]["nft"]
    assert {key for key, verdict in verdicts.items() if verdict == "accept"} == {
        (peer, port) for peer in (3, 7) for port in (80, 8080)
    }
    assert [ports for ports, _peers, _rule in opened(found)] == [["80", "8080"]]


def test_a_table_that_iptables_does_not_list_at_all_is_known_as_far_as_nft_lists_it(readback):
    found, verdicts = readback(IPTABLES + NOT_FOR_IPTABLES)
    assert "*filter" not in found["iptables"]["ipv4"]["nft"]
    # Whether the first rule of iptables, for replies, lets a packet in is not known.
    assert verdicts == {(peer, port): "drop" if port == 8080 else "unknown" for peer, port in verdicts}
