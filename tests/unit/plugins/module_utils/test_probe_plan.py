# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import Verdict
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import (
    OBSERVATIONS,
    Probe,
    counts,
    plan,
    row,
    worth_repeating,
)


def expectation(**changes):
    entry = {
        "to": "rs1",
        "source": "10.0.0.1",
        "address": "10.0.0.5",
        "protocol": "tcp",
        "open": [7563],
        "shut": [7564, 7562],
    }
    return dict(entry, **changes)


def probe(expected):
    return Probe("rs1", "10.0.0.1", "10.0.0.5", "tcp", 7563, expected)


def test_every_port_becomes_a_probe_once():
    probes = plan([expectation(), expectation(protocol="udp", shut=[], open=[9]), expectation()])
    assert [(each.protocol, each.port, each.expected) for each in probes] == [
        ("tcp", 7562, "shut"),
        ("tcp", 7563, "open"),
        ("tcp", 7564, "shut"),
        ("udp", 9, "open"),
    ]


def test_what_a_port_speaks_goes_with_it():
    """Keys are texts after a journey as JSON; a port that is not asked is passed over."""
    probes = plan([expectation(speaks={"7563": "rtsp", 7564: "rtsp", "9": "rtsp"}), expectation(to="b", speaks=None)])
    assert [each.speaks for each in probes] == ["", "rtsp", "rtsp", "", "", ""]


def test_addresses_are_brought_into_one_form():
    first = plan([expectation(source="2001:DB8:0::1", address="2001:db8::0:5")])[0]
    assert (first.source, first.address) == ("2001:db8::1", "2001:db8::5")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to": "rs 1"}, "expectations[1].to: 'rs 1'; allowed is a name without spaces, at most 253 bytes long"),
        ({"source": "rs1"}, "expectations[1].source: 'rs1'; allowed is an IPv4 or IPv6 address"),
        ({"address": "10.0.0.0/24"}, "expectations[1].address: '10.0.0.0/24'; allowed is an IPv4 or IPv6 address"),
        ({"address": "239.1.1.1"}, "expectations[1].address: 239.1.1.1; allowed is the address of one host"),
        ({"source": "0.0.0.0"}, "expectations[1].source: 0.0.0.0; allowed is the address of one host"),
        (
            {"source": "2001:db8::1"},
            "expectations[1].source: 2001:db8::1; allowed is an address of the same family as 10.0.0.5",
        ),
        ({"protocol": "igmp"}, "expectations[1].protocol: 'igmp'; allowed are tcp and udp"),
        ({"open": [0]}, "expectations[1].open: 0; allowed are ports from 1 to 65535"),
        ({"shut": [65536]}, "expectations[1].shut: 65536; allowed are ports from 1 to 65535"),
        (
            {"speaks": {"http": "rtsp"}},
            "expectations[1].speaks: 'http'; allowed are ports from 1 to 65535",
        ),
        (
            {"speaks": {"7563": "ntp"}},
            "expectations[1].speaks[7563]: 'ntp'; allowed for tcp: rtsp",
        ),
        (
            {"protocol": "udp", "speaks": {7563: None}},
            "expectations[1].speaks[7563]: None; allowed for udp: dns and mdns and ntp and ssdp",
        ),
        ({"open": [1, 2, 3], "shut": [3, 1]}, "expectations[1].shut: 1, 3; allowed are ports that are not in open"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(changes, message):
    with pytest.raises(ValueError) as caught:
        plan([expectation(), expectation(**changes)])
    assert str(caught.value) == message


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(ValueError, match=r"expectations\[0\]\.open: 0.*; expectations\[1\]\.source: 'x'"):
        plan([expectation(open=[0]), expectation(source="x")])


@pytest.mark.parametrize(
    ("expected", "right"), [("open", {"open"}), ("shut", {"filtered", "unreachable"})], ids=["open", "shut"]
)
def test_which_observations_are_right(expected, right):
    rows = {observed: row(probe(expected), Verdict(observed, "why", "nothing"), 2) for observed in OBSERVATIONS}
    assert {observed for observed, each in rows.items() if each["ok"]} == right
    assert rows["refused"] == {
        "to": "rs1",
        "source": "10.0.0.1",
        "address": "10.0.0.5",
        "protocol": "tcp",
        "port": 7563,
        "expected": expected,
        "observed": "refused",
        "ok": False,
        "service": "nothing",
        "attempts": 2,
        "detail": "why",
    }


def test_an_answer_from_a_port_that_must_be_shut_is_final():
    assert {observed for observed in OBSERVATIONS if worth_repeating(probe("shut"), observed)} == {"error"}
    assert {observed for observed in OBSERVATIONS if not worth_repeating(probe("open"), observed)} == {"open"}


def test_every_kind_of_observation_is_counted():
    rows = [{"observed": "open"}, {"observed": "filtered"}, {"observed": "open"}]
    assert counts(rows) == {"open": 2, "refused": 0, "filtered": 1, "unreachable": 0, "wrong_host": 0, "error": 0}
