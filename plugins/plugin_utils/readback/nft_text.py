# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule of nft's JSON as a person would write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 240
_MOST_ELEMENTS = 12
_BARE = ("iif", "iifname", "oif", "oifname", "mark")
_SILENT = ("counter",)


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return the statements and the comment of a rule, without counters, shortened where it is very long."""
    parts = [statement(part) for part in rule.get("expr", ()) if not set(part) & set(_SILENT)]
    if rule.get("comment"):
        parts.append(f'comment "{rule["comment"]}"')
    text = " ".join(parts)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def statement(found: Any) -> str:
    """Return one statement."""
    match found:
        case {"match": {"op": operation, "left": left, "right": right}}:
            between = " " if operation in ("==", "in") else f" {operation} "
            return f"{value(left)}{between}{value(right)}"
        case {"jump": {"target": target}} | {"goto": {"target": target}}:
            return f"{next(iter(found))} {target}"
        case {"vmap": {"key": key, "data": data}}:
            return f"{value(key)} vmap {value(data)}"
        case {"limit": {"rate": rate, "per": per, **rest}}:
            return f"limit rate {'over ' if rest.get('inv') else ''}{rate}/{per}"
        case {"reject": {"type": kind, **rest}}:
            return f"reject with {kind} {rest.get('expr', '')}".rstrip()
        case {"log": {"prefix": prefix}}:
            return f'log prefix "{prefix}"'
        case {"mangle": {"key": key, "value": new}}:
            return f"{value(key)} set {value(new)}"
        case {"set": {"op": operation, "elem": element, "set": name}}:
            return f"{operation} {name} {{ {value(element)} }}"
        case {"redirect": {"port": port}}:
            return f"redirect to :{value(port)}"
        case {"dnat": dict(to)} | {"snat": dict(to)}:
            port = f":{value(to['port'])}" if "port" in to else ""
            return f"{next(iter(found))} to {value(to.get('addr', ''))}{port}"
        case {**one} if len(one) == 1:
            return str(next(iter(one)))
    return str(found)


def value(found: Any) -> str:
    """Return what is compared, or what it is compared with."""
    match found:
        case bool():
            return "exists" if found else "missing"
        case str() | int():
            return str(found)
        case [key, {**verdict}]:
            return f"{value(key)} : {statement(verdict)}"
        case [*parts]:
            return ",".join(map(value, parts))
        case {"payload": {"protocol": protocol, "field": name}}:
            return f"{protocol} {name}"
        case {"meta": {"key": key}}:
            return key if key in _BARE else f"meta {key}"
        case {"ct": {"key": key, **rest}}:
            return f"ct {rest['dir']} {key}" if "dir" in rest else f"ct {key}"
        case {"fib": {"result": result, "flags": [*flags]}}:
            return f"fib {' . '.join(flags)} {result}"
        case {"exthdr": {"name": name, **rest}}:
            return f"exthdr {name} {rest.get('field', '')}".rstrip()
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case {"range": [first, last]}:
            return f"{value(first)}-{value(last)}"
        case {"concat": [*parts]}:
            return " . ".join(map(value, parts))
        case {"set": [*elements]}:
            shown = [value(element) for element in elements[:_MOST_ELEMENTS]]
            more = ["..."] if len(elements) > _MOST_ELEMENTS else []
            return f"{{ {', '.join([*shown, *more])} }}"
        case {"elem": {"val": inner}}:
            return value(inner)
        case {"&": [left, right]}:
            return f"{value(left)} & {value(right)}"
        case {"map": {"key": key, "data": data}}:
            return f"{value(key)} map {value(data)}"
        case {"|": [*parts]}:
            return "|".join(map(value, parts))
    return json.dumps(found)
