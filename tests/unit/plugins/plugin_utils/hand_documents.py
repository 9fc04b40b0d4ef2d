# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents made by hand, for the tests of drafts and comparisons."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document, Prose, Row, Table


def table(title: str, header: str, *rows: str, number: int = 1) -> Table:
    """Return a table of lines such as ``80 | tcp | web``; a row that begins with ``u1:`` has no number."""
    found = []
    for line in rows:
        label = line[: line.index(":")] if line[:1] == "u" and line[1:2].isdigit() else ""
        text = line[len(label) + 1 :].strip() if label else line
        numbered = sum(not row.label.startswith("u") for row in found)
        found.append(Row(label or str(numbered + 1), f"line {len(found) + 1}", _cells(text), text))
    return Table(number, title, "line 1", _cells(header), found)


def document(*tables: Table, prose: tuple[str, ...] = (), title: str = "Acme ports") -> Document:
    """Return a document; a paragraph may begin with its section and ``>``."""
    parts = [text.rpartition("> ") for text in prose]
    paragraphs = [Prose(section.strip(), f"line {n + 90}", text) for n, (section, _sign, text) in enumerate(parts)]
    numbered = [entry._replace(number=number) for number, entry in enumerate(tables, 1)]
    return Document(title, "hand", numbered, paragraphs, [])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
