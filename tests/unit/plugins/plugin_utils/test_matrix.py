# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Flow
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import FILE, MATRIX, built, data

FLOW = {"id": "acme.recorder.web", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory that stands for the shipped matrices, with one file."""
    directory = tmp_path / "shipped"
    directory.mkdir()
    (directory / FILE).write_text(yaml.safe_dump(data(), sort_keys=False))
    monkeypatch.setattr(matrix, "SHIPPED", directory)
    matrix.load.cache_clear()
    yield directory
    matrix.load.cache_clear()


def test_a_flow_as_the_compiler_has_it() -> None:
    flow = Flow.of(
        {
            "id": "acme.x",
            "from": "viewer",
            "to": ["recorder", "camera"],
            "protocol": ["udp", "tcp", "udp"],
            "port": "80, 443",
            "state": "optional",
            "feature": "streams",
            "scope": "across_sites",
            "limited_by": "recorded_by",
            "multicast": "groups",
            "description": " Video\n and  sound ",
        }
    )
    assert (flow.initiators, flow.listeners, flow.protocols) == (("viewer",), ("recorder", "camera"), ("udp", "tcp"))
    assert (flow.mandatory, flow.feature, flow.across_sites) == (False, "streams", True)
    assert (flow.limited_by, flow.multicast, flow.reason) == ("recorded_by", "groups", "Video and sound")


def test_what_a_flow_does_not_say() -> None:
    flow = Flow.of(FLOW)
    assert (flow.protocols, flow.mandatory, flow.feature, flow.across_sites) == (("tcp",), True, "", False)
    assert (flow.limited_by, flow.multicast, flow.reason) == ("", "", "acme.recorder.web")


def test_files_are_merged() -> None:
    other = {
        "product": "other",
        "components": {"ear": {"description": "Hears."}},
        "flows": [{**FLOW, "id": "other.ear.x", "to": "ear"}],
    }
    merged = matrix.build({FILE: data(), "other.yml": other})
    assert set(merged.components) == {*MATRIX["components"], "ear"}
    assert list(merged.flows) == sorted([*(flow["id"] for flow in MATRIX["flows"]), "other.ear.x"])
    assert merged.rows == tuple(MATRIX["rows"])
    assert built(rows=None).rows == ()


@pytest.mark.parametrize(
    ("section", "name"),
    [("components", "viewer"), ("parameters", "groups"), ("features", "streams"), ("documents", "guide")],
)
def test_two_files_must_not_define_the_same(section: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        matrix.build({FILE: data(), "other.yml": {"product": "other", section: {name: MATRIX[section][name]}}})
    assert (
        str(caught.value)
        == f"other.yml.{section}.{name}: is defined in another matrix file already; allowed: one definition"
    )


def test_two_flows_must_not_have_one_id() -> None:
    with pytest.raises(InputError) as caught:
        matrix.build({FILE: data(flows=[FLOW, FLOW])})
    assert str(caught.value) == f"{FILE}.flows[1].id: 'acme.recorder.web' is given twice; allowed: one flow for each id"


def test_a_component_is_everything_that_its_parents_are() -> None:
    components = {"a": {"description": "x", "is_a": ["b", "c"]}, "b": {"description": "x", "is_a": ["d"]}}
    components |= {name: {"description": "x"} for name in "cd"}
    known = matrix.build({FILE: {"product": "acme", "components": components}})
    assert known.kinds("a") == {"a", "b", "c", "d"}
    assert known.kinds("d") == {"d"}
    assert known.kinds("unheard_of") == {"unheard_of"}


def test_components_that_are_each_other_are_both() -> None:
    components = {"a": {"description": "x", "is_a": ["b"]}, "b": {"description": "x", "is_a": ["a"]}}
    assert matrix.build({FILE: {"product": "acme", "components": components}}).kinds("a") == {"a", "b"}


def test_files_are_the_shipped_and_the_users_each_once(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("b.yml", "a.yaml", "notes.txt"):
        (own / name).touch()
    assert matrix.files([own, own / "b.yml", shipped / FILE]) == [shipped / FILE, own / "a.yaml", own / "b.yml"]


def test_every_path_without_a_matrix_is_refused(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        matrix.files([str(tmp_path / "nothing"), tmp_path / "empty"])
    allowed = "holds no matrix; allowed: a YAML file or a directory with some"
    assert str(caught.value).split("\n") == [
        f"portmatrix_matrix_path: {str(tmp_path / 'empty')!r} {allowed}",
        f"portmatrix_matrix_path: {str(tmp_path / 'nothing')!r} {allowed}",
    ]


def test_load(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(yaml.safe_dump({"product": "own", "flows": [{**FLOW, "id": "own.x"}]}))
    assert "own.x" not in matrix.load().flows
    assert "own.x" in matrix.load((str(own),)).flows
    assert matrix.load() is matrix.load()


def test_load_tells_every_files_problems_with_their_lines(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "product: own\nflows:\n  - id: own.x\n    from: viewr\n    to: recorder\n    protocol: tcp\n    port: 80\n"
    )
    with pytest.raises(InputError) as caught:
        matrix.load((str(own),))
    assert str(caught.value) == f"{own}:4:5: flows[own.x].from: unknown 'viewr'; allowed: did you mean viewer?"


def test_load_places_a_flow_whose_id_is_no_text(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "product: own\nflows:\n  - id: [own.x]\n    from: viewer\n    to: recorder\n    protocol: tcp\n    port: 80\n"
    )
    with pytest.raises(InputError, match=rf"^{own}:3:5: flows\[0\]\.id: is a list; allowed: "):
        matrix.load((str(own),))


def test_load_tells_of_every_file_that_cannot_be_read(shipped: Path, tmp_path: Path) -> None:
    broken, other, bytes_ = tmp_path / "a.yml", tmp_path / "b.yml", tmp_path / "c.yml"
    broken.write_text("product: a\nproduct: b\n")
    other.write_text("x: [\n")
    bytes_.write_bytes(b"\xff")
    with pytest.raises(InputError) as caught:
        matrix.load((str(broken), str(other), str(bytes_)))
    lines = str(caught.value).split("\n")
    assert len(lines) == 3
    assert f"{broken}:2:1: is not valid YAML: the key 'product' is given twice" in lines


def test_a_file_that_was_wrong_is_read_again(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("product: 5\n")
    with pytest.raises(InputError):
        matrix.load((str(own),))
    own.write_text("product: own\n")
    matrix.load((str(own),))


def test_as_data() -> None:
    whole: dict[str, Any] = matrix.as_data(built())
    assert {flow["id"]: flow for flow in whole["flows"]} == {flow["id"]: flow for flow in MATRIX["flows"]}
    assert {name: whole[name] for name in ("documents", "components", "parameters", "features", "rows")} == {
        name: MATRIX[name] for name in ("documents", "components", "parameters", "features", "rows")
    }
    assert matrix.as_data(built(), frozenset({"other"}))["flows"] == []
    assert len(matrix.as_data(built(), frozenset({"acme"}))["flows"]) == len(MATRIX["flows"])
