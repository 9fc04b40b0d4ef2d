# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new revision of a document would make of a matrix: the flows of changed rows, and proposals for those that are new.

A preview, compiled to show on which hosts rules would change; nobody's matrix file is written.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import draft_matrix, port_expression
from .document import Document, Table
from .document_diff import Pair
from .document_rows import flow_ways
from .matrix_schema import UNDECIDED, listed

OPEN = "a person has to decide: its ports in the matrix are not those of the old row"


class Revision(NamedTuple):
    """The matrices as they would be, by file name, and what becomes of the flows.

    ``changed``: flow id -> what changes, ``removed``: flow ids, ``proposed``: flows of new rows, ``open``: flow id -> why it is left as it is.
    """

    contents: dict[str, Any]
    changed: dict[str, str]
    removed: list[str]
    proposed: list[dict[str, Any]]
    open: dict[str, str]


def revise(
    contents: Mapping[str, Any], name: str, document: Document, pairs: Sequence[Pair], *, confirm: bool = False
) -> Revision:
    """Return the matrices with the rows of a document's new revision.

    ``name``: what citations call the document. ``confirm``: compile proposals for new rows as if a person had confirmed
    them as they are; those with an end that the document does not name stay out.
    """
    revised: dict[str, Any] = copy.deepcopy(dict(contents))
    found = Revision(revised, {}, [], [], {})
    home = next(file for file, data in revised.items() if name in data.get("documents", {}))
    parameters = {key: entry for data in revised.values() for key, entry in data.get("parameters", {}).items()}
    before = {key: copy.deepcopy(entry) for key, entry in parameters.items()}
    by_place = {pair.old.place: pair for pair in pairs if pair.old is not None and pair.old.label}
    for data in revised.values():
        kept = []
        for flow in data.get("flows", []):
            if _follow(flow, name, by_place, parameters, before, found):
                kept.append(flow)
        if "flows" in data:
            data["flows"] = kept
        if "rows" in data:
            data["rows"] = [row for row in data["rows"] if _recite(row, name, by_place)]
    _describe(revised[home]["documents"][name], document)
    _propose(revised, home, name, document, pairs, confirm, found)
    return found


def _recite(citation: dict[str, Any], name: str, by_place: Mapping[tuple[int, str], Pair]) -> bool:
    """Let a citation point to where its row is now; return False where the row is gone."""
    if citation["document"] != name or "row" not in citation:
        return True
    pair = by_place.get((int(citation["table"]), str(citation["row"])))
    if pair is None or pair.new is None:
        return False
    label = pair.new.label
    citation.update(table=pair.new.table, row=label if label.startswith("u") else int(label))
    return True


def _follow(
    flow: dict[str, Any],
    name: str,
    by_place: Mapping[tuple[int, str], Pair],
    parameters: Mapping[str, Any],
    before: Mapping[str, Any],
    found: Revision,
) -> bool:
    """Change a flow as the rows that it cites have changed; return False when nothing that it cites is left."""
    citations = flow.get("source", [])
    rows = [by_place.get((int(c["table"]), str(c["row"]))) for c in citations if c["document"] == name and "row" in c]
    kept = [citation for citation in citations if _recite(citation, name, by_place)]
    if citations and not kept:
        found.removed.append(flow["id"])
        return False
    if citations:
        flow["source"] = kept
    changed = [pair for pair in rows if pair is not None and pair.new is not None and _opens_else(pair)]
    if changed:
        news = {pair.new.ways for pair in changed if pair.new is not None}
        ways = flow_ways(flow, before)
        if len(news) == 1 and len(changed) == len([pair for pair in rows if pair is not None and pair.new is not None]):
            _replace(flow, changed[0], ways, parameters, before, found)
        else:
            found.open[flow["id"]] = "a person has to decide: the rows that it cites no longer agree"
    return True


def _opens_else(pair: Pair) -> bool:
    return bool(pair.differences.keys() & {"ports", "protocols"})


def _replace(
    flow: dict[str, Any],
    pair: Pair,
    ways: set[tuple[str, str]],
    parameters: Mapping[str, Any],
    before: Mapping[str, Any],
    found: Revision,
) -> None:
    """Give a flow that says what the old row said the ports and protocols of the new one."""
    old, new = pair.old, pair.new
    if old is None or new is None:
        raise ValueError("only a row that both documents have can have changed")
    ports, protocols = ({item[n] for item in new.ways if item[n]} for n in (1, 0))
    literal = all(_is_literal(port) for port in ports)
    if {port for _protocol, port in ways} != {port for _protocol, port in old.ways} or not ports or not literal:
        found.open[flow["id"]] = OPEN
        return
    text = ", ".join(sorted(ports, key=lambda port: int(port.partition("-")[0])))
    was = f"{'+'.join(listed(flow['protocol']))} {', '.join(sorted({port for _protocol, port in ways}))}"
    value: int | str = int(text) if text.isdigit() else text
    if str(flow["port"]) in before:
        parameters[str(flow["port"])]["default"] = value
    elif _is_literal(str(flow["port"])) or not port_expression.parse(flow["port"]).names:
        flow["port"] = value
    else:
        found.open[flow["id"]] = OPEN
        return
    if protocols and set(listed(flow["protocol"])) == {protocol for protocol, _port in old.ways}:
        flow["protocol"] = sorted(protocols)
    found.changed[flow["id"]] = f"{was} becomes {'+'.join(listed(flow['protocol']))} {text}"


