# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real packets between two hosts, lost at each place in turn: the counts tell where."""

from __future__ import annotations

import concurrent.futures
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

MODULE = "packet_witness"
FRIEND = "friend"
V4, V6 = ("10.9.0.2", "10.9.0.1"), ("fd00::2", "fd00::1")
DROP = "table inet faulty { chain both { type filter hook %s priority %s; policy accept; %s drop; }\n }\n"
REQUEST = "{ ip daddr 10.9.0.1 , ip6 daddr fd00::1 }"
WITHOUT_NFT = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null "$(command -v nft)"; exec "$@"', "sh")


def flow(pair, protocol, port=7001):
    return {"source": pair[0], "address": pair[1], "protocol": protocol, "port": port}


FLOWS = [flow(pair, protocol) for pair in (V4, V6) for protocol in ("tcp", "udp")]


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "fd00::1/64")
        lab.host(FRIEND, "10.9.0.2/24", "fd00::2/64")
        lab.serve(HOST, 7001)
        yield lab


@pytest.fixture(autouse=True)
def clean(lab):
    yield
    for host in (HOST, FRIEND):
        lab.nft(host, "flush ruleset")


def tables(lab, host):
    return lab.run(host, "nft", "list", "tables").stdout


def seen(lab, asked=FLOWS, given=FLOWS):
    """Ask ``asked`` from the friend; return flow -> (of the request, of the answer), each the points that packets came past."""
    for host in (HOST, FRIEND):
        assert lab.module(host, MODULE, flows=given)["available"]
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
        list(pool.map(lambda one: lab.reached(FRIEND, one["protocol"], one["address"], one["port"]), asked))
    found = {}
    for host in (FRIEND, HOST):
        for row in lab.module(host, MODULE, state="read")["counts"]:
            key = row["source"], row["protocol"]
            for side in ("request", "answer"):
                points = found.setdefault(key, {}).setdefault(side, set())
                points.update((host, point) for point, packets in row[side].items() if packets)
    return found


WAY = [(FRIEND, "sent"), (FRIEND, "left"), (HOST, "arrived"), (HOST, "taken")]
BACK = [(HOST, "sent"), (HOST, "left"), (FRIEND, "arrived"), (FRIEND, "taken")]
KEYS = [(pair[0], protocol) for pair in (V4, V6) for protocol in ("tcp", "udp")]


def passed(way, back, protocols=("tcp", "udp")):
    return {key: {"request": set(way), "answer": set(back)} for key in KEYS if key[1] in protocols}


def test_what_passes_is_counted_at_every_point_of_both_hosts(lab):
    before = lab.run(HOST, "nft", "list", "ruleset").stdout
    assert seen(lab) == passed(WAY, BACK)
    for host in (HOST, FRIEND):
        assert lab.module(host, MODULE, state="absent")["changed"] is True
        assert lab.module(host, MODULE, state="absent")["changed"] is False
    assert lab.run(HOST, "nft", "list", "ruleset").stdout == before


@pytest.mark.parametrize(
    ("host", "hook", "priority", "match", "reached", "returned"),
    [
        (FRIEND, "output", -300, "meta l4proto { tcp, udp } th dport 7001", 1, 0),
        (FRIEND, "postrouting", 300, "meta l4proto { tcp, udp } th dport 7001", 1, 0),
        (HOST, "prerouting", -450, "meta l4proto { tcp, udp } th dport 7001", 3, 0),
        (HOST, "input", 300, "meta l4proto { tcp, udp } th dport 7001", 3, 0),
        (FRIEND, "input", 0, "meta l4proto { tcp, udp } th sport 7001", 4, 3),
    ],
)
def test_where_packets_are_lost(lab, host, hook, priority, match, reached, returned):
    lab.nft(host, DROP % (hook, priority, match))
    assert seen(lab) == passed(WAY[:reached], BACK[:returned])


def test_answers_that_are_lost_where_they_are_sent(lab):
    """Over TCP only: of UDP, the server would be told."""
    lab.nft(HOST, DROP % ("output", -450, "tcp sport 7001"))
    asked = [FLOWS[0], FLOWS[2]]
    assert seen(lab, asked, asked) == passed(WAY, BACK[:1], "tcp")


def test_only_what_was_asked_for_is_counted(lab):
    assert seen(lab, given=FLOWS[:1]) == {KEYS[0]: {"request": set(WAY), "answer": set(BACK)}}


def test_the_policy_neither_sees_nor_changes_it(lab):
    rules = [rule("7001", "any")]
    lab.apply(rules, persist=False)
    lab.module(HOST, MODULE, flows=FLOWS)
    assert lab.apply(rules, persist=False)["changed"] is False
    counted = lab.module(HOST, MODULE, state="read")
    assert lab.apply(rules, persist=False, state="absent")["changed"] is True
    assert lab.module(HOST, MODULE, state="read")["counts"] == counted["counts"]
    assert len(counted["counts"]) == len(FLOWS)


def test_it_goes_away_by_itself_but_not_what_took_its_place(lab):
    lab.module(FRIEND, MODULE, flows=FLOWS, seconds=1)
    lab.module(HOST, MODULE, flows=FLOWS, seconds=1)
    lab.module(HOST, MODULE, flows=FLOWS[:1], seconds=3600)
    until = time.monotonic() + 30
    while tables(lab, FRIEND) and time.monotonic() < until:
        time.sleep(0.05)
    gone = lab.module(FRIEND, MODULE, state="read")
    assert (gone["available"], gone["counts"]) == (False, [])
    assert gone["reason"].startswith("there is no table inet portmatrix_witness on this host")
    time.sleep(0.5)
    assert len(lab.module(HOST, MODULE, state="read")["counts"]) == 1


def test_as_many_flows_as_are_allowed(lab):
    flows = [flow(V6, "tcp", port) for port in range(1, 201)]
    assert lab.module(HOST, MODULE, flows=flows)["changed"] is True
    assert [row["port"] for row in lab.module(HOST, MODULE, state="read")["counts"]] == list(range(1, 201))


def test_a_host_without_nft_says_so(lab):
    for state in ({"flows": FLOWS}, {"state": "read"}, {"state": "absent"}):
        result = lab.module(HOST, MODULE, *WITHOUT_NFT, **state)
        assert "failed" not in result
        assert (result["available"], result["changed"], result["counts"]) == (False, False, [])
        assert result["reason"] == "nft was not found on this host: install the package nftables"


def test_in_check_mode_nothing_is_counted(lab):
    assert lab.module(HOST, MODULE, flows=FLOWS, _ansible_check_mode=True)["changed"] is True
    assert tables(lab, HOST) == ""
    lab.module(HOST, MODULE, flows=FLOWS)
    assert lab.module(HOST, MODULE, state="absent", _ansible_check_mode=True)["changed"] is True
    assert "portmatrix_witness" in tables(lab, HOST)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"flows": [flow(V4, "tcp", 0)]}, "flows[0].port: 0; allowed are ports from 1 to 65535"),
        ({"flows": FLOWS, "seconds": 0}, "seconds: 0; allowed is 1 to 3600"),
        ({}, "state is present but all of the following are missing: flows"),
    ],
)
def test_wrong_input(lab, params, message):
    result = lab.module(HOST, MODULE, **params)
    assert result["failed"] and message in result["msg"]
    assert tables(lab, HOST) == ""
