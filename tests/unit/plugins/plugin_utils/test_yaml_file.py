# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import yaml_file
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError


def written(directory: Path, content: str | bytes) -> Path:
    path = directory / "a.yml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ("", None),
        ("---\na: [1, two, true, null, 1.5]\n", {"a": [1, "two", True, None, 1.5]}),
        (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
        ("a: \u2013\r\n", {"a": "\u2013"}),
        ("a: &one {x: 1, y: 1}\nb: {<<: *one, y: 2}\n", {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}}),
        ("b: {c: {d: &d {<<: &e {x: 1}, x: 2}}}\na: {<<: *d}\n", {"b": {"c": {"d": {"x": 2}}}, "a": {"x": 2}}),
        ("1: a\n'1': b\n", {1: "a", "1": "b"}),
    ],
)
def test_read(tmp_path: Path, content: str | bytes, data: Any) -> None:
    assert yaml_file.read(written(tmp_path, content)) == data


BROKEN: list[tuple[str | bytes, str, str]] = [
    ("a: 1\nb: 2\na: 3\n", ":3:1", "the key 'a' is given twice"),
    ("flows:\n  - id: x\n    port: 1\n    id: y\n", ":4:5", "the key 'id' is given twice"),
    ("a: {b: [{c: 1, c: 2}]}\n", ":1:16", "the key 'c' is given twice"),
    ("1: a\n1: b\n", ":2:1", "the key '1' is given twice"),
    (
        "a: !python/object:os.system x\n",
        ":1:4",
        "could not determine a constructor for the tag '!python/object:os.system'",
    ),
    ("? [a]\n: b\n", ":1:3", "found unhashable key"),
    ("a: !!map [1]\n", ":1:4", "expected a mapping node, but found sequence"),
    ("a: 2026-13-45\n", "", "month must be in 1..12"),
    ("a: !!bool maybe\n", "", "a value does not fit its tag"),
    ("a: !!timestamp maybe\n", "", "a value does not fit its tag"),
]


@pytest.mark.parametrize(("content", "position", "what"), BROKEN)
def test_broken_yaml_is_refused_with_its_line_and_column(
    tmp_path: Path, content: str, position: str, what: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        yaml_file.read(path)
    assert str(caught.value) == f"{path}{position}: is not valid YAML: {what}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: [1\nb: 2\n", 2),
        ("a: 'x\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: *nowhere\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("\n\t- a\n", 2),
    ],
)
def test_what_no_parser_takes_is_refused_with_its_place(tmp_path: Path, content: str, line: int) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}:{line}:\d+: is not valid YAML: .+$"):
        yaml_file.read(path)


def test_a_character_that_yaml_does_not_allow_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a: \x00")
    with pytest.raises(InputError) as caught:
        yaml_file.read(path)
    assert str(caught.value).startswith(f"{path}: is not valid YAML: unacceptable character #x0000")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_in_utf_8(tmp_path: Path) -> None:
    path = written(tmp_path, "a: é".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        yaml_file.read(path)
    assert str(caught.value) == (
        f"{path}: cannot be read: 'utf-8' codec can't decode byte 0xe9 in position 3: unexpected end of data; allowed: a YAML file in UTF-8"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    with pytest.raises(InputError) as caught:
        yaml_file.read(path)
    assert (
        str(caught.value)
        == f"{path}: cannot be read: [Errno 2] No such file or directory: '{path}'; allowed: a YAML file in UTF-8"
    )


CONTENT = """\
product: acme
components:
  viewer:
    description: x
flows:
  - id: acme.one
    port: 80
  - from: viewer
    to: x
  - id: [x]
  - 5
"""


@pytest.mark.parametrize(
    ("keys", "position", "named"),
    [
        (("product",), ":1:1", ("product",)),
        (("components", "viewer", "description"), ":4:5", ("components", "viewer", "description")),
        (("components", "viewer", "is_a"), ":3:3", ("components", "viewer", "is_a")),
        (("rows",), ":1:1", ("rows",)),
        (("flows", 0, "port"), ":7:5", ("flows", "acme.one", "port")),
        (("flows", 0, "to"), ":6:5", ("flows", "acme.one", "to")),
        (("flows", 1, "to"), ":9:5", ("flows", 1, "to")),
        (("flows", 2, "id"), ":10:5", ("flows", 2, "id")),
        (("flows", 3), ":11:5", ("flows", 3)),
        (("flows", 9, "id"), ":5:1", ("flows", 9, "id")),
    ],
)
def test_place(tmp_path: Path, keys: tuple[str | int, ...], position: str, named: tuple[str | int, ...]) -> None:
    path = written(tmp_path, CONTENT)
    assert yaml_file.place(path, keys) == (f"{path}{position}", named)


@pytest.mark.parametrize("content", ["", "a: ["])
def test_place_in_a_file_that_says_nothing(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, content)
    assert yaml_file.place(path, ("flows", 0)) == (str(path), ("flows", 0))
