# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module vendor_document returns: a document as plain data, and, given a matrix, what its flows say of each row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from . import matrix, row_account
from .document import Document, Unparsed, Way
from .documents import cells
from .problems import InputError, Problem, names


class Cited(NamedTuple):
    """A document of a matrix, and all that cites it."""

    document: str
    flows: list[dict[str, Any]]
    rows: list[dict[str, Any]]


def of(document: Document) -> dict[str, Any]:
    """Return a document with what its cells say."""
    tables = []
    left: list[dict[str, Any]] = []
    for table in document.tables:
        rows = []
        for row, reading in zip(table.rows, cells.readings(table)):
            unparsed = [_unparsed(entry) for entry in reading.unparsed]
            left.extend(
                {"table": table.number, "row": row.label, "position": row.position, **entry} for entry in unparsed
            )
            rows.append({**row._asdict(), "ways": _ways(reading.ways), "unparsed": unparsed})
        tables.append({**table._asdict(), "rows": rows})
    prose = [{**part._asdict(), "ways": _ways(cells.prose_ways(part.text))} for part in document.prose]
    return {**document._asdict(), "tables": tables, "prose": prose, "unparsed": left}


def _ways(ways: Iterable[Way]) -> list[dict[str, Any]]:
    return [way._asdict() for way in ways]


def _unparsed(entry: Unparsed) -> dict[str, Any]:
    return entry._asdict()


def against(document: Document, cited: Cited) -> dict[str, Any]:
    """Return a document with the flows of each row, the rows that no flow cites, and the citations that no row matches."""
    found = of(document)
    account = row_account.account(cited.document, row_account.places(document), cited.flows, cited.rows)
    titles = {table["number"]: table["title"] for table in found["tables"]}
    texts = {}
    for table in found["tables"]:
        for row in table["rows"]:
            place = (table["number"], row["label"])
            texts[place] = row["text"]
            row["flows"] = account.flows.get(place, [])
            row["no_flow"] = "; ".join(account.reasons.get(place, []))
    found["document"] = cited.document
    found["uncited"] = [
        {"table": place[0], "title": titles[place[0]], "row": place[1], "text": texts[place]}
        for place in account.uncited
    ]
    found["unmatched"] = [{"flow": who, "table": place[0], "row": place[1]} for who, place in account.unmatched]
    found["conflicts"] = account.conflicts
    return found


def cited(name: str, document: str = "", extra: Iterable[str] = ()) -> Cited:
    """Return a document of a matrix: ``name`` is a product or the path of a matrix file, ``document`` the key of one of its documents.

    Raises InputError where there is no such matrix or document, or more than one document with tables to choose from.
    """
    own = matrix.files(extra)
    path = Path(name).resolve()
    if path.is_file() and path not in own:
        own.append(path)
    matrix.load(tuple(map(str, own)))
    contents = matrix.contents(own)
    products = {data["product"]: data for data in contents.values() if data.get("documents")}
    data = contents.get(str(path)) or products.get(name)
    if data is None:
        raise InputError(
            [Problem(("matrix",), f"unknown product {name!r}, and no matrix file of that name", names(products, name))]
        )
    known = {key for key, entry in data.get("documents", {}).items() if "tables" in entry}
    if document not in known and (document or len(known) != 1):
        what = f"unknown document {document!r}" if document else "has several documents with tables: say which"
        raise InputError(
            [
                Problem(
                    ("document",), what if known else "the matrix has no document with tables", names(known, document)
                )
            ]
        )
    files = contents.values()
    return Cited(
        document or known.pop(),
        [flow for entry in files for flow in entry.get("flows", [])],
        [row for entry in files for row in entry.get("rows", [])],
    )
