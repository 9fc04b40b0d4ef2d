# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a document, or of what a matrix says about one, in a form in which two revisions can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from . import draft_columns, port_expression
from .document import Document, Row, Table, Way
from .documents import cells
from .draft_names import TRIVIAL, line
from .matrix_schema import listed

MOST_CHARACTERS = 1_000
_WORD = re.compile(r"[^\W_]+")


class Item(NamedTuple):
    """A row to compare.

    ``table`` and ``label``: what a citation calls it (0 and "" for a sentence). ``title``: of the table or section.
    ``ways``: (protocol, ports) pairs, the protocol empty where none is named. ``facts``: what the row says, by name.
    ``flows``: the flows that cite it; ``departs``: one of them says in a note why it differs from the row;
    ``explained``: the matrix says why the row opens nothing.
    """

    table: int
    label: str
    title: str
    position: str
    order: int
    ways: frozenset[tuple[str, str]]
    words: frozenset[str]
    facts: Mapping[str, str]
    flows: tuple[str, ...] = ()
    departs: bool = False
    explained: bool = False

    @property
    def place(self) -> tuple[int, str]:
        """What a citation points to."""
        return self.table, self.label

    @property
    def heading(self) -> str:
        """The title without marks and capitals."""
        return " ".join(_WORD.findall(self.title.lower()))


def of_document(document: Document) -> list[Item]:
    """Return every row, and every sentence that names ports which no row has."""
    found: list[Item] = []
    for table in document.tables:
        known = draft_columns.roles(table)
        for row, reading in zip(table.rows, cells.readings(table)):
            found.append(_item(table, row, known, reading.ways, len(found)))
    have = {port for item in found for _protocol, port in item.ways}
    for prose in document.prose:
        ways = cells.prose_ways(prose.text)
        if any(port not in have for _protocol, port in _pairs(ways)):
            text = line(prose.text, MOST_CHARACTERS)
            facts = {"ports": _ports(ways), "protocols": _protocols(ways), "description": text}
            title = prose.section or document.title
            found.append(Item(0, "", title, prose.position, len(found), _pairs(ways), words(text), facts))
    return found


def _item(table: Table, row: Row, known: tuple[str, ...], ways: list[Way], order: int) -> Item:
    text = line(draft_columns.description(table, row, known), MOST_CHARACTERS)
    facts = {"ports": _ports(ways), "protocols": _protocols(ways), "description": text}
    if not ways:
        facts["ports"] = " ".join(cell for _heading, cell in draft_columns.cells(table, row, ("port",), known))
    for role in ("direction", "state", "source", "destination"):
        given = " ".join(cell for _heading, cell in draft_columns.cells(table, row, (role,), known))
        if given:
            facts[role] = line(given, MOST_CHARACTERS)
    facts["text"] = line(row.text, MOST_CHARACTERS)
    return Item(table.number, row.label, table.title, row.position, order, _pairs(ways), words(text or row.text), facts)


def of_matrix(contents: Mapping[str, Any], document: str) -> list[Item]:
    """Return the rows of a document that the matrices in ``contents`` (file name -> data) account for, as their flows have them."""
    files = [data for data in contents.values() if document in data.get("documents", {})]
    tables = [table for data in files for table in data["documents"][document].get("tables", [])]
    parameters = {name: entry for data in contents.values() for name, entry in data.get("parameters", {}).items()}
    cited: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    reasons: dict[tuple[int, str], str] = {}
    for data in contents.values():
        for flow in data.get("flows", []):
            for citation in flow.get("source", []):
                if citation["document"] == document and "row" in citation:
                    cited.setdefault((int(citation["table"]), str(citation["row"])), []).append(flow)
        for row in data.get("rows", []):
            if row["document"] == document and "row" in row:
                reasons[int(row["table"]), str(row["row"])] = row["no_flow"]
    found: list[Item] = []
    for place in sorted({*cited, *reasons}, key=lambda one: (one[0], one[1].startswith("u"), int(one[1].lstrip("u")))):
        flows = cited.get(place, [])
        ways = {pair for flow in flows for pair in flow_ways(flow, parameters)}
        text = "; ".join(dict.fromkeys(line(str(flow.get("description", flow["id"])), 200) for flow in flows))
        title = tables[place[0] - 1]["title"] if place[0] <= len(tables) else ""
        facts = {
            "ports": _joined(port for _protocol, port in ways),
            "protocols": _joined(protocol for protocol, _port in ways),
            "description": text or reasons.get(place, ""),
        }
        row_item = Item(*place, title, "", len(found), frozenset(ways), words(facts["description"]), facts)
        found.append(
            row_item._replace(
                flows=tuple(dict.fromkeys(flow["id"] for flow in flows)),
                departs=any("note" in flow for flow in flows),
                explained=place in reasons,
            )
        )
    return found


def flow_ways(flow: Mapping[str, Any], parameters: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the (protocol, ports) pairs of a flow as the matrix alone has them: by the defaults of parameters."""
    texts = ranges_of(flow["port"], _defaults(parameters))
    return {(protocol, port) for protocol in listed(flow["protocol"]) for port in texts}


def ranges_of(port: Any, lookup: Callable[[str], port_expression.Value]) -> list[str]:
    """Return the ranges of a port expression as texts; none where it cannot be known."""
    try:
        return port_ranges.texts(port_expression.ranges(port_expression.parse(port), lookup))
    except (LookupError, ValueError):
        return []


def _defaults(parameters: Mapping[str, Any], depth: int = 4) -> Callable[[str], port_expression.Value]:
    def lookup(name: str) -> port_expression.Value:
        definition = parameters[name]
        if "default" not in definition or not depth:
            raise LookupError(name)
        if definition["type"] == "count":
            return int(definition["default"])
        found = port_expression.ranges(port_expression.parse(definition["default"]), _defaults(parameters, depth - 1))
        return found[0][0] if len(found) == 1 and found[0][0] == found[0][1] else found

    return lookup


def words(text: str) -> frozenset[str]:
    """Return the words of a text that tell something."""
    return frozenset(_WORD.findall(text.lower())) - TRIVIAL


def _pairs(ways: Iterable[Way]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (protocol, port) for way in ways for protocol in way.protocols or [""] for port in way.ports or [way.expression]
    )


def _ports(ways: Iterable[Way]) -> str:
    return _joined(port for way in ways for port in way.ports or [way.expression])


def _protocols(ways: Iterable[Way]) -> str:
    return _joined(protocol for way in ways for protocol in way.protocols)


def _joined(texts: Iterable[str]) -> str:
    def number(text: str) -> tuple[int, str]:
        digits = re.match(r"\d+", text)
        return int(digits[0]) if digits else 0, text

    return ", ".join(sorted(set(texts), key=number))
