# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture documents: foreign vendors' port lists in the shapes that real ones have, and what must be read of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document, Way
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import cells, recognise

DIRECTORY = Path(__file__).resolve().parents[1] / "fixtures" / "documents"
EXPECTED = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.yml"))}
PATHS = {name: next(path for path in DIRECTORY.glob(f"{name}.*") if path.suffix != ".yml") for name in EXPECTED}


def read(name: str) -> Document:
    """Return a fixture as the readers have it, in this process."""
    return recognise.parse(PATHS[name].read_bytes(), PATHS[name].name)


def way(entry: Way) -> str:
    """Return ``tcp+udp 80 443`` for a way: what the expectations hold."""
    return f"{'+'.join(entry.protocols)} {' '.join(entry.ports) or entry.expression}"


def found(document: Document) -> dict[str, Any]:
    """Return a document in the form of the expectations, with each row's whole text."""
    tables = []
    for table in document.tables:
        rows = {}
        for row, reading in zip(table.rows, cells.readings(table)):
            rows[row.label] = {
                "says": " ".join(" ".join(row.cells).split()),
                "ways": [way(entry) for entry in reading.ways],
                "left": [entry.reason for entry in reading.unparsed],
            }
        tables.append({"title": table.title, "rows": rows})
    prose = [
        {"text": " ".join(part.text.split()), "ways": [way(entry) for entry in cells.prose_ways(part.text)]}
        for part in document.prose
    ]
    return {"format": document.format, "title": document.title, "tables": tables, "prose": prose}


def overview() -> str:
    """Return the table of docs/documents.md: what is read of each fixture, and what is left to a person."""
    lines = [
        "| document | format | shape | tables | rows | rows with ports | left to a person |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, path in PATHS.items():
        data = found(read(name))
        rows = [row for table in data["tables"] for row in table["rows"].values()]
        left = sorted({reason for row in rows for reason in row["left"]})
        ports = sum(bool(row["ways"]) for row in rows)
        prose = sum(bool(part["ways"]) for part in data["prose"])
        more = [f"ports in {prose} paragraph{'s' if prose > 1 else ''}"] if prose else []
        cells_left = "; ".join([*left, *more]) or "nothing"
        counts = f"{len(data['tables'])} | {len(rows)} | {ports}"
        link = f"[{path.name}](../tests/fixtures/documents/{path.name})"
        lines.append(f"| {link} | {data['format']} | {EXPECTED[name]['shape']} | {counts} | {cells_left} |")
    return "\n".join(lines) + "\n"
