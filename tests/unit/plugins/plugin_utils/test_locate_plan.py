# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_plan import plan

ENDS = {"to": "rs1", "source": "10.0.0.5", "address": "10.0.0.11", "protocol": "tcp"}


def row(port, expected="open", observed="filtered", **changes):
    return {**ENDS, "port": port, "expected": expected, "observed": observed, "ok": False, "detail": "", **changes}


def flow(port, **changes):
    ends = {**ENDS, **changes}
    return {**{key: ends[key] for key in ("source", "address", "protocol")}, "port": port}


def test_both_hosts_count_and_only_the_initiator_asks():
    asked = plan({"op1": [row(7563), row(80, "shut", "open")]}, {})
    assert asked == {
        "op1": {"flows": [flow(80), flow(7563)], "expectations": [{**ENDS, "open": [7563], "shut": [80]}]},
        "rs1": {"flows": [flow(80), flow(7563)], "expectations": []},
    }


def test_what_else_was_said_of_a_port_is_said_again():
    before = {**ENDS, "address": "10.0.0.11", "open": [1, 2, 3], "shut": [4], "speaks": {2: "rtsp"}}
    asked = plan({"op1": [row(2)]}, {"op1": [before], "other": []})
    assert asked["op1"]["expectations"] == [{**before, "open": [2], "shut": []}]


def test_each_kind_of_difference_gets_its_turn_where_there_are_too_many():
    many = [row(port) for port in range(1000, 1100)]
    udp = row(5, protocol="udp")
    asked = plan({"op1": [*many, udp], "op2": [row(6, source="10.0.0.6")]}, {}, most=4)
    assert asked["op1"]["flows"] == [flow(1000), flow(1001), flow(5, protocol="udp")]
    assert asked["op2"]["flows"] == [flow(6, source="10.0.0.6")]
    assert len(asked["rs1"]["flows"]) == 4
    counted = sum(len(entry["open"]) for host in ("op1", "op2") for entry in asked[host]["expectations"])
    assert counted == 4


def test_nothing_differs():
    assert plan({}, {"op1": []}) == {}
    assert plan({"op1": []}, {}) == {}
