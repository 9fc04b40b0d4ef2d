# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four vendor documents, read by the product. They are not ours to publish, so they lie beside the checkout where there are any."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document, Row, Table
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import cells, columns, recognise

DIRECTORY = Path(__file__).resolve().parents[3] / "shared" / "vendor-docs"
DOCUMENTS = {
    "xprotect": "milestone-xprotect-communication.txt",
    "flow_ports": "datafromsky-flow-ports.txt",
    "pearl2": "epiphan-pearl-2-network-ports.txt",
    "hikconnect": "hikvision-hikconnect-ports.md",
}


class PortCells(NamedTuple):
    """The texts of a row's two cells of interest, and all of its cells."""

    port: str
    protocol: str
    cells: list[str]


def read(document: str) -> Document | None:
    """Return a document by its key in the matrices, or None where it is not beside this checkout."""
    path = DIRECTORY / DOCUMENTS[document]
    return recognise.parse(path.read_bytes(), path.name) if path.is_file() else None


def port_cells(table: Table, row: Row) -> PortCells:
    """Return what the vendor wrote of a row's ports and protocols; of a sentence, the ports that were found in it."""
    found = columns.of(table.header)
    if not found.ports:
        ways = cells.readings(table)[table.rows.index(row)].ways
        return PortCells(" ".join(port for way in ways for port in way.ports), "", row.cells)
    port = row.cells[found.ports[0][0]]
    if found.protocol is None:
        port, _slash, protocol = port.partition("/")
        return PortCells(port, protocol, row.cells)
    return PortCells(port, row.cells[found.protocol], row.cells)
