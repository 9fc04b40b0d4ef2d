# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

EXPECTATION = {"to": "rs1", "source": "127.0.0.1", "address": "127.0.0.1", "protocol": "tcp", "open": [], "shut": [9]}


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.host("one")
        yield lab


def probe(lab, **changes):
    return lab.module("one", "port_probe", **{"run": "run-1", "expectations": [EXPECTATION], **changes})


@pytest.mark.parametrize("check", [False, True])
def test_a_difference_is_no_failure_and_nothing_changes(lab, check):
    found = probe(lab, _ansible_check_mode=check)
    assert "failed" not in found
    assert found["changed"] is False
    assert [row["observed"] for row in found["differences"]] == ["refused"]


def test_numbers_may_come_as_text(lab):
    found = probe(lab, timeout="0.5", retries="0", expectations=[{**EXPECTATION, "shut": ["9"]}])
    assert found["results"][0]["port"] == 9


def test_what_a_port_speaks_is_an_option(lab):
    found = probe(lab, expectations=[{**EXPECTATION, "speaks": {"9": "rtsp"}}], timeout=0.5)
    assert "speaks" not in found["results"][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": "run 1"}, "run: 'run 1'; allowed are 1 to 64 letters, digits and hyphens"),
        ({"timeout": 0}, "timeout: 0.0; allowed is more than 0 and at most 60 seconds"),
        ({"concurrency": 0}, "concurrency: 0; allowed is 1 to 16384"),
        ({"retries": 11}, "retries: 11; allowed is 0 to 10"),
        (
            {"expectations": [{**EXPECTATION, "shut": [0]}]},
            "expectations[0].shut: 0; allowed are ports from 1 to 65535",
        ),
        (
            {"expectations": [{**EXPECTATION, "speaks": {"9": "ntp"}}]},
            "expectations[0].speaks[9]: 'ntp'; allowed for tcp: rtsp",
        ),
        (
            {"expectations": [{**EXPECTATION, "source": "192.0.2.1"}]},
            "expectations: source 192.0.2.1; allowed is an address of this host",
        ),
        (
            {"expectations": [{**EXPECTATION, "protocol": "sctp"}]},
            "value of protocol must be one of: tcp, udp, got: sctp found in expectations",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(lab, changes, message):
    refused = probe(lab, **changes)
    assert refused["failed"]
    assert refused["msg"] == message
