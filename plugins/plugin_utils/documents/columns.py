# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which column of a table holds what, told from its headings, and where there are none from its cells."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

_NUMBER = re.compile(r"#|nos?|nr|row|item no|pos|step|id|№|s/?no", re.IGNORECASE)
_PORT = re.compile(r"\bport(?:s|\(s\)|nummer|range)?\b|\bpuertos?\b", re.IGNORECASE)
_PROTOCOL = re.compile(
    r"\bproto(?:col)?s?\b|\bprotocol\(s\)|\bprotokolle?\b|\btransport\b|^(?:l4|layer 4)$|^tcp ?[/,+&] ?udp$|^tcp or udp$",
    re.IGNORECASE,
)
_TRANSPORT = re.compile(r"transport|l4|layer 4|tcp|\bip\b", re.IGNORECASE)
_FIXED = re.compile(r"\b(tcp|udp)\b", re.IGNORECASE)
_SOURCE_PORT = re.compile(r"\b(?:source|src|local|client|from|outgoing from)\b", re.IGNORECASE)
_ROLES = (
    ("direction", re.compile(r"\bdirection\b|\bin(?:put|bound|coming)? ?/ ?out|\brichtung\b|\binitiat", re.IGNORECASE)),
    ("source", re.compile(r"\b(?:source|src|from|client|initiator|origin|sender|quelle)\b", re.IGNORECASE)),
    (
        "destination",
        re.compile(r"\b(?:destination|dest?|dst|to|target|server|listener|receiver|ziel)\b", re.IGNORECASE),
    ),
    (
        "state",
        re.compile(r"\b(?:state|status|required|mandatory|optional|needed|necessity|enabled|default)\b", re.IGNORECASE),
    ),
    (
        "description",
        re.compile(
            r"\b(?:descriptions?|purpose|process|used? for|usage|use|functions?|services?|component|application|feature|details|"
            r"comments?|remarks?|notes?|name|meaning|beschreibung|zweck|dienst|bandwidth|what|description/notes|software|device|product|type|"
            r"category|traffic|connection|communication|configurable|encrypted|value|example|host|module|role|zone|site)\b",
            re.IGNORECASE,
        ),
    ),
)
MOST_WORDS = 8
_CELL = re.compile(r"[\d\s,;\u2010-\u2015-]+|-")
_PROTOCOL_CELL = re.compile(r"\W*(?:(?:tcp|udp|igmp|icmp|https?|rtsp|both|or|and|ip)\W*)+", re.IGNORECASE)


class Columns(NamedTuple):
    """Positions of columns, None where a table has no such column.

    ``ports``: each column that holds ports, with the protocol that its heading gives ("" where it gives none).
    """

    ports: tuple[tuple[int, str], ...] = ()
    protocol: int | None = None
    direction: int | None = None
    source: int | None = None
    destination: int | None = None
    state: int | None = None
    description: int | None = None
    number: int | None = None


def plain(text: str) -> str:
    """Return a heading without marks and line breaks."""
    return " ".join(re.sub(r"[*†‡:¹²³\u00a0]|\[\w{1,3}\]", " ", text).split())


@functools.lru_cache(maxsize=4096)
def role(heading: str) -> str:
    """Return "port", "protocol", "number", another field of Columns, or an empty text."""
    words = plain(heading)
    if not words or len(words) > 80:
        return ""
    if _NUMBER.fullmatch(words.rstrip(".")):
        return "number"
    if _PORT.search(words) and not re.search(r"\d{2}", words):
        return "port"
    if _PROTOCOL.search(words):
        return "protocol"
    if re.fullmatch(r"tcp|udp", words, re.IGNORECASE):
        return "port"
    return next((name for name, pattern in _ROLES if pattern.search(words)), "")


def is_header(cells: Sequence[str]) -> bool:
    """Return whether a line of cells heads a table of ports: words of headings, ports among them, and no numbers."""
    texts = [plain(cell) for cell in cells if cell.strip()]
    if len(set(texts)) < 2 or any(len(text.split()) > MOST_WORDS or re.search(r"\d\d", text) for text in texts):
        return False
    roles = [role(text) for text in texts]
    named = any(_PORT.search(text) for text in texts) or {"tcp", "udp"} <= {text.lower() for text in texts}
    return named and "port" in roles and sum(not name for name in roles) * 2 < len(roles)


def of(header: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Columns:
    """Return the columns of a table; ``rows`` are asked where the headings name no ports."""
    found: dict[str, int] = {}
    ports: list[tuple[int, str]] = []
    for position, cell in enumerate(header):
        words = plain(cell)
        name = role(words)
        if name == "port":
            fixed = {match.lower() for match in _FIXED.findall(words)}
            ports.append((position, fixed.pop() if len(fixed) == 1 else ""))
        elif name == "protocol" and "protocol" in found and _TRANSPORT.search(words):
            found["protocol"] = position
        elif name:
            found.setdefault(name, position)
    listening = [entry for entry in ports if not _SOURCE_PORT.search(plain(header[entry[0]]))]
    if not ports:
        ports, protocol = _from_cells(len(header), rows)
        if protocol is not None:
            found.setdefault("protocol", protocol)
    taken = {*found.values(), *(position for position, _fixed in ports)}
    if "description" not in found:
        rest = [position for position in range(len(header)) if position not in taken]
        if rest:
            found["description"] = rest[-1]
    return Columns(ports=tuple(listening or ports), **found)


def _from_cells(width: int, rows: Sequence[Sequence[str]]) -> tuple[list[tuple[int, str]], int | None]:
    """Find the columns whose cells look like ports and protocols in more than half of the rows."""

    def share(position: int, pattern: re.Pattern[str]) -> float:
        cells = [row[position].strip() for row in rows if position < len(row)]
        return sum(bool(cell and pattern.fullmatch(cell)) for cell in cells) / max(len(cells), 1)

    protocol = next((n for n in range(width) if share(n, _PROTOCOL_CELL) > 0.5), None)
    if protocol is None:
        return [], None
    likely = [n for n in range(width) if share(n, _CELL) > 0.5 and not _counts_up(n, rows)]
    return ([(likely[0], "")] if likely else []), protocol


def _counts_up(position: int, rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a column is the rows' own numbers."""
    return [row[position].strip() for row in rows if position < len(row)] == [str(n + 1) for n in range(len(rows))]
