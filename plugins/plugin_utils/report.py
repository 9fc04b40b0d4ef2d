# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as plain tables of text, whatever format it is written in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Rows of text under columns; ``key`` names the table in file names and options."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Report(NamedTuple):
    """Tables about one thing; ``summary`` is a sentence with the figures."""

    title: str
    summary: str
    tables: list[Table]


def table(key: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table whose cells are one line each and hold nothing that no one can see."""
    return Table(key, title, tuple(columns), [tuple(map(one_line, row)) for row in rows])


def one_line(text: str) -> str:
    """Return the text with white space collapsed, and without control, formatting and unassigned characters."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(letter for letter in " ".join(text.split()) if letter.isprintable()).split())


def only(report: Report, key: str) -> Report:
    """Return the report with the table of this key alone; raises ValueError that names the tables."""
    tables = [each for each in report.tables if each.key == key]
    if not tables:
        raise ValueError(f"unknown part {key!r}; allowed: {', '.join(each.key for each in report.tables)}")
    return report._replace(tables=tables)


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 rule`` or ``2 rules``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
