# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks plain data against the part of JSON Schema that proof_schema.py uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import checks

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield ``hosts[0].state: 'off'; allowed: proven, audit`` for everything that does not fit."""
    place = path or "it"
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    kinds = tuple(kind for name in names for kind in TYPES[name])
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield f"{place}: {checks.kind(value)}; allowed: {' or '.join(names)}"
    elif isinstance(value, dict):
        for name in value.keys() - schema["properties"].keys():
            yield f"{place}: unknown key {name!r}; allowed: {', '.join(schema['properties'])}"
        for name, inner in schema["properties"].items():
            if name in value:
                yield from problems(value[name], inner, f"{path}.{name}".lstrip("."))
            elif name in schema["required"]:
                yield f"{place}: {name} is missing"
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from problems(entry, schema["items"], f"{path}[{position}]")
    else:
        yield from _scalar(value, schema, place)


def _scalar(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if allowed is not None and value not in allowed:
        yield f"{place}: {value!r}; allowed: {', '.join(str(each) or 'an empty text' for each in allowed)}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r}; allowed: {schema['description']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{place}: {value!r}; allowed: {schema['minimum']} or more"
