# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from counts and verdicts. That these are true is tested where faults are made on real hosts."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate import Known, located
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_steps import STEPS

ROW = {"to": "rs1", "source": "10.0.0.5", "address": "10.0.0.11", "protocol": "tcp", "port": 7563}
STATES = {"new": "request", "established": "answer"}


def row(expected="open", observed="filtered", detail="no answer"):
    return {**ROW, "expected": expected, "observed": observed, "ok": False, "detail": detail}


def tracer(ruleset, packet):
    """Return what the ruleset says of a direction and side; the addresses must be those of that side."""
    side = STATES[packet.state]
    ends = [ROW["source"], ROW["address"]][:: 1 if side == "request" else -1]
    ports = [49152, ROW["port"]][:: 1 if side == "request" else -1]
    assert [packet.source, packet.destination] == [int(ipaddress.ip_address(end)) for end in ends]
    assert ([packet.source_port, packet.port], packet.protocol) == (ports, 6)
    verdict = ruleset.get(f"{packet.direction} {side}", "accept")
    return {"verdict": verdict, "rule": f"{verdict} {packet.direction} {side}"}


def rules(**verdicts):
    return {key.replace("_", " "): verdict for key, verdict in verdicts.items()}


def witness(host, came):
    """Return what packet_witness counts of packets that came past the first ``came`` steps."""
    points = ("arrived", "taken", "sent", "left")
    sides = {
        side: {
            point: sum((s.host, s.side, s.point) == (host, side, point) and n < came for n, s in enumerate(STEPS))
            for point in points
        }
        for side in STATES.values()
    }
    return {
        "available": True,
        "counts": [{**{key: ROW[key] for key in ("source", "address", "protocol", "port")}, **sides}],
    }


def where(before, again=None, came=None, op1=None, rs1=None, policies=None):
    """Return place, host, rule and evidence for a difference of op1."""
    witnesses = {} if came is None else {"op1": witness("initiator", came), "rs1": witness("listener", came)}
    rulesets = {"op1": op1 or rules(), "rs1": rs1 or rules()}
    known = Known({"op1": [again or before]} if came is not None or again else {}, witnesses, rulesets, policies or {})
    (found,) = located({"op1": [before]}, known, tracer)["op1"]
    assert {key: value for key, value in found.items() if key != "where"} == before
    assert found["where"]["sentence"]
    return tuple(found["where"][key] for key in ("place", "host", "rule", "evidence"))


@pytest.mark.parametrize(
    ("came", "verdicts", "expected"),
    [
        (0, {}, ("not_sent", "op1", "", "counter")),
        (1, {"op1": rules(out_request="drop")}, ("initiator", "op1", "drop out request", "counter")),
        (1, {}, ("initiator", "op1", "", "counter")),
        (2, {}, ("way", "", "", "counter")),
        (3, {"rs1": rules(in_request="drop")}, ("listener", "rs1", "drop in request", "counter")),
        (3, {"rs1": rules(in_request="reject")}, ("listener", "rs1", "reject in request", "counter")),
        (3, {"rs1": rules(in_request="unknown")}, ("listener", "rs1", "unknown in request", "counter")),
        (4, {}, ("service", "rs1", "", "counter")),
        (5, {"rs1": rules(out_answer="drop")}, ("reply", "rs1", "drop out answer", "counter")),
        (6, {}, ("reply", "", "", "counter")),
        (7, {"op1": rules(in_answer="drop")}, ("reply", "op1", "drop in answer", "counter")),
        (8, {}, ("service", "rs1", "", "counter")),
    ],
)
def test_counters_say_where_and_rules_say_which(came, verdicts, expected):
    assert where(row(), came=came, **verdicts) == expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"op1": rules(out_request="drop")}, ("initiator", "op1", "drop out request", "rules")),
        ({"rs1": rules(in_request="drop")}, ("listener", "rs1", "drop in request", "rules")),
        ({"rs1": rules(out_answer="drop")}, ("reply", "rs1", "drop out answer", "rules")),
        ({"op1": rules(in_answer="reject")}, ("reply", "op1", "reject in answer", "rules")),
        (
            {"op1": rules(out_request="unknown"), "rs1": rules(in_request="drop")},
            ("listener", "rs1", "drop in request", "rules"),
        ),
        ({"rs1": rules(in_request="unknown")}, ("listener", "rs1", "unknown in request", "rules")),
        ({}, ("way", "", "", "rules")),
    ],
)
def test_without_counters_the_rules_decide(verdicts, expected):
    assert where(row(), **verdicts) == expected


