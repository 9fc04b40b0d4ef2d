# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import witness

FLOW = {"source": "10.9.0.2", "address": "10.9.0.1", "protocol": "tcp", "port": 7563}
NOTHING = {"arrived": 0, "taken": 0, "sent": 0, "left": 0}
LISTING = """table inet portmatrix_witness {
    set tcp4 {
        type ipv4_addr . ipv4_addr . inet_service
        elements = { 10.9.0.2 . 10.9.0.1 . 7563,
                 10.9.0.3 . 10.9.0.1 . 7563 }
    }

    set arrived_request_tcp4 {
        type ipv4_addr . ipv4_addr . inet_service
        size 200
        flags dynamic
        counter
        elements = { 10.9.0.2 . 10.9.0.1 . 7563 counter packets 2 bytes 120 }
    }

    set taken_request_tcp4 {
        type ipv4_addr . ipv4_addr . inet_service
        size 200 # count 1
        flags dynamic
        counter
        elements = { 10.9.0.2 . 10.9.0.1 . 7563 counter packets 1 bytes 60 }
    }

    set sent_answer_tcp4 {
        type ipv4_addr . ipv4_addr . inet_service
        counter
        elements = { 10.9.0.2 . 10.9.0.1 . 7563 counter packets 3 bytes 180,
                 10.9.0.3 . 10.9.0.1 . 7563 counter packets 4 bytes 240 }
    }

    chain run_0a0b0c0d0e0f {
    }
}
""".replace("    ", "\t")


def test_what_nft_prints_is_read():
    request = dict(NOTHING, arrived=2, taken=1)
    other = {**FLOW, "source": "10.9.0.3"}
    assert witness.counts(LISTING) == [
        dict(FLOW, request=request, answer=dict(NOTHING, sent=3)),
        dict(other, request=NOTHING, answer=dict(NOTHING, sent=4)),
    ]


def test_the_script_holds_no_verdict():
    flows = witness.checked_flows([FLOW, {**FLOW, "protocol": "udp", "source": "fd00::2", "address": "fd00::1"}])
    words = set(re.findall(r"[a-z]+", witness.script(flows, "0a")))
    assert not words & {"drop", "reject", "queue", "dnat", "snat", "redirect", "masquerade", "notrack", "ct"}
    assert "accept" not in re.sub(r"hook \w+ priority \S+; policy accept;", "", witness.script(flows, "0a"))


def test_flows_are_made_alike_and_each_is_counted_once():
    again = {**FLOW, "source": "fd00:0::2", "address": "fd00::1"}
    flows = witness.checked_flows([again, FLOW, {**again, "source": "fd00::2"}, FLOW])
    assert flows == [witness.Flow("fd00::2", "fd00::1", "tcp", 7563), witness.Flow(**FLOW)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "rs1"}, "flows[0].source: 'rs1'; allowed is an IPv4 or IPv6 address without a zone"),
        (
            {"address": "fe80::1%eth0"},
            "flows[0].address: 'fe80::1%eth0'; allowed is an IPv4 or IPv6 address without a zone",
        ),
        ({"address": "fd00::1"}, "flows[0].source: 10.9.0.2; allowed is an address of the same family as fd00::1"),
        ({"protocol": "igmp"}, "flows[0].protocol: 'igmp'; allowed are tcp and udp"),
        ({"port": 0}, "flows[0].port: 0; allowed are ports from 1 to 65535"),
        (
            {"port": 65536, "source": ""},
            "flows[0].source: ''; allowed is an IPv4 or IPv6 address without a zone; flows[0].port: 65536",
        ),
    ],
)
def test_a_wrong_flow_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        witness.checked_flows([{**FLOW, **changes}])


def test_limits():
    with pytest.raises(ValueError, match="flows: 201; allowed are at most 200"):
        witness.checked_flows([{**FLOW, "port": port} for port in range(1, 202)])
