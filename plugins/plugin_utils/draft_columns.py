# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the columns of a vendor's table are for, by their headings and else by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .document import Row, Table
from .documents import columns
from .draft_names import quoted

#: Columns that the reader of cells takes for words, and that say nothing of what a row is for.
_ASIDE = re.compile(
    r"\b(?:bandwidth|configurable|encrypted|default|example|value|version|category|type)\b", re.IGNORECASE
)
_INITIATOR = re.compile(r"\binitiat", re.IGNORECASE)
_MARK = re.compile(r"x|✓|✔|●|•|yes|y|true", re.IGNORECASE)
_IN = r"(?:in|input|inbound|incoming|ingress|listen(?:s|ing)?|←|<-+|<=)"
_OUT = r"(?:out|output|outbound|outgoing|egress|→|-+>|=>)"
_DIRECTIONS = (
    (
        "both",
        re.compile(
            rf"bi-?\s?directional|two-?way|both(?: ways| directions)?|↔|<-+>|<=>|{_IN}\s*(?:/|,|and|&|\+|or)\s*{_OUT}|{_OUT}\s*(?:/|,|and|&|\+|or)\s*{_IN}",
            re.IGNORECASE,
        ),
    ),
    (
        "in",
        re.compile(
            rf"{_IN}(?:\s+(?:to|from|connections?|traffic|only)\b.*)?|to (?:the )?(?:device|server|appliance)",
            re.IGNORECASE,
        ),
    ),
    (
        "out",
        re.compile(
            rf"{_OUT}(?:\s+(?:to|from|connections?|traffic|only)\b.*)?|from (?:the )?(?:device|server|appliance)",
            re.IGNORECASE,
        ),
    ),
)
_STATES = (
    (
        "optional",
        re.compile(
            r"\boptional(?:ly)?\b|\bif (?:\w+ )?(?:enabled|used|needed|required|configured)\b|\brecommended\b|^(?:no|off|disabled)$|\bnot required\b",
            re.IGNORECASE,
        ),
    ),
    ("mandatory", re.compile(r"\bmandatory\b|\brequired\b|\balways\b|^(?:yes|on|enabled)$|\bmust\b", re.IGNORECASE)),
)
_TITLE_IN = re.compile(r"\b(?:incoming|inbound|input|ingress|listen(?:s|ing|ed)?)\b", re.IGNORECASE)
_BESIDES = re.compile(r"\b(?:in addition to|besides|apart from|other than|as well as)\b[^,;:]*", re.IGNORECASE)
_TITLE_OUT = re.compile(r"\b(?:outgoing|outbound|output|egress)\b", re.IGNORECASE)


class Direction(NamedTuple):
    """in, out or both, seen from the product; ``words`` are the document's, ``where`` says where they stand."""

    side: str
    words: str
    where: str


def roles(table: Table) -> tuple[str, ...]:
    """Return what each column is for: port, protocol, direction, source, destination, state, description, number, or nothing."""
    known = columns.of(table.header, [row.cells for row in table.rows])
    ports = {position for position, _fixed in known.ports}
    found = []
    for position, heading in enumerate(table.header):
        texts = [row.cells[position].strip() for row in table.rows if position < len(row.cells)]
        role = "protocol" if position == known.protocol else "port" if position in ports else columns.role(heading)
        found.append(_by_cells(role, heading, [text for text in texts if text]))
    return tuple(found)


def _by_cells(role: str, heading: str, texts: Sequence[str]) -> str:
    """Correct a role that a heading suggests by what stands below it."""
    if role in ("port", "protocol", "number"):
        return role
    if titled(heading) and all(_MARK.fullmatch(text) for text in texts):
        return "direction"
    if not texts:
        return role
    if all(_side(text) for text in texts):
        return "direction"
    if role == "direction" and not any(_side(text) for text in texts):
        return "source" if _INITIATOR.search(heading) else "description"
    if role in ("source", "destination") and not any(re.search(r"[^\W\d]", text) for text in texts):
        return ""
    return role


def _side(cell: str) -> str:
    plain = " ".join(cell.split()).strip(" .*")
    return next((side for side, pattern in _DIRECTIONS if pattern.fullmatch(plain)), "")


def cells(table: Table, row: Row, wanted: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]:
    """Return (heading, text) of the row's cells in the columns of these roles that are not empty; ``known``: the roles of all columns."""
    return [
        (table.header[column], " ".join(cell.split()))
        for column, cell in enumerate(row.cells)
        if column < len(known) and known[column] in wanted and cell.strip()
    ]


def description(table: Table, row: Row, known: Sequence[str]) -> str:
    """Return what the row is about: its cells of words; where a column is headed so, of that column first."""
    for wanted in (("description",), ("",), ("source", "destination")):
        found = [
            text
            for heading, text in cells(table, row, wanted, known)
            if re.search(r"[^\W\d_]{2}", text) and not _ASIDE.search(heading)
        ]
        if found:
            return ": ".join(dict.fromkeys(found))
    return ""


def direction(table: Table, row: Row, known: Sequence[str]) -> Direction | None:
    """Return the direction that a cell of the row says, or else a heading over its ports, or else the table's title."""
    marked = []
    for heading, text in cells(table, row, ("direction",), known):
        side = _side(text)
        if side:
            return Direction(side, text, f"the column {quoted(heading)} says")
        if _MARK.fullmatch(text) and titled(heading):
            marked.append((titled(heading), heading))
    if marked:
        side = marked[0][0] if len(marked) == 1 else "both"
        return Direction(side, " and ".join(heading for _side_, heading in marked), "the row is marked under")
    for heading, _text in cells(table, row, ("port",), known):
        if titled(heading):
            return Direction(titled(heading), heading, "the column is headed")
    side = titled(table.title)
    return Direction(side, table.title, "the table is titled") if side else None


def titled(title: str) -> str:
    """Return in or out where a heading says one of them, or an empty text."""
    said = _BESIDES.sub(" ", title.rpartition(" > ")[2]) or title
    if not (_TITLE_IN.search(said) or _TITLE_OUT.search(said)):
        said = title
    inside, outside = bool(_TITLE_IN.search(said)), bool(_TITLE_OUT.search(said))
    return "" if inside == outside else "in" if inside else "out"


def state(table: Table, row: Row, known: Sequence[str]) -> str:
    """Return mandatory or optional where the row's own column says so, or its words or the table's title say that it is optional."""
    for _heading, text in cells(table, row, ("state",), known):
        for name, pattern in _STATES:
            if pattern.search(text):
                return name
    words = " ".join((description(table, row, known), table.title))
    return "optional" if _STATES[0][1].search(words) else ""
