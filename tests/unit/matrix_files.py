# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped matrix files as plain data, for the tests that question them. Uses none of the product's own code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).resolve().parents[2] / "plugins" / "matrices"
FILES: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.yml"))
}


def _merged(section: str) -> dict[str, Any]:
    return {name: entry for data in FILES.values() for name, entry in data.get(section, {}).items()}


COMPONENTS = _merged("components")
PARAMETERS = _merged("parameters")
FEATURES = _merged("features")
DOCUMENTS = _merged("documents")
FLOWS: dict[str, dict[str, Any]] = {flow["id"]: flow for data in FILES.values() for flow in data.get("flows", [])}
EXPLAINED: list[dict[str, Any]] = [row for data in FILES.values() for row in data.get("rows", [])]

_UP_TO_COUNT = re.compile(r"(?P<first>\d+) to (?P=first)\+\((?P<count>[a-z_]+)-1\)")
_RANGE = re.compile(r"(\d+)-(\d+)")


def port_ranges(
    port: object, parameters: Mapping[str, Any] = PARAMETERS, count: int = 1
) -> list[tuple[int, int]] | None:
    """Return the ranges that a flow opens when nobody sets a parameter but counts, which are ``count``.

    None when it takes a parameter that has no default, so that nothing is opened.
    """
    found: list[tuple[int, int]] = []
    for part in re.split(r", | and ", str(port)):
        series, pair = _UP_TO_COUNT.fullmatch(part), _RANGE.fullmatch(part)
        if series:
            found.append((int(series["first"]), int(series["first"]) + count - 1))
        elif pair:
            found.append((int(pair[1]), int(pair[2])))
        elif part.isdigit():
            found.append((int(part), int(part)))
        elif "default" not in parameters[part]:
            return None
        else:
            inner = port_ranges(parameters[part]["default"], parameters, count)
            assert inner is not None
            found.extend(inner)
    return found


def names(port: object) -> set[str]:
    """Return the parameters that a port expression names."""
    return set(re.findall(r"[a-z_]{3,}", str(port))) - {"and"}


def opens(port: int) -> Iterator[dict[str, Any]]:
    """Yield the flows that open a port when nobody sets a parameter."""
    for flow in FLOWS.values():
        if any(low <= port <= high for low, high in port_ranges(flow["port"]) or []):
            yield flow


def citations(document: str) -> Iterator[tuple[tuple[int, str], dict[str, Any]]]:
    """Yield ``((table, row label), flow)`` for each citation of a row of the document."""
    for flow in FLOWS.values():
        for source in flow.get("source", []):
            if source["document"] == document and "row" in source:
                yield (source["table"], str(source["row"])), flow
