# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change request to the people who run the network's firewalls: one line is one rule of theirs."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from ..module_utils import port_ranges
from .addresses import network
from .citations import Citations
from .network_ways import Cause, LeftOut, Line, Way, Ways, compatible, lines, needed, without
from .peer_names import PeerNames, shown
from .report import Report, counted, table
from .report_csv import unguarded
from .site_matrix import Policies, documents, unresolved

TITLE = "Firewall change request"
LINE = (
    "source",
    "source address",
    "destination",
    "destination address",
    "protocol",
    "ports",
    "justification",
    "flows",
    "citation",
)
CHANGE = ("change", *LINE)
LEFT_OUT = ("host", "flow", "reason", "set")
PROTOCOLS = ("tcp", "udp")


def firewall_request(
    policies: Policies, matrix: Mapping[str, Any], hosts: Collection[str] | None = None, former: str | None = None
) -> Report:
    """Return the request for host -> policy of the whole site and the data of the lookup ``matrix``.

    ``hosts``: only what begins or ends at one of these. ``former``: a full request as CSV; what it has already is not asked for
    again, and what is no longer needed is to be removed. Raises ValueError when ``former`` is no such text.
    """
    citations = Citations(matrix)
    ways, left_out = needed(PeerNames(policies, matrix), hosts)
    if former is None:
        found = lines(ways)
        summary = f"{counted(len(found), 'rule')} to allow."
        body = table("rules", "Rules to allow", LINE, (_row(line, citations) for line in found))
    else:
        known = {way: causes for way, causes in read(former).items() if way in ways or _begins_or_ends(way, hosts)}
        added, removed = lines(without(ways, known)), lines(without(known, ways))
        found = [*added, *removed]
        summary = f"{counted(len(added), 'rule')} to add, {counted(len(removed), 'rule')} to remove."
        changes = ["add"] * len(added) + ["remove"] * len(removed)
        rows = [(change, *_row(line, citations)) for change, line in zip(changes, found)]
        body = table("rules", "Rules to add and to remove", CHANGE, rows)
    flows = {flow for line in found for cause in line.causes for flow in cause.flows}
    chosen = [host for host in sorted(policies) if hosts is None or host in hosts]
    gaps = [LeftOut(*row[:4]) for row in unresolved(policies, citations, chosen)]
    rest = table("left_out", "Not in this request", LEFT_OUT, sorted({*left_out, *gaps}))
    return Report(TITLE, summary, [body, rest, documents(citations, flows)])


def read(text: str) -> Ways:
    """Return the ways of a full request in CSV; raises ValueError that names the line and what is allowed."""
    limit = csv.field_size_limit(len(text) + 1)
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None
    finally:
        csv.field_size_limit(limit)
    if not rows or tuple(rows[0]) != LINE:
        raise ValueError(f"the first line is not that of a full request; allowed: {','.join(LINE)}")
    ways: Ways = {}
    for number, row in enumerate(rows[1:], 2):
        try:
            for way, cause in _line(row):
                ways.setdefault(way, []).append(cause)
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
    return ways


def _line(row: list[str]) -> Iterator[tuple[Way, Cause]]:
    if len(row) != len(LINE):
        raise ValueError(f"{len(row)} cells; allowed: {len(LINE)}")
    source, sources, destination, destinations, protocol, ports, reason, flows, _citation = map(unguarded, row)
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol {protocol!r}; allowed: {', '.join(PROTOCOLS)}")
    ranges = tuple(port_ranges.merge(map(port_ranges.parse_range, ports.split(", "))))
    cause = Cause(ranges, reason, tuple(flows.split(", ")))
    for first, second in product(_addresses(sources), _addresses(destinations)):
        if compatible(first, second):
            yield Way(source, first, destination, second, protocol), cause


def _addresses(text: str) -> list[str]:
    return [shown(network(each).text) for each in text.split(", ")]


def _begins_or_ends(way: Way, hosts: Collection[str] | None) -> bool:
    return hosts is None or any(name in hosts for name in (*way.source.split("/"), *way.destination.split("/")))


def _row(line: Line, citations: Citations) -> tuple[str, ...]:
    flows = sorted({flow for cause in line.causes for flow in cause.flows})
    return (
        line.source,
        ", ".join(line.source_addresses),
        line.destination,
        ", ".join(line.destination_addresses),
        line.protocol,
        ", ".join(map(port_ranges.text, line.ports)),
        "; ".join(_once(cause.reason for cause in line.causes)),
        ", ".join(flows),
        citations.text(flows),
    )


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
