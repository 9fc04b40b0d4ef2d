# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of all probers as few rows: those that are alike but for their port become one with ranges of ports."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils import port_ranges
from .report import one_line

EXPECTED = ("open", "shut")
OBSERVED = ("open", "refused", "filtered", "unreachable", "wrong_host", "error")
PROTOCOLS = ("tcp", "udp")
SERVICES = ("responder", "service", "nothing", "")
PLACES = ("not_sent", "initiator", "way", "listener", "reply", "service", "elsewhere")
EVIDENCE = ("counter", "rules", "answer", "error")
WHERE = ("place", "host", "rule", "evidence", "sentence")

Where = tuple[str, str, str, str, str]


class Alike(NamedTuple):
    """What rows that become one have in common; ``where`` is what locates a difference, in the order of WHERE."""

    initiator: str
    to: str
    source: str
    address: str
    protocol: str
    expected: str
    observed: str
    ok: bool
    service: str
    attempts: int
    detail: str
    where: Where | None

    def row(self, ports: Iterable[int]) -> dict[str, Any]:
        """Return the row of the proof for these ports."""
        found: dict[str, Any] = self._asdict()
        found["ports"] = port_ranges.texts((port, port) for port in ports)
        found["where"] = None if self.where is None else dict(zip(WHERE, self.where))
        return {name: found[name] for name in COLUMNS}


#: The keys of a row of the proof, in their order.
COLUMNS = (*Alike._fields[:5], "ports", *Alike._fields[5:])


#: What tells the rows of one initiator apart.
ASKED = ("to", "source", "address", "protocol", "port")

Results = Mapping[str, Sequence[Mapping[str, Any]]]


class Count(NamedTuple):
    """Numbers of probes: all of them, those not as expected, and those tried more than once."""

    probes: int = 0
    differences: int = 0
    retried: int = 0


def rows(results: Results) -> list[dict[str, Any]]:
    """Return the rows of the proof for initiator -> rows of port_probe, sorted; the cost grows with the number of rows.

    ``service`` and ``attempts`` of a row may be missing (not known), and ``where`` is only there when a difference was located.
    Raises ValueError that names the row that port_probe cannot have made.
    """
    if not isinstance(results, Mapping):
        raise ValueError("results: allowed is a dict of initiators with the results of port_probe of each")
    alike: dict[Alike, set[int]] = {}
    for initiator, found in results.items():
        for key, port in _read(str(initiator), found):
            alike.setdefault(key, set()).add(port)
    return [key.row(alike[key]) for key in sorted(alike, key=lambda key: _order(key, min(alike[key])))]


def of_ports(proven: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return initiator -> rows of port_probe, one for each port, for rows of the proof."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in proven:
        into = found.setdefault(row["initiator"], [])
        for low, high in map(port_ranges.parse_range, row["ports"]):
            into.extend({**row, "port": port} for port in range(low, high + 1))
    return found


def with_places(results: Results, located: Results) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Return the results in which each difference has the ``where`` of its row in ``located``, for those that are there.

    Raises ValueError for a row of ``located`` that says neither what was asked nor where it was lost.
    """
    found = dict(results)
    for initiator, placed in located.items():
        try:
            places = {_asked(row): row["where"] for row in placed}
            found[initiator] = [
                row if row["ok"] or _asked(row) not in places else {**row, "where": places[_asked(row)]}
                for row in results.get(initiator, ())
            ]
        except (TypeError, KeyError) as error:
            raise ValueError(
                f"located of {initiator}: allowed are located differences; not understood: {error}"
            ) from error
    return found


def count(row: Mapping[str, Any]) -> Count:
    """Return how many probes a row of the proof stands for."""
    probes = sum(high - low + 1 for low, high in map(port_ranges.parse_range, row["ports"]))
    return Count(probes, 0 if row["ok"] else probes, probes if row["attempts"] > 1 else 0)


def total(counts: Iterable[Count]) -> Count:
    """Return the sums."""
    return Count(*map(sum, zip(*counts, (0, 0, 0))))


def _read(initiator: str, found: Any) -> Iterator[tuple[Alike, int]]:
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise ValueError(f"results of {initiator}: allowed is the list of results of port_probe")
    for number, row in enumerate(found):
        try:
            yield _alike(initiator, row), port_ranges.checked((row["port"], row["port"]))[0]
        except (TypeError, KeyError, ValueError) as error:
            what = f"results of {initiator}, row {number}"
            raise ValueError(f"{what}: allowed is a result of port_probe; not understood: {error}") from error


def _alike(initiator: str, row: Mapping[str, Any]) -> Alike:
    where = row.get("where")
    return Alike(
        initiator,
        one_line(row["to"]),
        _address(row["source"]),
        _address(row["address"]),
        _one_of(PROTOCOLS, row["protocol"]),
        _one_of(EXPECTED, row["expected"]),
        _one_of(OBSERVED, row["observed"]),
        bool(row["ok"]),
        _one_of(SERVICES, row.get("service", "")),
        int(row.get("attempts", 0)),
        one_line(row["detail"]),
        _where(where) if where else None,
    )


@functools.lru_cache(maxsize=1 << 16)
def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _where(where: Mapping[str, Any]) -> Where:
    place, evidence = _one_of(PLACES, where["place"]), _one_of(EVIDENCE, where["evidence"])
    return place, one_line(where["host"]), one_line(where["rule"]), evidence, one_line(where["sentence"])


def _asked(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ASKED)


def _one_of(known: Sequence[str], value: Any) -> str:
    if value not in known:
        raise ValueError(repr(value))
    return known[known.index(value)]


def _order(key: Alike, port: int) -> tuple[Any, ...]:
    address = ipaddress.ip_address(key.address)
    named = (key.initiator, key.to, address.version, int(address), key.protocol, key.expected, port)
    return (*named, key._replace(where=None)[2:-1], key.where or ())
