# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document's new revision changes: its rows, the flows of a matrix that cite them, and the rules of a site's hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import document_diff, document_revision, document_rows, matrix
from .compiler import compile_with
from .document import Document
from .document_diff import Pair
from .document_revision import Revision
from .document_rows import Item
from .draft_names import line
from .matrix_schema import listed
from .problems import InputError, Problem, names


def comparison(
    old: Document | None,
    new: Document,
    contents: Mapping[str, Any],
    name: str = "",
    inventory: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    confirm: bool = False,
) -> dict[str, Any]:
    """Return the comparison in plain data: ``old``, ``new``, ``counts``, ``rows``, ``flows`` and ``hosts``.

    ``old``: the revision that came before; without it ``new`` is compared with what the matrix says of it. ``contents``:
    file name -> data of the matrices. ``name``: what their citations call the document; without it flows and hosts stay
    empty. ``inventory``: host -> ``{groups, vars}``. ``confirm``: see :func:`document_revision.revise`. Raises InputError.
    """
    _check(name, contents, old)
    cited = document_rows.of_matrix(contents, name) if name else []
    before = cited if old is None else _bound(document_rows.of_document(old), cited)
    pairs = document_diff.compare(before, document_rows.of_document(new), literal=old is not None)
    pairs = [_known(pair, contents, name) for pair in pairs]
    revision = document_revision.revise(contents, name, new, pairs, confirm=confirm) if name else None
    hosts = _hosts(contents, revision, inventory) if revision and inventory else {}
    proposed = {} if revision is None else _by_place(revision, name)
    return {
        "old": old.title if old is not None else f"the matrix's account of {name}",
        "new": new.title,
        "counts": {
            change or "unchanged": sum(pair.change == change for pair in pairs)
            for change in ("added", "removed", "changed", "moved", "")
        },
        "rows": [_row(pair, proposed) for pair in pairs if pair.change],
        "flows": {
            "changed": revision.changed if revision else {},
            "removed": revision.removed if revision else [],
            "proposed": [_proposal(flow) for flow in revision.proposed] if revision else [],
            "open": revision.open if revision else {},
        },
        "hosts": hosts,
    }


def _check(name: str, contents: Mapping[str, Any], old: Document | None) -> None:
    documents = {key for data in contents.values() for key in data.get("documents", {})}
    if name and name not in documents:
        raise InputError([Problem(("document",), f"no matrix cites a document {name!r}", names(documents, name))])
    if old is None and not name:
        raise InputError([Problem(("old",), "is missing, and so is document", "one of them, or both")])


def _bound(items: Sequence[Item], cited: Sequence[Item]) -> list[Item]:
    """Return the rows of a document with the flows that cite them."""
    by_place = {item.place: item for item in cited}
    return [
        item._replace(flows=by_place[item.place].flows, departs=by_place[item.place].departs)
        if item.label and item.place in by_place
        else item
        for item in items
    ]


def _known(pair: Pair, contents: Mapping[str, Any], name: str) -> Pair:
    """Drop a new sentence whose ports flows of the document's product have already."""
    if pair.change != "added" or pair.new is None or pair.new.label or not name:
        return pair
    parameters = {key: entry for data in contents.values() for key, entry in data.get("parameters", {}).items()}
    have = {
        port
        for data in contents.values()
        if name in data.get("documents", {})
        for flow in data.get("flows", [])
        for _protocol, port in document_rows.flow_ways(flow, parameters)
    }
    return pair._replace(change="") if all(port in have for _protocol, port in pair.new.ways) else pair


def _by_place(revision: Revision, name: str) -> dict[tuple[Any, ...], list[str]]:
    """Return where a row is -> ids of the flows proposed for it."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for flow in revision.proposed:
        for citation in flow["source"]:
            place = (citation.get("table", 0), str(citation.get("row", "")), citation.get("section", ""))
            found.setdefault(place, []).append(flow["id"])
    return found


def _row(pair: Pair, proposed: Mapping[tuple[Any, ...], list[str]]) -> dict[str, Any]:
    old, new = (_shown(item) for item in (pair.old, pair.new))
    row = {
        "change": pair.change,
        "old": old,
        "new": new,
        "differences": {fact: {"old": before, "new": after} for fact, (before, after) in pair.differences.items()},
        "flows": list(pair.old.flows) if pair.old is not None else [],
    }
    if pair.change == "added" and pair.new is not None:
        item = pair.new
        places = [(*item.place, "")] if item.label else [(0, "", line(item.title, 100)), (0, "", item.position)]
        row["proposed"] = next((proposed[place] for place in places if place in proposed), [])
    return row


def _shown(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    facts = {name: text for name, text in item.facts.items() if text and name != "text"}
    return {"table": item.table, "row": item.label, "title": item.title, "position": item.position, **facts}


def _proposal(flow: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: flow[key] for key in ("id", "port", "description", "proposal", "reviewed")},
        **{key: listed(flow[key]) for key in ("from", "to", "protocol")},
        **({"feature": flow["feature"]} if "feature" in flow else {}),
    }


def _hosts(
    contents: Mapping[str, Any], revision: Revision, inventory: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, list[Any]]]:
    """Compile the site with both and return host -> rules (and what is unresolved) that come and go."""
    before = compile_with(matrix.build(contents), inventory)
    after = compile_with(matrix.build(revision.contents), inventory)
    found = {}
    for host in sorted(before):
        entry = {}
        for key, kind in (("rules", "rules"), ("unresolved", "unresolved")):
            was, now = before[host][kind], after[host][kind]
            entry[f"{key}_added"] = [one for one in now if one not in was]
            entry[f"{key}_removed"] = [one for one in was if one not in now]
        if any(entry.values()):
            found[host] = entry
    return found
