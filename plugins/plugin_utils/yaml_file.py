# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a YAML file of ours into plain data, and finds the line of anything in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .problems import InputError, Problem

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_Loader):  # type: ignore[misc]
    """A safe loader that refuses a key given twice, which YAML would silently drop."""

    def construct_document(self, node: Any) -> Any:
        _refuse_repeated_keys(node)
        return super().construct_document(node)


def _refuse_repeated_keys(root: Any) -> None:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(reversed(node.value))
            continue
        keys: set[tuple[str, str]] = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            keys.add((key.tag, str(key.value)))
        waiting.extend(value for _key, value in reversed(node.value))


def read(path: Path) -> Any:
    """Return the file's data; raises InputError naming the file, line and column when it cannot be read."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Problem((str(path),), f"cannot be read: {error}", "a YAML file in UTF-8")]) from None
    try:
        return yaml.load(content, Loader=_Strict)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        what = " ".join((getattr(error, "problem", None) or str(error)).split())
        raise InputError([Problem((), f"is not valid YAML: {what}", place=place)]) from None
    except ValueError as error:
        raise InputError([Problem((), f"is not valid YAML: {error}", place=str(path))]) from None
    except (TypeError, LookupError, AttributeError):  # how PyYAML answers "!!bool maybe"
        raise InputError([Problem((), "is not valid YAML: a value does not fit its tag", place=str(path))]) from None


def place(path: Path, keys: tuple[str | int, ...]) -> tuple[str, tuple[str | int, ...]]:
    """Return ``file:line:column`` of what the keys lead to, or of the nearest thing above it.

    The second value is the keys with the ``id`` of a list's item instead of its position.
    """
    try:
        node: Any = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, ValueError, yaml.YAMLError):
        return str(path), keys
    mark = node.start_mark if node else None
    named: list[str | int] = []
    for key in keys:
        named.append(key)
        if isinstance(node, yaml.MappingNode):
            found = [(name, value) for name, value in node.value if name.value == str(key)]
            if found:
                mark, node = found[0][0].start_mark, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            mark = node.start_mark
            named[-1] = _id(node) or key
    return (f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)), tuple(named)


def _id(node: Any) -> str:
    """Return the ``id`` of a mapping, or an empty text."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value.value for key, value in pairs if key.value == "id" and isinstance(value, yaml.ScalarNode)), "")
