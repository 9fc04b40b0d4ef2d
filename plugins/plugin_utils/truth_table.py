# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of what was expected and what was observed, from the results of all probers, as text, Markdown or JSON."""

from __future__ import annotations

import ipaddress
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges

WIDTH = 100
NARROWEST = 40
_LABEL = 32
_NAME = 24

AS_EXPECTED = {
    "open": ("+", "open, as it must be"),
    "shut": (".", "shut, as it must be"),
}
DIFFERENCES = {
    ("open", "filtered"): "F",
    ("open", "refused"): "R",
    ("open", "unreachable"): "U",
    ("open", "wrong_host"): "W",
    ("open", "error"): "E",
    ("shut", "open"): "!",
    ("shut", "refused"): "r",
    ("shut", "wrong_host"): "w",
    ("shut", "error"): "e",
}
_PLAIN_DETAILS = ("", "answered", "no answer")


class Result(NamedTuple):
    """One row of a prober, with the initiator it ran on."""

    initiator: str
    to: str
    source: str
    address: str
    protocol: str
    port: int
    expected: str
    observed: str
    ok: bool
    detail: str

    @property
    def symbol(self) -> str:
        """The character for the table."""
        if self.ok:
            return AS_EXPECTED[self.expected][0]
        return DIFFERENCES[self.expected, self.observed]


class Line(NamedTuple):
    """Ports of one protocol that answer alike; ``cells``: pairs of initiator and symbols."""

    protocol: str
    ports: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]


class Block(NamedTuple):
    """What the initiators see of one listener, at addresses that answer alike."""

    listener: str
    addresses: list[str]
    lines: tuple[Line, ...]

    def columns(self) -> list[Column]:
        """Return the columns, initiators that see the same in one, in the order of their names."""
        lines = [dict(line.cells) for line in self.lines]
        alike: dict[tuple[str, ...], list[str]] = {}
        for initiator in sorted({name for cells in lines for name in cells}):
            alike.setdefault(tuple(cells.get(initiator, "") for cells in lines), []).append(initiator)
        return [Column(_title(names), names, cells) for cells, names in alike.items()]


class Column(NamedTuple):
    """What a group of initiators sees: symbols for each line of the block."""

    title: str
    initiators: list[str]
    cells: tuple[str, ...]


def truth_table(results: Mapping[str, Sequence[Mapping[str, Any]]], format: str = "text", width: int = WIDTH) -> str:
    """Return the table for ``results`` (initiator -> rows of port_probe).

    ``format`` is ``text``, ``markdown`` or ``json``; ``width`` bounds the lines of the text (characters).
    Raises ValueError that names what is wrong and what is allowed.
    """
    if format not in _FORMATS:
        raise ValueError(f"format: {format!r}; allowed are {', '.join(_FORMATS)}")
    if width < NARROWEST:
        raise ValueError(f"width: {width}; allowed is {NARROWEST} and more")
    rows = _read(results)
    return _FORMATS[format](rows, sorted(name for name in results if not results[name]), width)


def sentence(result: Result, ports: str | None = None) -> str:
    """Return a difference in words, for its port or for the text of several ``ports``."""
    detail = f" ({result.detail})" if result.detail not in _PLAIN_DETAILS else ""
    observed = result.observed.replace("_", " ")
    where = f"{result.initiator} -> {result.to} {result.address} {result.protocol} {ports or result.port}"
    return f"{where}: must be {result.expected}, was {observed}{detail}"


def sentences(rows: Sequence[Result]) -> list[str]:
    """Return the differences among ``rows`` in words, ports of the same kind in one sentence."""
    alike: dict[Result, list[int]] = {}
    for result in rows:
        if not result.ok:
            alike.setdefault(result._replace(port=0), []).append(result.port)
    return [sentence(result, ", ".join(_port_texts(ports))) for result, ports in alike.items()]


def blocks(rows: Sequence[Result]) -> list[Block]:
    """Return the blocks for ``rows``, sorted by listener and address."""
    seen: dict[tuple[str, str], dict[tuple[str, int], dict[str, set[str]]]] = {}
    for result in sorted(rows, key=lambda result: (result.to, _address_order(result))):
        ports = seen.setdefault((result.to, result.address), {})
        cells = ports.setdefault((result.protocol, result.port), {})
        cells.setdefault(result.initiator, set()).add(result.symbol)
    found: dict[tuple[str, tuple[Line, ...]], list[str]] = {}
    for (listener, address), ports in seen.items():
        found.setdefault((listener, _lines(ports)), []).append(address)
    return [Block(listener, addresses, lines) for (listener, lines), addresses in found.items()]


def _lines(ports: Mapping[tuple[str, int], Mapping[str, set[str]]]) -> tuple[Line, ...]:
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = {}
    for protocol, port in sorted(ports):
        cells = tuple(sorted((name, "".join(sorted(seen))) for name, seen in ports[protocol, port].items()))
        alike.setdefault((protocol, cells), []).append(port)
    return tuple(Line(protocol, _port_texts(numbers), cells) for (protocol, cells), numbers in alike.items())


def _port_texts(ports: Sequence[int]) -> tuple[str, ...]:
    return tuple(port_ranges.texts((port, port) for port in ports))