def test_a_service_that_is_missing():
    refused = row(observed="refused", detail="nothing listens there")
    assert where(refused, came=8) == ("service", "rs1", "", "answer")
    assert where(refused) == ("service", "rs1", "", "answer")


def test_a_firewall_that_refuses_is_not_a_missing_service():
    refused = row(observed="refused")
    reset = rules(in_request="reject")
    assert where(refused, came=3, rs1=reset) == ("listener", "rs1", "reject in request", "counter")
    assert where(refused, rs1=reset) == ("listener", "rs1", "reject in request", "rules")
    assert where(refused, came=2) == ("way", "", "", "counter")


def test_what_cannot_even_be_asked():
    assert where(row(observed="error", detail="EIO")) == ("not_sent", "op1", "", "error")


def test_another_host_that_answers():
    wrong = row(observed="wrong_host", detail="answered by rs2")
    assert where(wrong, came=2) == ("elsewhere", "", "", "answer")
    translated = rules(in_request="unknown")
    assert where(wrong, came=3, rs1=translated) == ("elsewhere", "rs1", "unknown in request", "answer")
    assert where(wrong, op1=rules(out_request="unknown")) == ("elsewhere", "op1", "unknown out request", "answer")


DECLARED = [{"direction": "in", "protocol": "tcp", "ports": ["7000-8000"], "peers": ["10.0.0.0/24"]}]


@pytest.mark.parametrize("came", [None, 8])
def test_what_lets_in_what_must_be_shut(came):
    evidence = "rules" if came is None else "counter"
    opened = row("shut", "open", "answered")
    assert where(opened, came=came) == ("listener", "rs1", "accept in request", evidence)
    assert where(opened, came=came, policies={"rs1": DECLARED}) == ("initiator", "op1", "accept out request", evidence)
    unclear = rules(in_request="unknown")
    assert where(opened, came=came, rs1=unclear) == ("listener", "rs1", "unknown in request", evidence)


def test_what_turns_away_instead_of_dropping():
    assert where(row("shut", "refused"), came=3, rs1=rules(in_request="reject")) == (
        "listener",
        "rs1",
        "reject in request",
        "counter",
    )


def test_something_else_answers_for_what_must_be_shut():
    opened = row("shut", "open", "answered")
    assert where(opened, came=2) == ("elsewhere", "", "", "counter")
    assert where(opened, rs1=rules(in_request="drop")) == ("elsewhere", "", "", "rules")


def test_rules_that_could_not_be_read():
    known = Known({}, {}, {}, {})
    (found,) = located({"op1": [row("shut", "open")]}, known, tracer)["op1"]
    assert found["where"]["sentence"] == "rs1 lets it in; its rules could not be read"


def test_what_has_passed_when_it_is_asked_again():
    again = {**row(), "observed": "open", "ok": True}
    assert where(row(), again, came=8) == ("way", "", "", "answer")
    again = {**row("shut"), "ok": True}
    assert where(row("shut", "open"), again, came=3) == ("way", "", "", "answer")


def test_what_is_as_expected_stays_as_it_is():
    fine = {**row(observed="open"), "ok": True}
    assert located({"op1": [fine]}, Known({}, {}, {}, {}), tracer) == {"op1": [fine]}


def test_of_very_many_differences_most_are_as_those_that_are_alike():
    rows = [{**row(), "port": port} for port in range(1, 50)]
    other = {**row("shut", "open"), "port": 99}
    asked = []

    def counting(ruleset, packet):
        asked.append(min(packet.port, packet.source_port))
        return {"verdict": "drop" if packet.direction == "in" else "accept", "rule": "counter drop"}

    known = Known({}, {}, {"rs1": rules()}, {})
    found = located({"op1": [*rows, other]}, known, counting, most=2)["op1"]
    assert set(asked) == {1, 99}
    assert [entry["port"] for entry in found] == [*range(1, 50), 99]
    assert {entry["where"]["rule"] for entry in found[:49]} == {"counter drop"}
    assert found[0]["where"]["sentence"] == "rs1 drops it on the way in: counter drop"
    assert found[48]["where"]["sentence"] == "as others that are alike: rs1 drops it on the way in: counter drop"
    only = located({"op1": [rows[0], other]}, known, counting, most=1)["op1"]
    assert only[1]["where"] is None
