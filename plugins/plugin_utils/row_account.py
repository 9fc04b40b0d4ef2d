# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a document's rows and a matrix's citations against each other: what is bound to a flow, explained, or neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .document import Document

Place = tuple[int, str]


class Account(NamedTuple):
    """``flows`` and ``reasons``: place -> the flows that cite it, and why it opens nothing.

    ``uncited``: places that have neither. ``unmatched``: (who, place) of citations that meet no row. ``conflicts``: sentences about
    places that are accounted for more than once.
    """

    flows: dict[Place, list[str]]
    reasons: dict[Place, list[str]]
    uncited: list[Place]
    unmatched: list[tuple[str, Place]]
    conflicts: list[str]


def places(document: Document) -> list[Place]:
    """Return (table number, row label) of each row."""
    return [(table.number, row.label) for table in document.tables for row in table.rows]


def declared(tables: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Return the places of the tables that a matrix declares for a document."""
    return [
        (number, label)
        for number, table in enumerate(tables, 1)
        for label in (
            *(str(n + 1) for n in range(table.get("rows", 0))),
            *(f"u{n + 1}" for n in range(table.get("unnumbered", 0))),
        )
    ]


def account(
    document: str,
    rows: Iterable[Place],
    flows: Iterable[Mapping[str, Any]],
    explained: Iterable[Mapping[str, Any]],
) -> Account:
    """Return the account of a document's rows; ``flows`` and ``explained`` as the sections "flows" and "rows" of a matrix have them."""
    known = list(rows)
    found = Account({}, {}, [], [], [])
    for flow in flows:
        for source in flow.get("source", []):
            if source["document"] == document and "row" in source:
                found.flows.setdefault((int(source["table"]), str(source["row"])), []).append(flow["id"])
    for row in explained:
        if row["document"] == document and "row" in row:
            found.reasons.setdefault((int(row["table"]), str(row["row"])), []).append(row["no_flow"])
    for place in known:
        if place not in found.flows and place not in found.reasons:
            found.uncited.append(place)
    there = set(known)
    for places_of, who in ((found.flows, None), (found.reasons, "rows")):
        for place, entries in sorted(places_of.items()):
            if place not in there:
                found.unmatched.extend((who or flow, place) for flow in dict.fromkeys(entries))
    found.conflicts.extend(_conflicts(document, found))
    return found


def _conflicts(document: str, found: Account) -> Iterable[str]:
    for place in sorted(found.flows.keys() | found.reasons.keys()):
        name = f"{document} table {place[0]} row {place[1]}"
        flows, reasons = found.flows.get(place, []), found.reasons.get(place, [])
        if flows and reasons:
            yield f"{name}: bound to {', '.join(flows)}, and yet explained to open nothing"
        if len(set(flows)) < len(flows):
            yield f"{name}: cited twice by one flow"
        if len(reasons) > 1:
            yield f"{name}: explained {len(reasons)} times"
