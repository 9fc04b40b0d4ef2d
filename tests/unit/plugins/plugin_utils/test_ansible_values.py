# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import UserDict
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import ansible_values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError, Problem

SITE = "rs1:\n  portmatrix_addresses:\n    - 10.0.0.1\n    - wrong\n"


@pytest.fixture
def loaded(tmp_path: Path) -> dict:
    """What Ansible makes of a file: values that know their line."""
    path = tmp_path / "site.yml"
    path.write_text(SITE, encoding="utf-8")
    return DataLoader().load_from_file(str(path))


class Text(str):
    """A text with a type of its own, as Ansible's are."""


def test_plain_is_made_of_exact_types(loaded: dict) -> None:
    value = {"a": [Text("b"), 1, True, None, 2.5, (3,)], Text("c"): UserDict(d=1), "loaded": loaded}
    found = ansible_values.plain(value)
    assert found == {
        "a": ["b", 1, True, None, 2.5, [3]],
        "c": {"d": 1},
        "loaded": {"rs1": {"portmatrix_addresses": ["10.0.0.1", "wrong"]}},
    }
    assert [type(entry) for entry in found["a"]] == [str, int, bool, type(None), float, list]
    assert {type(key) for key in found} == {str}
    assert {type(found["c"]), type(found["loaded"]["rs1"]["portmatrix_addresses"][0])} == {dict, str}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ x }}", True),
        ({"a": ["{% if x %}"]}, True),
        ({"{{ x }}": 1}, True),
        ("{ x }", False),
        (7, False),
        ([], False),
    ],
)
def test_has_template(value: object, expected: bool) -> None:
    assert ansible_values.has_template(value) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("portmatrix_flows_dmz", True),
        ("ansible_host", True),
        ("ansible_user", False),
        ("portmatrix_rules", False),
        ("other", False),
    ],
)
def test_is_ours(name: str, expected: bool) -> None:
    assert ansible_values.is_ours(name) is expected


def test_a_problem_gets_the_line_it_stands_on(loaded: dict, tmp_path: Path) -> None:
    error = InputError(
        [
            Problem(("rs1", "portmatrix_addresses", 1), "is wrong", "a right one"),
            Problem(("rs1", "portmatrix_addresses", 7), "is missing"),
        ]
    )
    found = ansible_values.placed(error, lambda host, variable: loaded[host][variable])
    assert str(found).splitlines() == [
        f"{tmp_path}/site.yml:4:7: rs1.portmatrix_addresses[1]: is wrong; allowed: a right one",
        f"{tmp_path}/site.yml:3:5: rs1.portmatrix_addresses[7]: is missing",
    ]


def test_what_a_group_says_is_reported_once(loaded: dict) -> None:
    error = InputError(Problem((host, "portmatrix_addresses", 1), "is wrong") for host in ("rs1", "rs2", "rs3"))
    found = ansible_values.placed(error, lambda host, variable: loaded["rs1"][variable])
    assert len(found.problems) == 1


def test_what_has_no_line_is_reported_for_every_host() -> None:
    error = InputError(Problem((host, "portmatrix_addresses"), "is wrong") for host in ("rs1", "rs2"))
    assert len(ansible_values.placed(error, lambda host, variable: None).problems) == 2


def test_results_are_equal_when_trusted() -> None:
    value = {"rules": [{"ports": ["80"], "count": 1}], "managed": True}
    assert ansible_values.trusted(value) == value
