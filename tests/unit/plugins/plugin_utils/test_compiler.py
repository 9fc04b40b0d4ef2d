# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import compile_inventory
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import FILE, data, entry, lines

HOSTS = {
    "r1": entry("recorder", addresses=["10.0.0.1", "2001:db8::1"]),
    "v1": entry("viewer", ansible_host="10.0.0.2"),
    "c1": entry("dome", ansible_host="10.0.0.3"),
    "lost": entry("viewer", ansible_host="lost.example"),
}
OWN = {"product": "own", "flows": [{"id": "own.x", "from": "viewer", "to": "recorder", "protocol": "udp", "port": 9}]}


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small matrix in place of the shipped ones."""
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / FILE).write_text(yaml.safe_dump(data()))
    monkeypatch.setattr(matrix, "SHIPPED", tmp_path / "shipped")
    matrix.load.cache_clear()
    yield
    matrix.load.cache_clear()


def with_path(path: Any) -> dict[str, dict[str, Any]]:
    return {**HOSTS, "v1": entry("viewer", ansible_host="10.0.0.2", matrix_path=path)}


def test_every_host_has_its_policy_and_what_it_is() -> None:
    found = compile_inventory(HOSTS, ".")
    assert set(found) == set(HOSTS)
    assert {"rules", "unresolved", "expectations", "managed", "addresses"} <= set(found["r1"])
    assert (found["r1"]["managed"], found["c1"]["managed"]) == (True, False)
    assert found["r1"]["addresses"] == ["10.0.0.1", "2001:db8::1"]
    assert found["lost"]["addresses"] == []
    assert lines(found["v1"]["rules"]) == ["out tcp 7563 > 10.0.0.1/32"]


def test_the_result_is_plain_data_that_is_input_again() -> None:
    found = compile_inventory(HOSTS, ".")
    assert json.loads(json.dumps(found)) == found
    again = {
        name: {
            "groups": HOSTS[name]["groups"],
            "vars": {
                **HOSTS[name]["vars"],
                "portmatrix_addresses": policy["addresses"],
                "portmatrix_managed": policy["managed"],
            },
        }
        for name, policy in found.items()
    }
    assert compile_inventory(again, ".") == found


def test_paths_are_relative_to_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(yaml.safe_dump(OWN))
    found = compile_inventory(with_path("own.yml"), str(tmp_path))
    assert "out udp 9 > 10.0.0.1/32" in lines(found["v1"]["rules"])


def test_paths_may_be_absolute_or_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.yml").write_text(yaml.safe_dump(OWN))
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (str(tmp_path / "own.yml"), "~/own.yml"):
        assert "out udp 9 > 10.0.0.1/32" in lines(compile_inventory(with_path(path), "elsewhere")["v1"]["rules"])


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        compile_inventory(with_path("own.yml"), str(tmp_path))
    missing = str(tmp_path / "own.yml")
    assert (
        str(caught.value)
        == f"portmatrix_matrix_path: {missing!r} holds no matrix; allowed: a YAML file or a directory with some"
    )


@pytest.mark.parametrize(
    ("hosts", "error"),
    [
        (
            {"r1": entry("recorder", matrix_path=5)},
            "r1.portmatrix_matrix_path: is an integer; allowed: a text that is not empty",
        ),
        ({"r1": entry("recorder", site=5)}, "r1.portmatrix_site: is an integer; allowed: a text that is not empty"),
    ],
)
def test_input_that_is_wrong(hosts: dict[str, Any], error: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_inventory(hosts, ".")
    assert str(caught.value) == error


def test_an_inventory_of_nobody() -> None:
    assert compile_inventory({}, ".") == {}


def test_thousands_at_one_end_are_peers_of_one_rule_and_all_are_asked() -> None:
    hosts = {
        f"c{number}": entry("dome", addresses=f"10.1.{number // 250}.{number % 250 + 1}", undeclared_sample=2)
        for number in range(2000)
    }
    found = compile_inventory({**hosts, "r1": HOSTS["r1"]}, ".")
    assert len(found["r1"]["expectations"]) >= 2000
    assert len([peer for rule in found["r1"]["rules"] if rule["direction"] == "in" for peer in rule["peers"]]) == 2000
