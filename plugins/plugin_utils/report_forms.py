# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report in the format of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import report_csv, report_html, report_markdown, report_xlsx
from .report import Report

Written = Callable[[Report], bytes]

FORMS: Mapping[str, Written] = {
    "markdown": lambda report: report_markdown.text(report).encode(),
    "csv": lambda report: report_csv.text(report.tables[0]).encode(),
    "xlsx": report_xlsx.data,
    "html": lambda report: report_html.text(report).encode(),
}
SUFFIXES: Mapping[str, str] = {"markdown": "md", "csv": "csv", "xlsx": "xlsx", "html": "html"}


def files(name: str, report: Report, forms: Sequence[str]) -> dict[str, bytes]:
    """Return file name -> content for each of ``forms``; CSV has a file for each table, of which the first has the plain name.

    Raises RuntimeError or ValueError where a form cannot be written.
    """
    found = {}
    for form in forms:
        if form == "csv":
            for number, table in enumerate(report.tables):
                stem = f"{name}-{table.key}" if number else name
                found[f"{stem}.csv"] = report_csv.text(table).encode()
        else:
            found[f"{name}.{SUFFIXES[form]}"] = FORMS[form](report)
    return found
