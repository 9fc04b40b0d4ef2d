# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a flow comes from, as a text for people: document, table and row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .policy import MANAGEMENT

#: Flows that no document gives, by the variable that does.
OWN = "portmatrix_flows of this site"
ADMINISTRATORS = "portmatrix_management_sources of this site"


class Citations:
    """Texts for the flows of a matrix (the data that the lookup ``matrix`` returns)."""

    def __init__(self, matrix: Mapping[str, Any]) -> None:
        self.documents: Mapping[str, Any] = matrix["documents"]
        self.sources = {flow["id"]: flow.get("source", ()) for flow in matrix["flows"]}
        self._texts: dict[tuple[str, ...], str] = {}

    def text(self, flows: Sequence[str]) -> str:
        """Return ``Title: table 3 (Live video) rows 1 and 2, section Ports; Other title: ...`` for the flows together."""
        key = tuple(flows)
        if key not in self._texts:
            self._texts[key] = "; ".join([*self._cited(key), *self._uncited(key)])
        return self._texts[key]

    def cited(self, flows: Iterable[str]) -> list[str]:
        """Return the documents that any of the flows cites, in the order of the matrix."""
        named = {citation["document"] for flow in flows for citation in self.sources.get(flow, ())}
        return [document for document in self.documents if document in named]

    def _cited(self, flows: tuple[str, ...]) -> list[str]:
        places: dict[str, dict[tuple[int, str], list[str]]] = {name: {} for name in self.documents}
        for flow in flows:
            for citation in self.sources.get(flow, ()):
                place = (citation.get("table", 0), citation.get("section", ""))
                rows = places[citation["document"]].setdefault(place, [])
                if "row" in citation and str(citation["row"]) not in rows:
                    rows.append(str(citation["row"]))
        return [self._document(name, found) for name, found in places.items() if found]

    def _document(self, name: str, places: Mapping[tuple[int, str], list[str]]) -> str:
        document = self.documents[name]
        texts = [text for place in sorted(places) if (text := _place(document, place, places[place]))]
        return document["title"] + (": " + ", ".join(texts) if texts else "")

    def _uncited(self, flows: tuple[str, ...]) -> list[str]:
        return list(
            dict.fromkeys(ADMINISTRATORS if flow == MANAGEMENT else OWN for flow in flows if not self.sources.get(flow))
        )


def _place(document: Mapping[str, Any], place: tuple[int, str], rows: Iterable[str]) -> str:
    """Return ``table 3 (Live video) rows 1 and 2``, ``section Ports``, or nothing when the whole document is meant."""
    number, section = place
    parts = []
    if number:
        tables = document.get("tables", ())
        title = f" ({tables[number - 1]['title']})" if number <= len(tables) else ""
        parts.append(f"table {number}{title}")
    if section:
        parts.append(f"section {section}")
    numbered = sorted((row for row in rows if not row.startswith("u")), key=int)
    unnumbered = sorted((row[1:] for row in rows if row.startswith("u")), key=int)
    parts.extend(_listed("row", numbered))
    parts.extend(_listed("unnumbered row", unnumbered))
    return " ".join(parts)


def _listed(what: str, numbers: Sequence[str]) -> list[str]:
    if len(numbers) < 2:
        return [f"{what} {number}" for number in numbers]
    return [f"{what}s {', '.join(numbers[:-1])} and {numbers[-1]}"]
