# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import checks
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.checks import Check, Key

NAME = checks.text("[a-z]+", "small letters")


def found(check: Check, value: Any) -> list[str]:
    return [problem.text() for problem in check(value, ("x",))]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "a boolean"),
        (1, "an integer"),
        ("", "a text"),
        ([], "a list"),
        ({}, "a mapping"),
        (None, "nothing"),
        (1.5, "a float"),
    ],
)
def test_kind(value: Any, kind: str) -> None:
    assert checks.kind(value) == kind


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        ("-5", -5),
        (True, None),
        ("", None),
        ("5.0", None),
        (5.0, None),
        (None, None),
        ([5], None),
    ],
)
def test_as_integer(value: Any, number: int | None) -> None:
    assert checks.as_integer(value) == number


@pytest.mark.parametrize("value", ["abc", "z"])
def test_text_that_fits(value: str) -> None:
    assert found(NAME, value) == []


@pytest.mark.parametrize("value", ["abc\n", "Abc", "", "a b"])
def test_text_fits_as_a_whole(value: str) -> None:
    assert found(NAME, value) == [f"x: {value!r} does not fit; allowed: small letters"]


@pytest.mark.parametrize("value", ["", " ", "\n\t"])
def test_text_is_not_empty(value: str) -> None:
    assert found(checks.text(), value) == [f"x: {value!r} does not fit; allowed: a text that is not empty"]
    assert found(checks.text(), f"a{value}\nb") == []


def test_integer() -> None:
    assert found(checks.integer(1), "1") == []
    assert found(checks.integer(1), 0) == ["x: 0 is out of range; allowed: a whole number, 1 or more"]
    assert found(checks.integer(1, 5), 6) == ["x: 6 is out of range; allowed: a whole number from 1 to 5"]


def test_list_of() -> None:
    assert found(checks.list_of(NAME), ["a", "b"]) == []
    assert found(checks.list_of(NAME), ["a", 1, "B"]) == [
        "x[1]: is an integer; allowed: small letters",
        "x[2]: 'B' does not fit; allowed: small letters",
    ]
    assert found(checks.list_of(NAME), "a") == ["x: is a text; allowed: a list"]
    assert found(checks.list_of(NAME, single=True), "a") == []
    assert found(checks.list_of(NAME, single=True), None) == ["x: is nothing; allowed: a list"]
    assert found(checks.list_of(NAME, empty=False), []) == ["x: is empty; allowed: at least one item"]


def test_mapping() -> None:
    check = checks.mapping({"name": Key(NAME, required=True), "flag": Key(checks.boolean)})
    assert found(check, {"name": "a"}) == []
    assert found(check, {"nmae": "a", "flag": 1, 5: None}) == [
        "x.nmae: unknown key; allowed: did you mean name?",
        "x.flag: is an integer; allowed: true or false",
        "x.5: unknown key; allowed: flag, name",
        "x.name: is missing; allowed: this key is required",
    ]
    assert found(check, []) == ["x: is a list; allowed: a mapping with the keys name, flag"]


def test_mapping_of() -> None:
    check = checks.mapping_of(NAME, checks.boolean)
    assert found(check, {"a": True}) == []
    assert found(check, {"A": True, "b": 1}) == [
        "x: 'A' does not fit; allowed: small letters",
        "x.b: is an integer; allowed: true or false",
    ]
    assert found(check, None) == ["x: is nothing; allowed: a mapping"]


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.ports, "554 to 554+(x-1)"),
        (checks.ports, "?"),
        (checks.literal_ports, [80, "443"]),
        (checks.literal_ports, "-"),
        (checks.address, "10.0.0.5"),
        (checks.network, "10.0.0.0/24"),
        (checks.network, "any"),
    ],
)
def test_values_that_pass(check: Check, value: Any) -> None:
    assert found(check, value) == []


@pytest.mark.parametrize(
    ("check", "value", "error"),
    [
        (checks.ports, "80:90", "x: '80:90' is not a port expression; allowed: a port (7563), "),
        (checks.literal_ports, "80:90", "x: '80:90' is not a port expression; allowed: a port (7563), "),
        (checks.literal_ports, "90-80", "x: 90-80 runs backwards; allowed: a port (7563), "),
        (checks.literal_ports, "y", "x: 'y' needs 'y', which is not a number; allowed: a port (7563), "),
        (checks.address, "rs1", "x: 'rs1' is not the address of a host; allowed: an IPv4 or IPv6 address "),
        (checks.network, "rs1", "x: 'rs1' is not an address or network; allowed: an address, a network "),
    ],
)
def test_values_that_do_not_pass(check: Check, value: Any, error: str) -> None:
    (text,) = found(check, value)
    assert text.startswith(error)
    assert text.count("allowed: ") == 1
