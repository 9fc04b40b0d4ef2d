# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a row's cells to protocols and port ranges. What is not understood is said, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...module_utils import port_ranges
from .. import port_expression
from ..document import Reading, Row, Table, Unparsed, Way
from . import columns, mentions, protocols
from .columns import Columns
from .mentions import Group

MOST_CHARACTERS = 2_000

_MARKS = re.compile(r"[¹²³⁴⁵⁶⁷⁸⁹⁰†‡§]|\[\w{1,3}\]|(?<=\d) ?\*+|\*+(?=\d)|^([^(]*\d) \d\)$")
_DASHES = re.compile("[\u2010-\u2015\u2212~]|\\.{2,}|…")
_UNTIL = re.compile(r"(?<=\d) ?\b(?:through|thru|until|up to|bis|à)\b ?(?=\d)")
_COUNT = re.compile(r"[a-z]{1,2}")
_OPEN = re.compile(
    r"\bdepend|\?|\brandom or fixed\b|\bany\b|\ball\b|\bdynamic|\bephemeral\b|\bnegotiated\b|\bvar(?:ies|iable|ious)\b|"
    r"(?:>|<|≥|≤|\babove\b|\bbelow\b|\bover\b)\s*\d|\d\s*\+\s*(?:$|[,;)])|\d+ (?:and|or) (?:above|up|higher|more|greater)\b|"
    r"\buser[- ]defined\b|\bsee\b|\bas configured\b|^\s*configur"
)
_OTHERS = re.compile(r",? ?\b(?:and|or|\+) others?\b.*|,? ?\betc\b\.?|,? ?\b(?:and so on|and more)\b.*")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_NUMBER = re.compile(r"\d+")
_RANGE = re.compile(r"(?<![\w.])(\d{1,6})(?: ?(?:-|\bto\b) ?(\d{1,6}))?(?![\w]|\.\d)")
_HARMLESS = re.compile(
    r"\b(?:ports?|tcp|udp|ip|default|defaults|configurable|typically|usually|the|an?|is|are|for|and|or|by|in|on|of|from|with|range|random|"
    r"numbers?|no|nos|only|secure|encrypted|unencrypted|standard|fixed|listening|inbound|outbound|incoming|outgoing|server|service|web|ui|"
    r"video|audio|stream(?:s|ing)?|data|control|command|sdk|api|discovery|user|users|basic|ad|admin|optional|disabled|enabled|if|when|used|"
    r"alternative|alternate|alt|main|sub|events?|https?|[a-z]{2,6}s?)\b"
)


def readings(table: Table) -> list[Reading]:
    """Return what each row of a table says, in order."""
    found = columns.of(table.header, [row.cells for row in table.rows])
    return [reading(found, table.header, row) for row in table.rows]


def reading(found: Columns, header: list[str], row: Row) -> Reading:
    """Return what a row says in the columns of its table."""
    if not found.ports:
        return _from_prose(header, row)
    given, doubts = _protocols(found, header, row)
    ways: list[Way] = []
    texts = [
        (position, fixed, row.cells[position] if position < len(row.cells) else "") for position, fixed in found.ports
    ]
    marked = {fixed for _position, fixed, cell in texts if fixed and _is_mark(cell)}
    given = [name for name in protocols.ORDER if name in {*given, *marked}]
    for position, fixed, cell in texts:
        if fixed and _is_mark(cell):
            continue
        column_ways, column_doubts = _ports(cell, header[position], [fixed] if fixed else given)
        ways.extend(way for way in column_ways if way not in ways)
        doubts.extend(column_doubts)
    if not ways and not doubts and len(found.ports) > 1 and not all(fixed for _position, fixed in found.ports):
        return Reading([], [])
    if all(way.protocols for way in ways) and ways:
        doubts = [doubt for doubt in doubts if doubt.reason != "names no protocol"]
    elif ways and not doubts:
        text = row.cells[found.protocol] if found.protocol is not None else row.text
        doubts.append(Unparsed(_name(header, found.protocol), text, "names no protocol"))
    if not ways and not any(doubt for doubt in doubts if doubt.reason != "names no protocol"):
        doubts = []
        position = found.ports[0][0]
        if given and len(found.ports) == 1 and position < len(row.cells) and not row.cells[position].strip():
            doubts.append(Unparsed(header[position], "", "is empty, though the row names a protocol"))
    return Reading(ways, doubts)


def _protocols(found: Columns, header: list[str], row: Row) -> tuple[list[str], list[Unparsed]]:
    """Return the protocols of the protocol column, and what is not understood there."""
    if found.protocol is None or found.protocol >= len(row.cells):
        return [], []
    cell = row.cells[found.protocol]
    named = protocols.of(cell)
    if named or protocols.is_nothing(cell):
        return named, []
    return [], [Unparsed(_name(header, found.protocol), cell, protocols.doubt(cell))]


def _from_prose(header: list[str], row: Row) -> Reading:
    """Read a row of a list, or of a table without a column of ports, as sentences."""
    text = "\n".join(dict.fromkeys(cell for cell in row.cells if cell))
    groups = mentions.of(text)
    ways: list[Way] = []
    doubts: list[Unparsed] = []
    for group in groups:
        found, doubt = _group(group, text, "", [])
        ways.extend(way for way in found if way not in ways)
        doubts.extend(doubt)
    if not groups:
        doubts.append(Unparsed(_name(header, None), text, "names no port"))
    elif not all(way.protocols for way in ways):
        doubts.append(Unparsed(_name(header, None), text, "names no protocol"))
    return Reading(ways, doubts)


