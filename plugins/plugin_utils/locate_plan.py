# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which differences are asked about again, while packets are counted on both hosts: a bounded number of every kind."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils.witness import MOST_FLOWS

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Initiator -> rows of port_probe."""


class Key(NamedTuple):
    """What is asked: a port of an address, from an address."""

    source: str
    address: str
    protocol: str
    port: int


def key(row: Mapping[str, Any]) -> Key:
    """Return what a row of port_probe, or a count of packet_witness, is about."""
    return Key(row["source"], row["address"], row["protocol"], row["port"])


def plan(differences: Rows, expectations: Rows, most: int = MOST_FLOWS) -> dict[str, dict[str, Any]]:
    """Return host -> ``{flows, expectations}``: the flows to count there, and what to ask from there again.

    At most ``most`` flows are counted on a host. Of differences that are alike but for the port only the first few get
    their turn where there are more. ``expectations`` is what each initiator was asked before.
    """
    before = {
        host: {_way(entry): entry for entry in entries} for host, entries in expectations.items() if host in differences
    }
    flows: dict[str, dict[Key, None]] = {}
    again: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for initiator, row in in_turn(differences):
        counted = [flows.setdefault(host, {}) for host in (initiator, row["to"])]
        if any(key(row) not in host and len(host) >= most for host in counted):
            continue
        for host in counted:
            host[key(row)] = None
        way = _way(row)
        entry = again.setdefault(initiator, {}).setdefault(way, _nothing(before.get(initiator, {}).get(way, {}), row))
        entry[row["expected"]].append(row["port"])
    return {
        host: {
            "flows": [one._asdict() for one in sorted(flows[host])],
            "expectations": list(again.get(host, {}).values()),
        }
        for host in sorted(flows)
        if flows[host]
    }


def _way(row: Mapping[str, Any]) -> tuple[Any, ...]:
    addresses = (str(ipaddress.ip_address(row[name])) for name in ("source", "address"))
    return row["to"], *addresses, row["protocol"]


def _nothing(before: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the expectation without its ports; what else it says about them stays."""
    named = {name: row[name] for name in ("to", "source", "address", "protocol")}
    return {**before, **named, "open": [], "shut": []}


def kind_of(initiator: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a difference has in common with those that are alike but for the port."""
    return initiator, _way(row), row["expected"], row["observed"]


def in_turn(differences: Rows) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the first difference of every kind, then the second of every kind, and so on, each with its initiator."""
    seen: Counter[tuple[Any, ...]] = Counter()
    ranked = []
    for initiator, rows in differences.items():
        for row in rows:
            kind = kind_of(initiator, row)
            ranked.append((seen[kind], initiator, row))
            seen[kind] += 1
    for _rank, initiator, row in sorted(ranked, key=lambda entry: entry[0]):
        yield initiator, row
