# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tables of the four vendor documents, each in the shape that it was copied in.

For tests only: the product's own data is what people read out of these documents, and this is the second opinion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

DIRECTORY = Path(__file__).resolve().parents[3] / "shared" / "vendor-docs"

_HEADER = re.compile(r"(Process|Component)\n\nPort\n\nProtocol\n\nBandwidth")
_PORT_CELL = re.compile(r"-|N/A|\d+|(Configurable|Depends|Random)\b.*", re.DOTALL)
_PROTOCOL_CELL = re.compile(r"-|N/A|(TCP|UDP|HTTPS?|/IP|,|\s)+")
_PEARL_ROW = re.compile(
    r"^(?P<port>\d+(?: to \d+\+\(x-1\))?|Random in range\s+\d+ (?:-|to) \d+)\s+(?P<protocol>TCP|UDP)\b", re.MULTILINE
)


class Row(NamedTuple):
    """A row: its number, or u1, u2, ... where it has none; the text of its two cells of interest; all of its text."""

    label: str
    port: str
    protocol: str
    text: str


class Table(NamedTuple):
    """A table's title and rows, numbered and unnumbered in the document's order."""

    title: str
    rows: tuple[Row, ...]

    def count(self, unnumbered: bool = False) -> int:
        """Return how many rows have a number, or have none."""
        return sum(row.label.startswith("u") == unnumbered for row in self.rows)


def xprotect(text: str) -> list[Table]:
    """Read a page whose cells are paragraphs: title, four headings, rows of number, process, port, protocol, bandwidth.

    Remarks stand between rows, the number may be missing, and so may a row's last cells.
    """
    plain = "\n".join("" if line.isspace() else line.strip() for line in text.replace("\u00a0", " ").splitlines())
    parts = _HEADER.split(re.sub(r"\n{3,}", "\n\n", plain.strip()))
    before, bodies = parts[0], parts[2::2]
    tables = []
    title = _paragraphs(before)[-1]
    for position, body in enumerate(bodies):
        paragraphs = _paragraphs(body)
        following = paragraphs.pop() if position < len(bodies) - 1 else ""
        tables.append(Table(title, tuple(_xprotect_rows(paragraphs))))
        title = following
    return tables


def _xprotect_rows(paragraphs: list[str]) -> list[Row]:
    rows: list[Row] = []
    numbered = unnumbered = 0
    while paragraphs:
        if paragraphs[0] == str(numbered + 1):
            numbered += 1
            label = str(numbered)
            del paragraphs[0]
        elif len(paragraphs) >= 3 and _PORT_CELL.fullmatch(paragraphs[1]) and _PROTOCOL_CELL.fullmatch(paragraphs[2]):
            unnumbered += 1
            label = f"u{unnumbered}"
        else:
            del paragraphs[0]
            continue
        cells = paragraphs[:5]
        if str(numbered + 1) in cells:
            cells = cells[: cells.index(str(numbered + 1))]
        split = len(cells) > 3 and cells[2] == "Configurable."  # a protocol cell that a blank line divides
        cells = cells if split else cells[:4]
        del paragraphs[: len(cells)]
        port, protocol = (*cells[1:], "", "")[:2]
        rows.append(Row(label, port, f"{protocol}\n{cells[3]}" if split else protocol, "\n\n".join(cells)))
    return rows


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def flow(text: str) -> list[Table]:
    """Read lines ``description | port/protocol | Input or Output |``.

    A table's title is the last line before it that ends in a colon.
    """
    tables: list[Table] = []
    title = ""
    rows: list[Row] | None = None
    for line in text.splitlines():
        if line.endswith(":"):
            title, rows = line.rstrip(":"), None
        elif line.startswith("Description |"):
            rows = []
            tables.append(Table(title, ()))
        elif rows is not None and line.count("|") == 3:
            description, ports, direction = (cell.strip() for cell in line.rstrip("|").split("|"))
            port, _slash, protocol = ports.partition("/")
            rows.append(Row(str(len(rows) + 1), port, protocol, f"{description} | {ports} | {direction}"))
            tables[-1] = Table(title, tuple(rows))
    return tables


def pearl(text: str) -> list[Table]:
    """Read a page of a PDF: the rest of a row, rows that begin with a port and a protocol, then bullets."""
    heading = re.search(r"^.+ {2,}(.+)\nPort \(or range\) Protocol Description\n", text, re.MULTILINE)
    bullets = re.search(r"^.*\boutgoing connections\b.*\n", text, re.MULTILINE)
    if heading is None or bullets is None:
        return []
    incoming = text[heading.end() : bullets.start()]
    starts = list(_PEARL_ROW.finditer(incoming))
    edges = [0, *(match.start() for match in starts), len(incoming)]
    cells = [("", ""), *((match["port"], match["protocol"]) for match in starts)]
    rows = [Row(str(n + 1), *cells[n], incoming[edges[n] : edges[n + 1]].strip()) for n in range(len(cells))]
    out = [part.strip() for part in re.split(r"^l ", text[bullets.end() :], flags=re.MULTILINE) if part.strip()]
    outgoing = [Row(str(n), " ".join(re.findall(r"Port (\d+)", part)), "", part) for n, part in enumerate(out, 1)]
    return [Table(heading[1].strip(), tuple(rows)), Table("Outgoing connections", tuple(outgoing))]


def hikvision(text: str) -> list[Table]:
    """Read Markdown: a title with hashes, then rows ``| state | protocol | port | description |``."""
    tables: list[Table] = []
    for line in text.splitlines():
        if line.startswith("#"):
            tables.append(Table(line.lstrip("#").strip(), ()))
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 4 and cells[0] != "state" and not set(cells[0]) <= set("-:"):
            title, rows = tables[-1]
            tables[-1] = Table(title, (*rows, Row(str(len(rows) + 1), cells[2], cells[1], " | ".join(cells))))
    return tables


DOCUMENTS: dict[str, tuple[str, Callable[[str], list[Table]]]] = {
    "xprotect": ("milestone-xprotect-communication.txt", xprotect),
    "flow_ports": ("datafromsky-flow-ports.txt", flow),
    "pearl2": ("epiphan-pearl-2-network-ports.txt", pearl),
    "hikconnect": ("hikvision-hikconnect-ports.md", hikvision),
}


def read(document: str) -> list[Table] | None:
    """Return a document's tables, or None where the document is not beside this checkout."""
    name, reader = DOCUMENTS[document]
    path = DIRECTORY / name
    return reader(path.read_text(encoding="utf-8")) if path.is_file() else None
