# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.progress import STEPS, Step, planned_probes, step_of


@pytest.mark.parametrize(
    ("action", "arguments", "doing"),
    [
        ("vidnet.portmatrix.port_probe", {}, "asking"),
        ("port_probe", {}, "asking"),
        ("vidnet.portmatrix.port_listen", {"state": "started"}, "preparing to answer"),
        ("vidnet.portmatrix.port_listen", {"state": "stopped"}, "ending the answers"),
        ("vidnet.portmatrix.host_firewall", {}, "applying"),
    ],
)
def test_steps(action: str, arguments: dict[str, Any], doing: str) -> None:
    assert step_of(action, arguments)[0] == doing


@pytest.mark.parametrize("action", ["ansible.builtin.debug", "other.collection.port_probe", "vidnet.portmatrix.other"])
def test_other_tasks_are_no_steps(action: str) -> None:
    assert step_of(action, {}) is None


def test_a_proof_from_its_beginning_to_its_end() -> None:
    step = Step(STEPS["port_probe"], 3, {"a": 600, "b": 1000, "c": 400}, 100.0)
    assert step.line(100.0) == "portmatrix: asking, 0 of 3 hosts, 0 of 2,000 probes, 0 differences"
    step.finished("a", {"probes": 600, "differences": []})
    assert step.line(106.0) == "portmatrix: asking, 1 of 3 hosts, 600 of 2,000 probes, 0 differences, about 14 s left"
    step.finished("b", {"probes": 900, "differences": [{"to": "a"}, {"to": "c"}]})
    assert "1,500 of 1,900 probes, 2 differences" in step.line(110.0)
    step.finished("c", {}, failed=True)
    assert step.line(111.0) == "portmatrix: asked, 3 of 3 hosts, 1,500 probes, 2 differences, 1 failed, 11 s"


def test_a_host_that_is_skipped_asks_nothing() -> None:
    step = Step(STEPS["port_probe"], 2, {"a": 10, "b": 10}, 0.0)
    step.finished("a", {})
    assert "1 of 2 hosts, 0 of 10 probes" in step.line(1.0)


def test_without_expectations_hosts_tell_the_time_left() -> None:
    step = Step(STEPS["port_probe"], 4, {}, 0.0)
    step.finished("a", {"probes": 10, "differences": []})
    assert step.line(2.0) == "portmatrix: asking, 1 of 4 hosts, 10 probes, 0 differences, about 6 s left"


def test_what_became_of_changes() -> None:
    step = Step(STEPS["host_firewall"], 5, {"a": 10}, 0.0)
    step.finished("a", {"changed": True, "confirmed": True})
    step.finished("b", {"changed": False})
    step.finished("c", {"changed": False, "confirmed": False}, failed=True)
    step.finished("d", {}, failed=True)
    expected = "portmatrix: applying, 4 of 5 hosts, 1 confirmed, 1 rolled back, 2 failed, about 300 s left"
    assert step.line(1200.0) == expected.replace("300 s", "5 min")


def test_a_host_counts_once() -> None:
    step = Step(STEPS["port_listen"], 2, {}, 0.0)
    for _time in range(3):
        step.finished("a", {})
    assert not step.complete


@pytest.mark.parametrize("wrong", [None, "text", 7, {}, ["text"], [{"open": [1]}], [{"to": "a", "open": "80"}]])
def test_expectations_of_another_form_count_nothing(wrong: Any) -> None:
    assert planned_probes(wrong, {"a"}) == 0


def test_only_hosts_of_the_play_are_asked() -> None:
    rows = [{"to": "a", "open": [80], "shut": [79, 81]}, {"to": "b", "open": [80], "shut": []}]
    assert planned_probes(rows, {"a"}) == 3
    assert planned_probes(rows, {"a", "b"}) == 4
