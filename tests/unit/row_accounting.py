# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts for every row of a vendor document: bound to a flow, or explained, and not both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def labels(table: Mapping[str, Any]) -> list[str]:
    """Return the row labels of a declared table: 1, 2, ... and u1, u2, ..."""
    numbered = [str(n + 1) for n in range(table.get("rows", 0))]
    return numbered + [f"u{n + 1}" for n in range(table.get("unnumbered", 0))]


def complaints(
    document: str,
    tables: list[Mapping[str, Any]],
    flows: Iterable[Mapping[str, Any]],
    explained: Iterable[Mapping[str, Any]],
) -> list[str]:
    """Return one line for each row that is not accounted for exactly once, each naming document, table and row."""
    names = {
        (position, label): f"{document} table {position} ({table['title']}) row {label}"
        for position, table in enumerate(tables, 1)
        for label in labels(table)
    }
    bound: dict[tuple[int, str], list[str]] = {}
    for flow in flows:
        for source in flow.get("source", []):
            if source["document"] == document and "row" in source:
                bound.setdefault((source["table"], str(source["row"])), []).append(flow["id"])
    reasons: dict[tuple[int, str], list[str]] = {}
    for row in explained:
        if row["document"] == document:
            reasons.setdefault((row["table"], str(row["row"])), []).append(row["no_flow"])
    found = []
    for place in sorted(names.keys() | bound.keys() | reasons.keys()):
        name = names.get(place, f"{document} table {place[0]} row {place[1]}")
        if place not in names:
            found.append(
                f"{name}: is not in the document, but {', '.join(bound.get(place, ['a reason']))} points to it"
            )
        elif place not in bound and place not in reasons:
            found.append(f"{name}: neither bound to a flow nor explained")
        elif place in bound and place in reasons:
            found.append(f"{name}: bound to {', '.join(bound[place])}, and yet explained to open nothing")
        elif len(set(bound.get(place, []))) < len(bound.get(place, [])):
            found.append(f"{name}: bound to one flow twice")
        elif len(reasons.get(place, [])) > 1:
            found.append(f"{name}: explained {len(reasons[place])} times")
    return found