def _is_literal(port: str) -> bool:
    return all(part.isdigit() for part in port.split("-"))


def _describe(entry: dict[str, Any], document: Document) -> None:
    """Let the matrix's account of the document's tables be that of the new revision."""
    titles = [table["title"] for table in entry.get("tables", [])]
    entry["tables"] = [
        {**described, "title": titles[n] if n < len(titles) and not document.tables[n].title else described["title"]}
        for n, described in enumerate(draft_matrix.described(document))
    ]


def _propose(
    revised: dict[str, Any],
    home: str,
    name: str,
    document: Document,
    pairs: Sequence[Pair],
    confirm: bool,
    found: Revision,
) -> None:
    """Add a draft's flows for the rows that are new; where rows of the same table and direction have flows, like those."""
    data = revised[home]
    added = {pair.new.place for pair in pairs if pair.change == "added" and pair.new is not None}
    sections = {
        pair.new.position for pair in pairs if pair.change == "added" and pair.new is not None and not pair.new.label
    }
    if not added:
        return
    only = document._replace(
        tables=[_only(table, added) for table in document.tables],
        prose=[prose for prose in document.prose if prose.position in sections],
    )
    drafted = draft_matrix.draft(only, data["product"], name).data
    taken = {flow["id"] for entry in revised.values() for flow in entry.get("flows", [])}
    known = {key for entry in revised.values() for key in entry.get("components", {})}
    for section in ("components", "parameters", "features"):
        everywhere = {key for entry in revised.values() for key in entry.get(section, {})}
        new = {key: entry for key, entry in drafted.get(section, {}).items() if key not in everywhere}
        if new:
            data[section] = {**data.get(section, {}), **new}
    likes = _likes(revised, name, pairs)
    for flow in drafted.get("flows", []):
        while flow["id"] in taken:
            flow["id"] += "_new"
        _resemble(flow, likes, pairs, known)
        if confirm and UNDECIDED not in (*listed(flow["from"]), *listed(flow["to"])):
            flow["reviewed"] = True
        taken.add(flow["id"])
        found.proposed.append(flow)
        data.setdefault("flows", []).append(flow)
    data.setdefault("rows", []).extend(drafted.get("rows", []))


def _only(table: Table, places: Iterable[tuple[int, str]]) -> Table:
    """Return a table with these rows alone, so that their labels stay."""
    return table._replace(rows=[row for row in table.rows if (table.number, row.label) in places])


def _likes(
    contents: Mapping[str, Any], name: str, pairs: Sequence[Pair]
) -> dict[tuple[int, str], list[tuple[str, Any, Any]]]:
    """Return (table, direction) -> (row label, from, to) of the flows that its other rows have."""
    ends: dict[tuple[int, str], list[tuple[Any, Any]]] = {}
    for data in contents.values():
        for flow in data.get("flows", []):
            for citation in flow.get("source", []):
                if citation["document"] == name and "row" in citation and flow.get("reviewed", True):
                    ends.setdefault((int(citation["table"]), str(citation["row"])), []).append(
                        (flow["from"], flow["to"])
                    )
    found: dict[tuple[int, str], list[tuple[str, Any, Any]]] = {}
    for pair in pairs:
        if pair.new is not None and pair.new.place in ends:
            key = (pair.new.table, pair.new.facts.get("direction", "").lower())
            found.setdefault(key, []).extend((pair.new.label, *both) for both in ends[pair.new.place])
    return found


def _resemble(
    flow: dict[str, Any],
    likes: Mapping[tuple[int, str], list[tuple[str, Any, Any]]],
    pairs: Sequence[Pair],
    known: set[str],
) -> None:
    """Let an end that the document leaves open be that of the other rows of its table and direction, where they agree."""
    citation = flow["source"][0]
    place = (citation.get("table"), str(citation.get("row")))
    row = next((pair.new for pair in pairs if pair.new is not None and pair.new.place == place), None)
    if row is None:
        return
    others = likes.get((row.table, row.facts.get("direction", "").lower()), [])
    for end, position in (("from", 1), ("to", 2)):
        values = {str(other[position]) for other in others}
        if len(values) == 1 and flow[end] not in known:
            flow[end] = others[0][position]
            rows = ", ".join(dict.fromkeys(other[0] for other in others[:5]))
            flow["proposal"][end] = {"confidence": "medium", "reason": f"as in the other rows of its table ({rows})"}
