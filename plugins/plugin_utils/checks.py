# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small checks that combine into schemas. A check is called with a value and its path, and yields each Problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from . import addresses, port_expression
from .problems import Problem, names

Path = tuple[str | int, ...]
Check = Callable[[Any, Path], Iterator[Problem]]


class Key(NamedTuple):
    """What a key of a mapping must hold, and whether it must be there."""

    check: Check
    required: bool = False


def kind(value: object) -> str:
    """Return what a YAML author would call the value's type."""
    for types, name in (
        ((bool,), "a boolean"),
        ((int,), "an integer"),
        ((str,), "a text"),
        ((list,), "a list"),
        ((dict,), "a mapping"),
    ):
        if isinstance(value, types):
            return name
    return "nothing" if value is None else f"a {type(value).__name__}"


def text(pattern: str = r".*\S.*", allowed: str = "a text that is not empty") -> Check:
    """A text that matches the whole of ``pattern``."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, f"is {kind(value)}", allowed)
        elif not compiled.fullmatch(value):
            yield Problem(path, f"{value!r} does not fit", allowed)

    return check


def boolean(value: Any, path: Path) -> Iterator[Problem]:
    """true or false, not a text."""
    if not isinstance(value, bool):
        yield Problem(path, f"is {kind(value)}", "true or false")


def integer(minimum: int, maximum: int | None = None) -> Check:
    """A whole number; the text of one is accepted, since AWX surveys and extra variables deliver texts."""
    allowed = f"a whole number, {minimum} or more" if maximum is None else f"a whole number from {minimum} to {maximum}"

    def check(value: Any, path: Path) -> Iterator[Problem]:
        number = as_integer(value)
        if number is None:
            yield Problem(path, f"{value!r} is not a whole number", allowed)
        elif number < minimum or (maximum is not None and number > maximum):
            yield Problem(path, f"{number} is out of range", allowed)

    return check


def as_integer(value: object) -> int | None:
    """Return the whole number that a value stands for, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def one_of(known: Collection[str]) -> Check:
    """One of the known names; a near miss is pointed out."""

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, f"is {kind(value)}", names(known))
        elif value not in known:
            yield Problem(path, f"unknown {value!r}", names(known, value))

    return check


def list_of(item: Check, *, single: bool = False, empty: bool = True) -> Check:
    """A list whose items pass; ``single`` accepts one item without the list."""

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if single and not isinstance(value, (list, dict)) and value is not None:
            yield from item(value, path)
        elif not isinstance(value, list):
            yield Problem(path, f"is {kind(value)}", "a list")
        elif not value and not empty:
            yield Problem(path, "is empty", "at least one item")
        else:
            for position, entry in enumerate(value):
                yield from item(entry, (*path, position))

    return check


def mapping(keys: Mapping[str, Key]) -> Check:
    """A mapping with these keys and no others."""

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, f"is {kind(value)}", "a mapping with the keys " + ", ".join(keys))
            return
        for name, entry in value.items():
            if name in keys:
                yield from keys[name].check(entry, (*path, name))
            else:
                yield Problem((*path, str(name)), "unknown key", names(keys, str(name)))
        for name, key in keys.items():
            if key.required and name not in value:
                yield Problem((*path, name), "is missing", "this key is required")

    return check


def mapping_of(name: Check, entry: Check) -> Check:
    """A mapping whose names and values all pass."""

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, f"is {kind(value)}", "a mapping")
            return
        for key, item in value.items():
            yield from name(key, path)
            yield from entry(item, (*path, str(key)))

    return check


def ports(value: Any, path: Path) -> Iterator[Problem]:
    """A port expression, parameters and all."""
    try:
        port_expression.parse(value)
    except ValueError as error:
        yield Problem(path, *_split(error))


def literal_ports(value: Any, path: Path) -> Iterator[Problem]:
    """Ports without parameters: what a user sets a parameter to."""

    def no_parameter(name: str) -> int:
        raise ValueError(f"{value!r} needs {name!r}, which is not a number; allowed: {port_expression.FORMS}")

    try:
        port_expression.ranges(port_expression.parse(value), no_parameter)
    except ValueError as error:
        yield Problem(path, *_split(error, port_expression.FORMS))


def address(value: Any, path: Path) -> Iterator[Problem]:
    """One host's IPv4 or IPv6 address."""
    try:
        addresses.host(value)
    except ValueError as error:
        yield Problem(path, *_split(error))


def network(value: Any, path: Path) -> Iterator[Problem]:
    """An address, a network in CIDR form, or the word any."""
    try:
        addresses.network(value)
    except ValueError as error:
        yield Problem(path, *_split(error))


def _split(error: ValueError, allowed: str = "") -> tuple[str, str]:
    """Take "what; allowed: which" of an error's text apart again."""
    what, _separator, which = str(error).partition("; allowed: ")
    return what, which or allowed
