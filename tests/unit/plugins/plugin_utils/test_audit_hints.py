# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.audit_ends import End
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.audit_hints import Hints, best
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, entry

MATRIX = built()


def hints(**hosts: dict[str, Any]) -> Hints:
    return Hints(MATRIX, site.build(MATRIX, hosts))


SITE = hints(r1=entry("recorder", ansible_host="10.0.0.1"), v1=entry("viewer", ansible_host="10.0.0.2"))


def test_candidates_explain_what_was_seen() -> None:
    sights = [("r1", "in", "tcp", 7563), ("r1", "in", "tcp", 25), ("v1", "out", "tcp", 7563), ("r1", "in", "tcp", 1)]
    assert SITE.candidates(sights) == [
        {"component": "recorder", "explains": 1, "in_site": True, "flows": ["acme.recorder.media"]},
        {"component": "viewer", "explains": 1, "in_site": True, "flows": ["acme.recorder.media"]},
        {"component": "camera", "explains": 1, "in_site": False, "flows": ["acme.recorder.alarm"]},
    ]
    assert SITE.candidates([("r1", "in", "udp", 7563)]) == []


def test_the_best_candidate_has_no_equal() -> None:
    assert best([]) == ""
    assert best(SITE.candidates([("r1", "in", "tcp", 25)])) == "camera"
    assert best(SITE.candidates([("r1", "in", "tcp", 25), ("r1", "in", "tcp", 7563)])) == "viewer"
    assert best(SITE.candidates([("v1", "out", "tcp", 7563), ("r1", "in", "tcp", 7563)])) == ""


def test_flows_that_are_like_it() -> None:
    pair = (End("network", "camera"), End("host", "r1"))
    assert SITE.like([pair], "tcp", 7563) == ["acme.recorder.media"]
    assert SITE.like([(End("host", "v1"), End("network", "printer"))], "tcp", 9100) == ["acme.printer.print"]
    assert SITE.like([pair], "igmp", 0) == ["acme.recorder.membership"]


def test_a_flow_whose_ports_are_not_known_is_passed_over() -> None:
    found = hints(c1=entry("camera", ansible_host="10.0.0.3"))
    assert found.candidates([("c1", "in", "tcp", 554)]) == []
