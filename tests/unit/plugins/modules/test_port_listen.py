# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

RULE = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["10.0.0.5/32"],
    "flows": ["milestone.recording.media"],
    "reason": "text",
}
OMITTED = "omitted"


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.host("one")
        yield lab


def listen(lab, **changes):
    options = {"run": "run-1", "host": "rs1", "rules": [RULE], "addresses": ["127.0.0.1"], "seconds": 5}
    given = {name: value for name, value in {**options, **changes}.items() if value != OMITTED}
    return lab.module("one", "port_listen", **given)


def test_the_rules_of_a_policy_are_understood(lab):
    rules = [RULE, {**RULE, "protocol": "igmp", "ports": []}, {**RULE, "direction": "out", "ports": ["1"]}]
    started = listen(lab, rules=rules)
    assert started["changed"] is True
    assert started["listening"] == [{"address": "127.0.0.1", "protocol": "tcp", "port": 7563}]
    assert listen(lab, state="stopped", rules=OMITTED, addresses=OMITTED)["changed"] is True


@pytest.mark.parametrize("nothing", [{"rules": None}, {"rules": []}, {"addresses": None}, {"addresses": []}])
def test_nothing_to_listen_on(lab, nothing):
    started = listen(lab, **nothing)
    assert (started["changed"], started["pid"], started["listening"]) == (False, None, [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": "../run"}, "run: '../run'; allowed are 1 to 64 letters, digits and hyphens"),
        ({"host": "rs 1"}, "host: 'rs 1'; allowed is a name without spaces, at most 253 bytes long"),
        ({"seconds": 0}, "seconds: 0; allowed is 1 to 3600"),
        ({"seconds": 3601}, "seconds: 3601; allowed is 1 to 3600"),
        ({"addresses": ["rs1"]}, "addresses[0]: 'rs1'; allowed is an IPv4 or IPv6 address of this host"),
        (
            {"rules": [{**RULE, "ports": ["7000-6000"]}]},
            "rules[0].ports: 7000-6000 runs backwards; allowed are ports and ranges from 1 to 65535",
        ),
        ({"addresses": OMITTED}, "state is started but all of the following are missing: addresses"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(lab, changes, message):
    refused = listen(lab, **changes)
    assert refused["failed"]
    assert refused["msg"] == message
    assert listen(lab, state="stopped")["changed"] is False
