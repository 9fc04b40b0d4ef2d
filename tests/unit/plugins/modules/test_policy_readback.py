# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module on a host with rules by nft."""

from __future__ import annotations

import json

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

MODULE = "policy_readback"
OTHERS = """
table inet other {
 set peers { type ipv4_addr; elements = { 10.9.0.2, 10.9.0.3 }; }
 chain input { type filter hook input priority 5; policy accept; ip saddr @peers counter accept; }
}
"""


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.host(HOST, "10.9.8.1/24", segment="other")
        yield lab


def test_a_host_without_rules(lab):
    lab.shell("nft flush ruleset")
    found = lab.module(HOST, MODULE)
    assert found["changed"] is False
    ruleset = found["ruleset"]
    assert [list(entry) for entry in json.loads(ruleset["nft"])["nftables"]] == [["metainfo"]]
    assert ruleset["iptables"] == {"ipv4": {"nft": "", "legacy": ""}, "ipv6": {"nft": "", "legacy": ""}}
    assert ruleset["ipset"] == ""
    assert ruleset["interfaces"] == ["eth0", "eth1", "lo"]
    assert {"10.9.0.1", "10.9.8.1", "2001:db8:9::1"} <= set(ruleset["addresses"])
    assert not {"127.0.0.1", "::1"} & set(ruleset["addresses"])
    assert lab.shell("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true") == ""


def test_all_tables_are_read_and_none_is_changed(lab):
    lab.nft(HOST, OTHERS)
    lab.apply([rule("7001", "10.9.0.2"), rule("7002", "any")], persist=False)
    before = lab.shell("nft --handle --stateless list ruleset")
    listing = json.loads(lab.module(HOST, MODULE, _ansible_check_mode=True)["ruleset"]["nft"])["nftables"]
    assert {entry["table"]["name"] for entry in listing if "table" in entry} == {"other", "portmatrix"}
    assert any(entry["set"]["elem"] == ["10.9.0.2", "10.9.0.3"] for entry in listing if "set" in entry)
    assert lab.shell("nft --handle --stateless list ruleset") == before


def test_a_user_without_rights_is_told_so(lab):
    found = lab.module(HOST, MODULE, "setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs")
    assert found["failed"] and "use become" in found["msg"]
