# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_results
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_results import COLUMNS, Count, rows, with_places

WHERE = {"place": "listener", "host": "rs1", "rule": "", "evidence": "counter", "sentence": "Dropped."}


def row(port: Any, expected: str = "open", observed: str = "open", **others: Any) -> dict[str, Any]:
    right = observed == "open" if expected == "open" else observed in ("filtered", "unreachable")
    return {
        "to": "rs1",
        "source": "10.0.0.1",
        "address": "10.0.0.5",
        "protocol": "tcp",
        "port": port,
        "expected": expected,
        "observed": observed,
        "ok": right,
        "detail": "answered" if observed == "open" else "no answer",
        **others,
    }


def test_rows_alike_but_for_their_port_are_one() -> None:
    found = rows({"sc1": [row(port, service="responder", attempts=1) for port in (6001, 6000, 7563, 6002)]})
    assert found == [
        {
            "initiator": "sc1",
            "to": "rs1",
            "source": "10.0.0.1",
            "address": "10.0.0.5",
            "protocol": "tcp",
            "ports": ["6000-6002", "7563"],
            "expected": "open",
            "observed": "open",
            "ok": True,
            "service": "responder",
            "attempts": 1,
            "detail": "answered",
            "where": None,
        }
    ]
    assert tuple(found[0]) == COLUMNS


@pytest.mark.parametrize(
    "other",
    [
        {"to": "rs2"},
        {"source": "10.0.0.2"},
        {"address": "10.0.0.6"},
        {"protocol": "udp"},
        {"detail": "another service"},
        {"service": "service"},
        {"attempts": 2},
        {"ok": False, "where": WHERE},
    ],
)
def test_rows_that_differ_stay_apart(other: dict[str, Any]) -> None:
    assert [each["ports"] for each in rows({"sc1": [row(1), row(2, **other), row(3)]})] in (
        [["1", "3"], ["2"]],
        [["2"], ["1", "3"]],
    )


def test_what_is_not_known_is_empty() -> None:
    (found,) = rows({"sc1": [row(1)]})
    assert (found["service"], found["attempts"], found["where"]) == ("", 0, None)
    (found,) = rows({"sc1": [row(1, "open", "filtered", where={**WHERE, "more": 1})]})
    assert found["where"] == WHERE


def test_the_order_of_the_input_does_not_matter() -> None:
    given = {
        name: [row(port, expected, observed, address=address) for port in range(1, 9)]
        for name, expected, observed in (("a", "open", "open"), ("b", "open", "filtered"), ("c", "shut", "open"))
        for address in ("10.0.0.10", "10.0.0.9")
    }
    expected = rows(given)
    names = list(given)
    for seed in range(5):
        shuffled = random.Random(seed)
        shuffled.shuffle(names)
        assert rows({name: shuffled.sample(given[name], len(given[name])) for name in names}) == expected
    assert [each["initiator"] for each in expected] == ["a", "b", "c"]


def test_addresses_are_ordered_as_numbers_and_written_in_one_way() -> None:
    given = [row(1, address=address) for address in ("2001:DB8:0::5", "10.0.0.10", "10.0.0.9")]
    assert [each["address"] for each in rows({"sc1": given})] == ["10.0.0.9", "10.0.0.10", "2001:db8::5"]


def test_texts_of_hosts_are_made_one_visible_line() -> None:
    given = [row(1, detail="a\x1b[31m\nb\u202e", where={**WHERE, "sentence": " x\ty "})]
    (found,) = rows({"sc1": given})
    assert (found["detail"], found["where"]["sentence"]) == ("a[31m b", "x y")


def test_counts_are_of_ports() -> None:
    given = [row(port, attempts=2) for port in range(10, 20)] + [row(30, "shut", "open"), row(40, "shut", "filtered")]
    found = rows({"sc1": given})
    assert proof_results.total(map(proof_results.count, found)) == Count(probes=12, differences=1, retried=10)
    assert proof_results.total([]) == Count(0, 0, 0)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "results: allowed is a dict of initiators with the results of port_probe of each"),
        ({"a": None}, "results of a: allowed is the list of results of port_probe"),
        ({"a": "no"}, "results of a: allowed is the list of results of port_probe"),
        ({"a": [row(1), {}]}, "results of a, row 1: allowed is a result of port_probe; not understood: 'to'"),
        ({"a": [row(1, observed="odd")]}, "not understood: 'odd'"),
        ({"a": [row(1, service="odd")]}, "not understood: 'odd'"),
        ({"a": [row(1, protocol=["tcp"])]}, "not understood: ['tcp']"),
        ({"a": [row(1, address="here")]}, "not understood: 'here' does not appear to be an IPv4 or IPv6 address"),
        ({"a": [row(0)]}, "not understood: 0 is outside 1-65535"),
        ({"a": [row("x")]}, "results of a, row 0: allowed is a result of port_probe; not understood: "),
        ({"a": [row(1, where={"place": "moon"})]}, "not understood: "),
    ],
)
def test_what_no_prober_can_have_made_is_refused(results: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        rows(results)
    assert message in str(caught.value)


def test_a_difference_gets_the_place_that_was_found_for_it() -> None:
    found = {"a": [row(1), row(2, "open", "filtered"), row(3, "open", "filtered")], "b": [row(1, "open", "filtered")]}
    located = {
        "a": [row(1, where=WHERE), row(2, "open", "filtered", where=WHERE), row(9, "open", "filtered", where=WHERE)],
        "gone": [row(1, where=WHERE)],
    }
    placed = rows(with_places(found, located))
    assert [(each["ports"], bool(each["where"])) for each in placed] == [
        (["1"], False),
        (["2"], True),
        (["3"], False),
        (["1"], False),
    ]
    assert "where" not in found["a"][1]


@pytest.mark.parametrize("located", [{"a": [row(1)]}, {"a": [{"where": WHERE}]}, {"a": None}])
def test_a_place_for_nothing_is_refused(located: Any) -> None:
    with pytest.raises(ValueError, match="located of a: allowed are located differences; not understood: "):
        with_places({"a": [row(1)]}, located)
