# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

MODULE = "policy_counters"
OTHERS = "table inet other { chain input { type filter hook input priority filter; policy accept; counter; }\n }\n"


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        lab.host("friend", "10.9.0.2/24")
        lab.serve(HOST, 7001)
        yield lab


def test_a_host_without_a_policy(lab):
    lab.nft(HOST, OTHERS)
    found = lab.module(HOST, MODULE)
    assert found["failed"] and "there is no table inet portmatrix on this host" in found["msg"]


def test_a_host_that_enforces_counts_by_flow(lab):
    lab.apply([rule("7001", "10.9.0.2", flows=("a.b",)), rule("7002", "any", flows=("c.d",))], persist=False)
    assert lab.reaches("friend", "tcp", "10.9.0.1", 7001)
    found = lab.module(HOST, MODULE)
    assert (found["changed"], found["mode"], found["seen"]) == (False, "enforce", [])
    assert {row["flows"][0]: row["packets"] for row in found["rules"]} == {"a.b": 1, "c.d": 0}


def test_reading_changes_nothing(lab):
    lab.apply([rule("7001", "10.9.0.2")], persist=False, mode="audit")
    before = lab.run(HOST, "nft", "--handle", "--stateless", "list", "ruleset").stdout
    assert lab.module(HOST, MODULE, _ansible_check_mode=True)["mode"] == "audit"
    assert lab.run(HOST, "nft", "--handle", "--stateless", "list", "ruleset").stdout == before
