# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.findings import Finding, findings
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_results import OBSERVED, PLACES

Row = dict[str, Any]


def probe(ports: list[str], initiator: str = "es1", **others: Any) -> Row:
    row = {
        "initiator": initiator,
        "to": "rs1",
        "protocol": "tcp",
        "expected": "open",
        "observed": "filtered",
        "ok": False,
        "where": None,
    }
    return {**row, "ports": ports, **others}


def located(place: str, host: str = "rs1", rule: str = "") -> Row:
    return {"place": place, "host": host, "rule": rule, "evidence": "rules", "sentence": ""}


def found(*results: Row, readback: tuple[Row, ...] = ()) -> list[Finding]:
    return findings({"results": list(results), "readback": list(readback)})


def test_results_of_one_place_and_rule_are_one_finding() -> None:
    (finding,) = found(
        probe(["80"], where=located("listener", rule="drop")),
        probe(["81", "90"], "sc1", where=located("listener", rule="drop")),
        probe(["53"], protocol="udp", where=located("listener", rule="drop")),
        probe(["443"], ok=True),
    )
    assert finding.ports == ["tcp 80-81, 90", "udp 53"]
    assert finding.title == "rs1 drops what it should let in" and not finding.severe


def test_other_rules_places_and_listeners_are_other_findings() -> None:
    assert (
        len(
            found(
                probe(["80"], where=located("listener", rule="a")), probe(["80"], where=located("listener", rule="b"))
            )
        )
        == 2
    )
    assert len(found(probe(["80"], where=located("listener")), probe(["80"], where=located("reply")))) == 2
    assert len(found(probe(["80"]), probe(["80"], to="rs2"))) == 2
    assert len(found(probe(["80"]), probe(["80"], observed="refused"))) == 2


def test_what_is_open_too_much_comes_first() -> None:
    results = (probe(["80"]), probe(["81"], "sc1"), probe(["22"], expected="shut", observed="open"))
    assert [finding.severe for finding in found(*results)] == [True, False]


def test_differences_in_the_rules_come_after_those_of_probes() -> None:
    row = {"host": "rs1", "rule": "accept", "direction": "in", "protocol": "tcp", "ports": ["1-65535"]}
    kinds = [{**row, "kind": kind} for kind in ("unknown", "shut", "open")]
    assert [(finding.kind, finding.severe) for finding in found(probe(["80"]), readback=tuple(kinds))] == [
        ("", False),
        ("open", True),
        ("unknown", False),
        ("shut", False),
    ]


@pytest.mark.parametrize(
    ("place", "expected", "observed"), list(itertools.product(("", *PLACES), ("open", "shut"), OBSERVED))
)
def test_every_difference_has_a_title_and_advice(place: str, expected: str, observed: str) -> None:
    where = located(place, host="gw1") if place else None
    (finding,) = found(probe(["80"], expected=expected, observed=observed, where=where))
    for text in (finding.title, finding.advice):
        assert text and "{" not in text and "_" not in text.replace("matrix_report", "").replace("portmatrix_", "")


@pytest.mark.parametrize(("kind", "direction"), list(itertools.product(("open", "shut", "unknown"), ("in", "out"))))
def test_every_difference_in_the_rules_has_a_title_and_advice(kind: str, direction: str) -> None:
    row = {"host": "rs1", "rule": "", "direction": direction, "protocol": "icmp", "ports": [], "kind": kind}
    (finding,) = found(readback=(row,))
    assert "rs1" in finding.title and finding.advice and finding.ports == ["icmp"]
