# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import problems
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError, Problem


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(("rs1", "portmatrix_site"), "is a list", "a text"), "rs1.portmatrix_site: is a list; allowed: a text"),
        (Problem(("a.yml", "flows", 3, "id"), "is missing"), "a.yml.flows[3].id: is missing"),
        (
            Problem(("flows", "acme.x.y"), "is bad", "good", "a.yml:3:5"),
            "a.yml:3:5: flows[acme.x.y]: is bad; allowed: good",
        ),
        (Problem(("x", "a.b", "c", 0), "is bad"), "x[a.b].c[0]: is bad"),
        (Problem((), "is not valid YAML", place="a.yml:3:5"), "a.yml:3:5: is not valid YAML"),
    ],
)
def test_text(problem: Problem, text: str) -> None:
    assert problem.text() == text


def test_an_error_holds_every_problem_once_sorted_by_its_path() -> None:
    found = [
        Problem(("b",), "is bad"),
        Problem(("a", 1), "is bad"),
        Problem(("a", 1), "is bad"),
        Problem(("a", 1), "is awful"),
    ]
    error = InputError(iter(found))
    assert str(error) == "a[1]: is awful\na[1]: is bad\nb: is bad"
    assert len(error.problems) == 3


def test_names_are_sorted() -> None:
    assert problems.names({"udp", "tcp", "igmp"}) == "igmp, tcp, udp"


def test_a_near_miss_is_pointed_out() -> None:
    assert problems.names(["camera", "recorder"], "camrea") == "did you mean camera?"
    assert problems.names(["camera_ports", "camera_port"], "camera_prots") == "did you mean camera_ports?"


def test_many_names_are_cut_short() -> None:
    assert problems.names([f"n{number:02}" for number in range(15)], "zebra") == (
        "n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11 and 3 more"
    )
