# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Page text whose cells are paragraphs, one below the other with blank lines between them.

A run of headings ("Process", "Port", "Protocol", "Bandwidth") begins a table; the paragraph before it is its title. Rows may have a number
or none, remarks stand between them, a cell may be divided by a blank line, and a row may lack its last cells. Of all ways to divide the
paragraphs into rows and remarks, the one with the fewest oddities is taken.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import columns, protocols
from .blocks import Block, Grid, Heading, Line, Note, Text

MOST_HEADINGS = 12
#: How many divisions are followed at the same time.
_WAYS = 6
_REMARK, _JOINED, _MISSING, _ODD, _LABEL_IN_CELL = 2, 1, 3, 4, 20

_PORT = re.compile(
    r"-|–|n/?a|\?|\d[\d ,;/–-]*\*{0,3}|(?:configurable|depends|random|any|typically|the default|default|dynamic|\d+)\b.*|.*\bdependent",
    re.IGNORECASE | re.DOTALL,
)
_PROTOCOL = re.compile(
    r"-|–|n/?a|\?|.*\b(?:tcp|udp|https?|rtsp|igmp|any|both)\b.*|configurable by .*|.*\bdependent",
    re.IGNORECASE | re.DOTALL,
)
_STRICT_PORT = re.compile(
    r"-|–|n/?a|\?|\d+(?:[ ,–-]+\d+)*|(?:configurable|depends|random)\b.*", re.IGNORECASE | re.DOTALL
)
_STRICT_PROTOCOL = re.compile(r"-|–|n/?a|(?:tcp|udp|https?|rtsp|/ip|igmp|or|and|[,/&\s])+", re.IGNORECASE)


class Paragraph(NamedTuple):
    """A paragraph's text and its first line's number."""

    text: str
    line: int


class _Head(NamedTuple):
    """A run of headings: positions of its first paragraph and of the one after it."""

    start: int
    end: int


class _Way(NamedTuple):
    """A way to divide the paragraphs so far: its cost, how many rows have numbers, what it found last, and the way there."""

    cost: int
    numbered: int
    found: tuple[str, list[Paragraph], list[str]] | None
    before: _Way | None


def paragraphs(text: str) -> list[Paragraph]:
    """Return the paragraphs of a text; a line of nothing but blanks, hard ones too, divides."""
    found: list[Paragraph] = []
    open_lines: list[str] = []
    start = 0
    for number, line in enumerate([*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""], 1):
        plain = line.replace("\u00a0", " ").strip()
        if plain:
            if not open_lines:
                start = number
            open_lines.append(plain)
        elif open_lines:
            found.append(Paragraph("\n".join(open_lines), start))
            open_lines = []
    return found


def heads(found: list[Paragraph]) -> list[tuple[int, int]]:
    """Return ``(first, end)`` of each run of headings; a run names a port and a protocol, and what heads one heads all."""
    runs: list[_Head] = []
    at = 0
    while at < len(found):
        end = at
        while end < len(found) and end - at < MOST_HEADINGS and _may_head(found[end].text):
            end += 1
        roles = [columns.role(part.text) for part in found[at:end]]
        while roles.count("port") > 1 and roles[0] == "port":  # a title such as "Ports"
            at, roles = at + 1, roles[1:]
        if end - at >= 3 and roles.count("port") == 1 and "protocol" in roles:
            runs.append(_Head(at, end))
        at = max(end, at + 1)
    widths = [run.end - run.start for run in runs]
    if runs:
        width = min(widths)  # a longer run took its title for a heading
        runs = [run if run.end - run.start == width else _Head(run.end - width, run.end) for run in runs]
    return [
        (run.start, run.end)
        for run in runs
        if {"port", "protocol"} <= {columns.role(part.text) for part in found[run.start : run.end]}
    ]


def _may_head(text: str) -> bool:
    return (
        "\n" not in text
        and len(text.split()) <= 4
        and bool(columns.role(text))
        and columns.role(text) != "number"
        and text[-1] not in ".,;"
    )


def read(found: list[Paragraph], runs: list[tuple[int, int]]) -> list[Block]:
    """Return the blocks of a page; ``runs`` as heads() gives them."""
    blocks: list[Block] = [Text(part.text, f"line {part.line}") for part in found[: max(runs[0][0] - 1, 0)]]
    for number, (start, end) in enumerate(runs):
        last = len(found) if number + 1 == len(runs) else max(runs[number + 1][0] - 1, end)
        if start > 0 and (number == 0 or start > runs[number - 1][1]):
            blocks.append(Heading(2, found[start - 1].text.replace("\n", " "), f"line {found[start - 1].line}"))
        blocks.extend(_table(found[start:end], found[end:last]))
    return blocks