def prose_ways(text: str) -> list[Way]:
    """Return the ports that a sentence names, such as "TCP port 443" or "UDP ports 5000 to 5010"."""
    ways: list[Way] = []
    for group in mentions.of(text[: MOST_CHARACTERS * 4]):
        ways.extend(way for way in _group(group, text, "", [])[0] if way not in ways)
    return ways


def _name(header: list[str], position: int | None) -> str:
    return header[position] if position is not None and position < len(header) else ""


def _is_mark(cell: str) -> bool:
    """Return whether a cell of a column "TCP" only says that it is so."""
    return cell.strip().lower() in ("x", "✓", "✔", "yes", "y", "•", "●", "ja")


def _ports(cell: str, column: str, given: list[str]) -> tuple[list[Way], list[Unparsed]]:
    """Return the ways of a port cell; ``given``: protocols of the row, for ports that name none of their own."""
    if len(cell) > MOST_CHARACTERS:
        return [], [Unparsed(column, cell[:80] + " ...", f"has more than {MOST_CHARACTERS} characters")]
    if protocols.is_nothing(cell):
        return [], []
    if _DATE.search(cell):
        return [], [Unparsed(column, cell, "is a date, as a spreadsheet makes it of a range")]
    ways: list[Way] = []
    doubts: list[Unparsed] = []
    for group in mentions.split(cell):
        found, doubt = _group(group, cell, column, given)
        ways.extend(way for way in found if way not in ways)
        doubts.extend(entry for entry in doubt if entry not in doubts)
    return ways, doubts


def _group(group: Group, cell: str, column: str, given: list[str]) -> tuple[list[Way], list[Unparsed]]:
    """Return the ways of some ports and the protocols beside them."""
    named = group.protocols or given or protocols.of(group.ports)
    if "igmp" in named and len(named) > 1:  # it has no ports; the others have these
        ways, doubts = _group(group._replace(protocols=named[: named.index("igmp")]), cell, column, [])
        return [*ways, Way(["igmp"], [], "-", [])], doubts
    plain = " ".join(
        _UNTIL.sub("-", _DASHES.sub("-", _MARKS.sub(r"\1 ", group.ports.replace("\u00a0", " ").lower()))).split()
    )
    try:
        return _expression(plain, named), []
    except port_expression.PortsUnknown:
        pass
    except ValueError as error:
        if _NUMBER.fullmatch(plain):
            return [], [Unparsed(column, cell, str(error).partition(";")[0])]
    others = _OTHERS.search(plain)
    doubts = []
    if others:
        doubts.append(Unparsed(column, cell, f"leaves ports open: {others[0].strip(' ,')!r}"))
        plain = plain[: others.start()] + plain[others.end() :]
    if _OPEN.search(plain) and not _told(plain):
        return [], [Unparsed(column, cell, "names no port that could be known")]
    return _numbers(plain, cell, column, named, doubts)


def _told(plain: str) -> bool:
    """Return whether a text states a default beside what can be configured."""
    return (
        bool(re.search(r"(?:default|typically|usually|normally)\D{0,40}\d", plain)) and "random or fixed" not in plain
    )


def _expression(plain: str, named: list[str]) -> list[Way]:
    """Return the way of a port expression; raises ValueError where it is none."""
    expression = port_expression.parse(plain)
    if expression.unknown:
        raise port_expression.PortsUnknown(plain)
    if not expression.items:
        return []
    defaults = dict(expression.defaults)
    needed = sorted(expression.names - defaults.keys())
    if any(not _COUNT.fullmatch(name) for name in needed) or any(_sole_name(item) for item in expression.items):
        raise ValueError(f"{plain!r} has words that name no port")
    if needed:
        return [Way(named, [], plain, needed)]
    if re.search(r"\b0\d", plain):
        raise ValueError(f"{plain!r} has a number that begins with 0")
    texts = port_ranges.texts(port_expression.ranges(expression, lambda name: defaults[name]))
    return [Way(named, texts, plain if defaults else ", ".join(texts), sorted(defaults))]


def _sole_name(item: tuple[port_expression.Sum, port_expression.Sum | None]) -> bool:
    """Return whether an item of an expression is nothing but a name."""
    return all(isinstance(atom, str) for part in item if part is not None for _sign, atom in part.terms)


def _numbers(
    plain: str, cell: str, column: str, named: list[str], doubts: list[Unparsed]
) -> tuple[list[Way], list[Unparsed]]:
    """Take the numbers and ranges out of a text; what else it says must be harmless, or is reported."""
    found: list[tuple[int, int]] = []
    for match in _RANGE.finditer(plain):
        low, high = int(match[1]), int(match[2] or match[1])
        if match[1].startswith("0") or not 0 < low <= high <= 65535:
            doubts.append(Unparsed(column, cell, f"{match[0].strip()!r} is not a port or a range of ports"))
        else:
            found.append((low, high))
    left = " ".join(re.sub(r"[^\w.+%]+", " ", _HARMLESS.sub(" ", _RANGE.sub(" ", plain))).split())
    if not found:
        return [], doubts or [Unparsed(column, cell, "names no port")]
    if _NUMBER.search(left) or re.search(r"[+%]", left):
        doubts.append(Unparsed(column, cell, f"{left!r} was not understood"))
    texts = port_ranges.texts(port_ranges.merge(found))
    return [Way(named, texts, ", ".join(texts), [])], doubts


def unparsed(table: Table) -> Iterator[tuple[Row, Unparsed]]:
    """Yield each cell of a table that was not understood, with its row."""
    for row, entry in zip(table.rows, readings(table)):
        for doubt in entry.unparsed:
            yield row, doubt