def _read(results: Any) -> list[Result]:
    """Return all rows, sorted; raises ValueError for one that port_probe cannot have made."""
    if not isinstance(results, Mapping):
        raise ValueError("results: allowed is a dict of initiators with the results of port_probe of each")
    found = []
    for initiator, rows in results.items():
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise ValueError(f"results of {initiator}: allowed is the list of results of port_probe")
        for number, row in enumerate(rows):
            try:
                result = Result(str(initiator), **{name: row[name] for name in Result._fields[1:]})
                found.append((_order(result), result))
            except (TypeError, KeyError, ValueError) as error:
                what = f"results of {initiator}, row {number}"
                raise ValueError(f"{what}: allowed is a result of port_probe; not understood: {error}") from error
    return [result for _key, result in sorted(found)]


def _order(result: Result) -> tuple[Any, ...]:
    return (
        result.initiator,
        result.to,
        _address_order(result),
        result.protocol,
        result.port,
        result.source,
        result.symbol,
    )


def _address_order(result: Result) -> tuple[int, int]:
    address = ipaddress.ip_address(result.address)
    return address.version, int(address)


def _title(names: list[str]) -> str:
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    room = _NAME - len(more)
    return (names[0] if len(names[0]) <= room else names[0][: room - 2] + "..") + more


def _legend(rows: Sequence[Result]) -> Iterator[str]:
    used = {result.symbol for result in rows}
    for symbol, meaning in AS_EXPECTED.values():
        if symbol in used:
            yield f"{symbol} {meaning}"
    for (expected, observed), symbol in DIFFERENCES.items():
        if symbol in used:
            yield f"{symbol} must be {expected}, was {observed.replace('_', ' ')}"


def _summary(rows: Sequence[Result]) -> str:
    return f"{len(rows)} probes, {sum(not result.ok for result in rows)} differences"


def _text(rows: Sequence[Result], silent: Sequence[str], width: int) -> str:
    parts = ["\n".join(_text_block(block, width)) for block in blocks(rows)]
    if parts:
        parts.append("\n".join(_legend(rows)))
    end = [_summary(rows), *(f"  {line}" for line in sentences(rows))]
    if silent:
        end.append(f"nothing was probed from: {', '.join(silent)}")
    return "\n\n".join([*parts, "\n".join(end)]) + "\n"


def _text_block(block: Block, width: int) -> Iterator[str]:
    labels = [
        textwrap.wrap(f"{line.protocol} {', '.join(line.ports)}", _LABEL, break_on_hyphens=False)
        for line in block.lines
    ]
    margin = 2 + max(len(part) for label in labels for part in label)
    yield f"{block.listener}  {', '.join(block.addresses)}"
    for columns in _fitting(block.columns(), width - margin):
        yield " " * margin + "".join(f"  {column.title}" for column in columns)
        for number, (first, *rest) in enumerate(labels):
            cells = "".join(f"  {column.cells[number]:<{len(column.title)}}" for column in columns)
            yield f"  {first:<{margin - 2}}{cells}".rstrip()
            yield from (f"  {part}" for part in rest)
        for column in columns:
            if column.initiators != [column.title]:
                yield from _wrapped(f"{column.title} = {', '.join(column.initiators)}", width)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _fitting(columns: Sequence[Column], width: int) -> Iterator[list[Column]]:
    """Split ``columns`` into groups whose titles fit ``width``."""
    group: list[Column] = []
    used = 0
    for column in columns:
        need = len(column.title) + 2
        if group and used + need > width:
            yield group
            group, used = [], 0
        group.append(column)
        used += need
    yield group


def _markdown(rows: Sequence[Result], silent: Sequence[str], _width: int) -> str:
    parts = ["\n".join(_markdown_block(block)) for block in blocks(rows)]
    if parts:
        parts.append("\n".join(f"- `{each[0]}`{each[1:]}" for each in _legend(rows)))
    parts.append(f"**{_summary(rows)}**")
    listed = [*sentences(rows), *([f"nothing was probed from: {', '.join(silent)}"] if silent else [])]
    if listed:
        parts.append("\n".join(f"- {_safe(each)}" for each in listed))
    return "\n\n".join(parts) + "\n"


def _markdown_block(block: Block) -> Iterator[str]:
    columns = block.columns()
    yield f"### {_safe(block.listener)}: {', '.join(block.addresses)}"
    yield ""
    yield _cells("port", *(_safe(", ".join(column.initiators)) for column in columns))
    yield _cells("---", *("---" for _column in columns))
    for number, line in enumerate(block.lines):
        symbols = [column.cells[number] for column in columns]
        yield _cells(f"{line.protocol} {', '.join(line.ports)}", *(symbol and f"`{symbol}`" for symbol in symbols))


def _cells(*texts: str) -> str:
    return "".join(f"| {text} " for text in texts) + "|"


def _safe(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_|<[]" else character for character in text)


def _json(rows: Sequence[Result], silent: Sequence[str], _width: int) -> str:
    different = [dict(result._asdict(), sentence=sentence(result)) for result in rows if not result.ok]
    table = {
        "summary": {"probes": len(rows), "differences": len(different), "nothing_probed_from": list(silent)},
        "differences": different,
        "results": [result._asdict() for result in rows],
    }
    return json.dumps(table, indent=2) + "\n"


_FORMATS = {"text": _text, "markdown": _markdown, "json": _json}