def _table(head: list[Paragraph], body: list[Paragraph]) -> list[Block]:
    """Return the table below a run of headings, and then the remarks that stood in it."""
    header = [part.text for part in head]
    place = f"line {head[0].line}"
    lines = [Line(place, header, "\n\n".join(header))]
    remarks: list[Block] = []
    for kind, parts, cells in _divide(body, header):
        position = f"line {parts[0].line}"
        if kind == "remark":
            remarks.append(Text(parts[0].text, position))
            continue
        if len(parts) < len(header) + (kind == "numbered"):
            remarks.append(
                Note(
                    f"The row at {position} has {len(parts) - (kind == 'numbered')} of {len(header)} cells; the last are empty."
                )
            )
        label = parts[0].text if kind == "numbered" else ""
        lines.append(Line(position, cells, "\n\n".join(part.text for part in parts), label))
    return [Grid("", place, lines, 1, numbered=True), *remarks]


def _divide(body: list[Paragraph], header: list[str]) -> list[tuple[str, list[Paragraph], list[str]]]:
    """Return ``(kind, paragraphs, cells)`` of each row and remark, in order."""
    roles = [columns.role(heading) for heading in header]
    states: list[dict[int, _Way]] = [{} for _n in range(len(body) + 1)]
    states[0][0] = _Way(0, 0, None, None)
    for at in range(len(body)):
        for way in sorted(states[at].values(), key=lambda way: way.cost)[:_WAYS]:
            _follow(states, body, at, way, roles)
    best = min(states[-1].values(), key=lambda way: way.cost)
    found: list[tuple[str, list[Paragraph], list[str]]] = []
    step: _Way | None = best
    while step is not None and step.found is not None:
        found.append(step.found)
        step = step.before
    return found[::-1]


def _follow(states: list[dict[int, _Way]], body: list[Paragraph], at: int, way: _Way, roles: list[str]) -> None:
    """Go on from a paragraph in each way that there is."""
    following = str(way.numbered + 1)

    def reach(end: int, cost: int, numbered: int, kind: str, cells: list[str]) -> None:
        known = states[end].get(numbered)
        if known is None or way.cost + cost < known.cost:
            states[end][numbered] = _Way(way.cost + cost, numbered, (kind, body[at:end], cells), way)

    if body[at].text.rstrip(".") == following:
        after = str(way.numbered + 2)
        for end, cost, cells in _rows(body, at + 1, roles, after, strict=False):
            reach(end, cost, way.numbered + 1, "numbered", cells)
        return
    for end, cost, cells in _rows(body, at, roles, following, strict=True):
        reach(end, cost, way.numbered, "unnumbered", cells)
    reach(at + 1, _REMARK, way.numbered, "remark", [])


def _rows(
    body: list[Paragraph], at: int, roles: list[str], label: str, *, strict: bool
) -> list[tuple[int, int, list[str]]]:
    """Return ``(end, cost, cells)`` of the rows that may begin at a paragraph; ``label``: the next row's number."""
    width = len(roles)
    found = []
    texts = [part.text for part in body[at : at + width + 1]]
    for joined in range(-1, width):
        count = width + (joined >= 0)
        if len(texts) < count:
            continue
        cells = list(texts[:count])
        if joined >= 0:
            if not cells[joined].endswith((".", ",", ":", "/")):
                continue
            cells[joined : joined + 2] = [f"{cells[joined]}\n{cells[joined + 1]}"]
        cost = _cost(cells, roles, label, strict)
        if cost is not None:
            found.append((at + count, cost + (_JOINED if joined >= 0 else 0), cells))
    for missing in (1, 2) if width > 2 else ():
        count = width - missing
        ends = len(texts) == count or (len(texts) > count and texts[count].rstrip(".") == label)
        if count > 0 and len(texts) >= count and ends:
            cells = [*texts[:count], *[""] * missing]
            cost = _cost(cells, roles, label, strict)
            if cost is not None:
                found.append((at + count, cost + _MISSING * missing, cells))
    if not strict and not found:
        cells = [*texts[:width], *[""] * (width - len(texts[:width]))]
        found.append((at + len(texts[:width]), _ODD * width, cells))
    return found


def _cost(cells: list[str], roles: list[str], label: str, strict: bool) -> int | None:
    """Return how odd a row's cells are, None where they are no row."""
    cost = _ODD if roles[0] not in ("port", "protocol") and protocols.is_nothing(cells[0]) else 0
    for cell, role in zip(cells, roles):
        if cell.rstrip(".") == label and role != "port":
            cost += _LABEL_IN_CELL
        if strict and role in ("port", "protocol"):
            if not (_STRICT_PORT if role == "port" else _STRICT_PROTOCOL).fullmatch(cell):
                return None
        elif role == "port":
            cost += 0 if _PORT.fullmatch(cell) or not cell else _ODD
        elif role == "protocol":
            cost += 0 if _PROTOCOL.fullmatch(cell) or not cell else _ODD
    return cost
