# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports and tables as Markdown (GitHub's tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .report import Report, Table

#: Punctuation with a meaning anywhere in a line; an underscore within a word has none.
SPECIAL = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
NOTHING = "None."


def text(report: Report) -> str:
    """Return the report as a page."""
    parts = [f"# {escaped(report.title)}\n", f"{escaped(report.summary)}\n"]
    for table in report.tables:
        parts.append(f"## {escaped(table.title)}\n")
        parts.append(table_text(table) if table.rows else f"{NOTHING}\n")
    return "\n".join(parts)


def table_text(table: Table) -> str:
    """Return one table."""
    lines = [_line(escaped(name) for name in table.columns), _line("---" for _name in table.columns)]
    lines.extend(_line(escaped(cell) for cell in row) for row in table.rows)
    return "".join(lines)


def escaped(cell: str) -> str:
    """Return text that a page shows as it is."""
    return SPECIAL.sub(r"\\\g<0>", cell)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"
