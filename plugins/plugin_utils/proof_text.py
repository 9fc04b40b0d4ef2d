# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof as text for a terminal: a line for each host, then every difference with its place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import proof_sentences

WIDTH = 100
NARROWEST = 40
LONGEST_NAME = 32
GAP = "  "


class Column(NamedTuple):
    """A column of the table of hosts; of several that do not fit, the one with the highest ``rank`` is left out first."""

    title: str
    rank: int
    number: bool
    cell: Callable[[Mapping[str, Any]], str]


def _answers(host: Mapping[str, Any]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in host["services"].items() if count)


COLUMNS = (
    Column("host", 0, False, lambda host: _short(host["name"], LONGEST_NAME)),
    Column("site", 3, False, lambda host: _short(host["site"], LONGEST_NAME)),
    Column("state", 1, False, lambda host: host["state"].replace("_", " ")),
    Column("probes", 2, True, lambda host: f"{host['probes']:,}"),
    Column("differences", 1, True, lambda host: f"{host['differences']:,}"),
    Column("rules read", 4, False, lambda host: "yes" if host["read_back"] else "no"),
    Column("who answered", 5, False, _answers),
)


def text(proof: Mapping[str, Any], width: int = WIDTH) -> str:
    """Return the text; no line is longer than ``width`` (characters). Raises ValueError for a width that holds no table."""
    if width < NARROWEST:
        raise ValueError(f"width: {width}; allowed is {NARROWEST} and more")
    parts = [_head(proof, width), *_hosts(proof["hosts"], width)]
    parts.extend(_section("Differences:", map(_difference, _wrong(proof)), width))
    parts.extend(_section("Rules in force that are not as declared:", map(_in_force, proof["readback"]), width))
    missed = [host["name"] for host in proof["hosts"] if host["state"] == "not_reached"]
    end = [each for line in proof_sentences.summary(proof["summary"]) for each in _wrapped(line, width, 0)]
    if missed:
        end.extend(_wrapped(f"not reached: {', '.join(missed)}", width, 0))
    return "\n\n".join([*parts, "\n".join(end)]) + "\n"


def _head(proof: Mapping[str, Any], width: int) -> str:
    about = f"run {proof['run']}, {proof['made']}, {proof['seconds']:.1f} s"
    return "\n".join([*_wrapped(proof["title"], width, 0), *_wrapped(about, width, 0)])


def _hosts(hosts: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    if not hosts:
        return
    columns = [(column, [column.title, *map(column.cell, hosts)]) for column in COLUMNS]
    columns = [(column, cells) for column, cells in columns if any(cells[1:])]
    while _room(columns) > width and max(column.rank for column, _cells in columns) > 1:
        columns.remove(max(columns, key=lambda each: each[0].rank))
    spare = width - _room(columns)
    if spare < 0:
        names = columns[0][1]
        most = max(map(len, names)) + spare
        columns[0] = (columns[0][0], [_short(name, most) for name in names])
    widths = [max(map(len, cells)) for _column, cells in columns]
    yield "\n".join(
        GAP.join(
            f"{cells[line]:>{room}}" if column.number else f"{cells[line]:<{room}}"
            for (column, cells), room in zip(columns, widths)
        ).rstrip()
        for line in range(len(hosts) + 1)
    )


def _room(columns: Sequence[tuple[Column, Sequence[str]]]) -> int:
    return sum(max(map(len, cells)) for _column, cells in columns) + len(GAP) * (len(columns) - 1)


def _wrong(proof: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (row for row in proof["results"] if not row["ok"])


def _difference(row: Mapping[str, Any]) -> list[str]:
    return [proof_sentences.difference(row), *proof_sentences.located(row)]


def _in_force(found: Mapping[str, Any]) -> list[str]:
    return list(proof_sentences.in_force(found))


def _section(title: str, entries: Iterable[Sequence[str]], width: int) -> Iterator[str]:
    lines = [
        line
        for first, *rest in entries
        for line in (*_wrapped(first, width, 2), *(each for more in rest for each in _wrapped(more, width, 4)))
    ]
    if lines:
        yield "\n".join([title, *lines])


def _wrapped(line: str, width: int, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(line, width, initial_indent=margin, subsequent_indent=f"{margin}    ", break_on_hyphens=False)


def _short(name: str, room: int) -> str:
    return name if len(name) <= room else name[: max(room - 2, 1)] + ".."
