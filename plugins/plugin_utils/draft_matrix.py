# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A draft matrix from a document of a vendor that nobody has described yet: every row a flow to be confirmed, or explained.

What a person has to decide (``from``, ``to``, ``feature``) is proposed with a reason and a confidence; the rest is the document's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import draft_columns, draft_names, draft_sides, draft_traits, port_expression
from .document import Document, Prose, Reading, Row, Table, Unparsed, Way
from .documents import cells, protocols
from .draft_names import line, quoted
from .draft_sides import Context, Proposal, Sides
from .matrix_schema import UNDECIDED

MOST_DESCRIPTION = 200
MOST_PROSE = 10_000
_CONFIGURABLE = re.compile(
    r"\bconfigurable\b|\btypically\b|\bby default\b|\b(?:the )?default\b|\bchangeable\b|\bcan be changed\b",
    re.IGNORECASE,
)
_PORT = re.compile(r"\bports?\b|\bdepend", re.IGNORECASE)
_CLAUSE = re.compile(r"[,.;(]")
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-Z])")
_REMARK = re.compile(r"\s*(?:[*†‡¹²³]|\(\d\)|\[\d\]|note\b)", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\s*[*†‡]+|[¹²³⁴⁵⁶⁷⁸⁹]+|\s*\(\d\)(?=\s|$)|\s*\[\d\]")


class Draft(NamedTuple):
    """A matrix file's content, and what to show beside it.

    ``rows``: flow id (or "table.row" of what opens nothing) -> the rows it comes from, as they stand in the document.
    ``remarks``: what was read with a doubt, and sentences that tell of ports and have no flow of their own.
    """

    data: dict[str, Any]
    rows: dict[str, list[str]]
    remarks: list[str]


class _Place(NamedTuple):
    """Where something stands: the citation, and the words to show."""

    citation: dict[str, Any]
    shown: str


class _Told(NamedTuple):
    """What a row says beside its ports: its words, its state, its cell of ports, and what was not understood."""

    text: str
    state: str
    ports: str
    doubts: Sequence[Unparsed]


def draft(document: Document, product: str, name: str, subject: str = "", title: str = "") -> Draft:
    """Return the draft for a document that has been read.

    ``product`` begins every flow id; ``name`` is what citations call the document; ``subject`` is the component that the
    document is about, by default ``<product>_device``.
    """
    context = Context(product, subject or f"{product}_device")
    author = _Author(document, context, name)
    for table in document.tables:
        author.table(table)
    for prose in document.prose:
        author.prose(prose)
    return author.draft(title)


class _Author:
    """Writes one flow after another."""

    def __init__(self, document: Document, context: Context, name: str) -> None:
        self.document = document
        self.context = context
        self.name = name
        self.flows: dict[str, dict[str, Any]] = {}
        self.explained: list[dict[str, Any]] = []
        self.shown: dict[str, list[str]] = {}
        self.components: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.features: dict[str, str] = {}
        self.same: dict[tuple[Any, ...], str] = {}
        self.ports: set[tuple[str, str, str]] = set()
        self.remarks = [line(note, MOST_DESCRIPTION) for note in document.notes]
        self.counts: dict[str, int] = {}

    def table(self, table: Table) -> None:
        """Add every row of a table."""
        known = draft_columns.roles(table)
        self.mention(table.title)
        for row, reading in zip(table.rows, cells.readings(table)):
            place = _Place(
                {
                    "document": self.name,
                    "table": table.number,
                    "row": row.label if row.label.startswith("u") else int(row.label),
                },
                f"table {table.number} {quoted(table.title, 60)}, row {row.label} ({row.position}): {line(row.text, MOST_DESCRIPTION)}",
            )
            text = draft_columns.description(table, row, known)
            self.mention(*row.cells)
            refused = [doubt.reason for doubt in reading.unparsed if "is not one of" in doubt.reason]
            if not reading.ways and (refused or not reading.unparsed or _is_remark(row, reading, known)):
                self.explain(place, refused[0] if refused else "it names no port")
                continue
            sides = draft_sides.propose(table, row, known, reading.ways, self.context)
            told = _Told(
                text or table.title,
                draft_columns.state(table, row, known),
                " ".join(cell for _heading, cell in draft_columns.cells(table, row, ("port",), known)),
                reading.unparsed if reading.ways else [],
            )
            for way in draft_traits.apart(reading.ways, told.text) or [self.unknown(table, row, reading, known, told)]:
                self.flow(way, sides, told, place)

    def prose(self, prose: Prose) -> None:
        """Add the ports of sentences; one that only repeats ports of rows, and does not say who connects, is left as a remark."""
        section = line(prose.section, 100) or prose.position
        heading = line(prose.section, 500)
        for sentence in _SENTENCE.split(line(prose.text, MOST_PROSE)):
            ways = _joined(cells.prose_ways(sentence))
            if not ways:
                continue
            shown = f"{prose.position}: {line(sentence, MOST_DESCRIPTION)}"
            sides = draft_sides.in_words(line(sentence, 500), heading, ways, self.context)
            remark = bool(_REMARK.match(sentence)) or sides.initiator.value == UNDECIDED
            new = [way for way in ways if not self.has(way, "" if remark else sides.listener.value)]
            if not new:
                self.remarks.append(f"Its ports are in flows already. {shown}")
                continue
            self.mention(sentence)
            for way in new:
                place = _Place({"document": self.name, "section": section}, shown)
                self.flow(way, sides, _Told(sentence, "", sentence, []), place)

    def has(self, way: Way, listener: str) -> bool:
        """Return whether flows (to a listener, or to any) have all of a way's ports already."""
        return all(
            any((protocol, port, listener) in self.ports for protocol in way.protocols or ("tcp", "udp"))
            for port in way.ports
        )

    def unknown(self, table: Table, row: Row, reading: Reading, known: Sequence[str], told: _Told) -> Way:
        """Return a way for a row whose port nobody can know: a parameter that the site must set."""
        doubt = reading.unparsed[0]
        name = self.parameter(
            told.text, {"description": f"The document says {quoted(doubt.text, 100)} ({line(doubt.reason, 100)})."}
        )
        texts = [cell for _heading, cell in draft_columns.cells(table, row, ("protocol", "port"), known)]
        return Way(protocols.of(" ".join(texts)), [], name, [])

    def flow(self, way: Way, sides: Sides, told: _Told, place: _Place) -> None:
        """Add a flow; one that says the same as an earlier one only adds its citation."""
        proposals = {"from": sides.initiator, "to": sides.listener}
        names = list(way.protocols) or _likely(told.text, proposals)
        words = line(_FOOTNOTE.sub("", told.text), MOST_DESCRIPTION)
        label = _CLAUSE.split(words)[0] or words
        port = self.port(way, label, told.ports)
        flow: dict[str, Any] = {
            "from": sides.initiator.value,
            "to": sides.listener.value,
            "protocol": names,
            "port": port,
        }
        flow["state"] = told.state or "mandatory"
        self.special(flow, way, words, label, proposals)
        self.addressed(flow, words, proposals)
        key = (str(flow["from"]), str(flow["to"]), tuple(names), str(port), flow.get("feature"), words.lower())
        listeners = ("", str(flow["to"]))
        self.ports.update((protocol, one, to) for protocol in names for one in way.ports for to in listeners)
        if key in self.same:
            known = self.flows[self.same[key]]
            if place.citation not in known["source"]:
                known["source"].append(place.citation)
                self.shown[self.same[key]].append(place.shown)
            return
        flow_id = self.id(label, names, way)
        flow["description"] = words or f"{'/'.join(names)} {port}"
        flow["reviewed"] = False
        flow["proposal"] = {
            what: {"confidence": p.confidence, "reason": line(p.reason, 300)} for what, p in proposals.items()
        }
        flow["source"] = [place.citation]
        doubts = [
            f"{quoted(doubt.text, 100)} {doubt.reason}."
            for doubt in told.doubts
            if way.protocols or doubt.reason != "names no protocol"
        ]
        if doubts:
            flow["note"] = " ".join(dict.fromkeys(doubts))
        self.same[key] = flow_id
        self.flows[flow_id] = {"id": flow_id, **flow}
        self.shown[flow_id] = [place.shown]
        for end in (flow["from"], flow["to"]):
            self.component(end)

    def port(self, way: Way, text: str, cell: str) -> int | str:
        """Return the flow's port; a number that the vendor lets one change becomes a parameter with that default."""
        expression = way.expression
        if expression in self.parameters:
            return expression
        if not _is_usable(expression):
            return self.parameter(text, {"description": f"The document says {quoted(expression)}, which are no ports."})
        for name in way.parameters:
            count = f"{self.context.product}_{draft_names.slug(text, 24, brief=True) or 'row'}_{name}"
            expression = (
                re.sub(rf"\b{re.escape(name)}\b", count, expression) if "if many" not in expression else expression
            )
            if count in expression:
                self.parameters.setdefault(
                    count,
                    {
                        "type": "count",
                        "minimum": 1,
                        "description": f"The {name} of {quoted(way.expression, 60)} in the document.",
                    },
                )
        if not way.parameters and way.ports and _CONFIGURABLE.search(cell):
            default = int(expression) if expression.isdigit() else expression
            return self.parameter(
                text, {"default": default, "description": f"Configurable; the document's default is {expression}."}
            )
        return int(expression) if expression.isdigit() else expression

    def parameter(self, text: str, definition: dict[str, Any]) -> str:
        """Add a parameter of ports, and return its name; a row that needs the same one again shares it."""
        base = f"{self.context.product}_{draft_names.slug(_FOOTNOTE.sub('', text), 30, brief=True) or 'row'}_ports"
        definition = {"type": "ports", **definition}
        name = base
        while self.parameters.get(name, definition) != definition:
            name = self.next(base)
        self.parameters[name] = definition
        return name

    def next(self, base: str) -> str:
        """Return a name with the next number."""
        self.counts[base] = self.counts.get(base, 1) + 1
        return f"{base}_{self.counts[base]}"

    def special(self, flow: dict[str, Any], way: Way, words: str, label: str, proposals: dict[str, Proposal]) -> None:
        """Propose a feature where presence cannot tell, and the groups of what is sent by multicast."""
        found = draft_traits.trait(words, label, flow["protocol"], way.ports, self.context.product)
        if found is None:
            return
        flow["feature"] = found.feature.value
        proposals["feature"] = found.feature
        if found.feature.value.startswith(self.context.product + "_"):
            self.features.setdefault(found.feature.value, found.description)
        if found.multicast:
            flow["multicast"] = found.multicast
            proposals["multicast"] = found.feature
        if found.multicast.startswith(self.context.product + "_"):
            known = self.parameters.setdefault(
                found.multicast, {"type": "networks", "description": "Groups that are sent to."}
            )
            groups = dict.fromkeys((*known.get("default", ()), *found.groups))
            if groups:
                known["default"] = list(groups)

    def addressed(self, flow: dict[str, Any], words: str, proposals: dict[str, Proposal]) -> None:
        """Give a generic other end the address that the document names for it."""
        found = draft_traits.given_addresses(words)
        place = next((end for end in ("to", "from") if flow[end] in (self.context.peer, self.context.client)), "")
        if not found or not place:
            return
        rest = draft_names.slug(draft_traits.without_addresses(words)) or "peer_" + draft_names.slug(found[0])
        name = f"{self.context.product}_{rest}"
        described = {"description": f"At the address that the document gives: {words}", "networks": found}
        self.components.setdefault(name, described)
        flow[place] = name
        proposals[place] = Proposal(name, "medium", f"the text gives its address, {', '.join(found)}")

    def explain(self, place: _Place, reason: str) -> None:
        """Say why a row opens nothing."""
        self.explained.append({**place.citation, "no_flow": reason})
        self.shown[f"{place.citation['table']}.{place.citation['row']}"] = [place.shown]

    def mention(self, *texts: str) -> None:
        """Define a component for each name in some words, so that a person can choose it."""
        for text in texts:
            for name in draft_names.names(line(text, 2_000)):
                self.component(draft_names.component(name.text, self.context.product, self.context.subject))

    def component(self, name: str) -> None:
        """Define a component of the product's own."""
        if name == UNDECIDED or name in self.components or not name.startswith(self.context.product + "_"):
            return
        words = name[len(self.context.product) + 1 :].replace("_", " ")
        generic = {
            self.context.subject: "What the document describes.",
            self.context.client: "Whoever connects to what the document describes, where it names nobody.",
            self.context.peer: "What it connects to, where the document names nobody.",
        }
        self.components[name] = {"description": generic.get(name, f"Named in the document: {words}.")}

    def id(self, words: str, names: Sequence[str], way: Way) -> str:
        """Return a flow id that no other flow has."""
        base = f"{self.context.product}.{draft_names.slug(words, brief=True) or 'row'}"
        for extra in ("", "_".join(names), draft_names.slug("_".join((*names, *way.ports)), 30)):
            found = f"{base}_{extra}" if extra else base
            if found not in self.flows:
                return found
        found = self.next(base)
        while found in self.flows:
            found = self.next(base)
        return found

    def draft(self, title: str) -> Draft:
        """Return what has been written."""
        for generic in (self.context.subject, self.context.client, self.context.peer):
            self.component(generic)
        tables = described(self.document)
        heading = line(title or self.document.title, 200) or self.context.product
        entry: dict[str, Any] = {"title": line(self.document.title, 200) or heading}
        if tables:
            entry["tables"] = tables
        data = {
            "product": self.context.product,
            "title": heading,
            "documents": {self.name: entry},
            "components": dict(
                sorted(self.components.items(), key=lambda item: (item[0] != self.context.subject, item[0]))
            ),
            "parameters": dict(sorted(self.parameters.items())),
            "features": dict(sorted(self.features.items())),
            "flows": list(self.flows.values()),
            "rows": self.explained,
        }
        return Draft({key: value for key, value in data.items() if value}, self.shown, self.remarks)


def _is_usable(expression: str) -> bool:
    """Return whether what an expression says without its parameters are ports."""
    try:
        port_expression.ranges(port_expression.parse(expression).literal(), lambda name: 0)
    except ValueError:
        return False
    return True


def _joined(ways: Sequence[Way]) -> list[Way]:
    """Return the ways of a sentence with the ports of the same protocols together."""
    found: dict[tuple[str, ...], Way] = {}
    for way in ways:
        known = found.get(tuple(way.protocols))
        if known is None or way.parameters:
            found[(*way.protocols, "") if way.parameters else tuple(way.protocols)] = way
        else:
            ports = [*known.ports, *(port for port in way.ports if port not in known.ports)]
            found[tuple(way.protocols)] = Way(way.protocols, ports, ", ".join(ports), [])
    return list(found.values())


def _is_remark(row: Row, reading: Reading, known: Sequence[str]) -> bool:
    """Return whether an item of a list, where no column is one of ports, does not even speak of a port."""
    silent = all(doubt.reason == "names no port" for doubt in reading.unparsed)
    return silent and "port" not in known and not _PORT.search(row.text)


def described(document: Document) -> list[dict[str, Any]]:
    """Return what a matrix says of a document's tables: their titles, and how many rows with and without a number they have."""
    tables = []
    for table in document.tables:
        unnumbered = [int(row.label[1:]) for row in table.rows if row.label.startswith("u")]
        numbered = [int(row.label) for row in table.rows if not row.label.startswith("u")]
        counts = {"rows": max(numbered, default=0), "unnumbered": max(unnumbered, default=0)}
        title = line(table.title, 200) or f"Table {table.number}"
        tables.append({"title": title, **{name: count for name, count in counts.items() if count}})
    return tables


def _likely(text: str, proposals: dict[str, Proposal]) -> list[str]:
    """Return the protocol that a row without one most likely means, and mark it as proposed."""
    named = protocols.of(text)
    reason = "the document names no protocol" + (f"; the text speaks of {quoted(text, 60)}" if named else "")
    proposals["protocol"] = Proposal("", "low", reason)
    return named or ["tcp"]
