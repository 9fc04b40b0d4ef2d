# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small sites of the shipped matrices with what probers would see of them, and their proofs."""

from __future__ import annotations

import copy
import functools
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof, report_input

Row = dict[str, Any]
HOSTVARS: dict[str, dict[str, Any]] = {
    "rs1": {
        "group_names": ["milestone_recording_server"],
        "portmatrix_addresses": ["10.0.0.11", "2001:db8::11"],
        "portmatrix_management_sources": "10.9.0.0/24",
        "portmatrix_networks": {"milestone_smart_client": "10.0.10.0/24"},
        "portmatrix_site": "hq",
    },
    "es1": {
        "group_names": ["milestone_event_server"],
        "portmatrix_addresses": ["10.0.0.12", "2001:db8::12"],
        "portmatrix_site": "hq",
    },
    "cam1": {"group_names": ["hikvision_camera"], "ansible_host": "10.0.20.1", "portmatrix_site": "hq"},
    "guest": {"group_names": ["ungrouped"], "ansible_host": "10.0.66.6", "portmatrix_site": "hq"},
}
RUN = proof.Run("Proof of hq", "20261121140000-1", "2026-11-21T14:00:00Z", 2.5)
WHERE = {
    "place": "listener",
    "host": "rs1",
    "rule": "ip saddr 10.0.66.6 accept",
    "evidence": "rules",
    "sentence": "A rule of rs1 that nothing declares let it in.",
}
IN_FORCE = {
    "direction": "in",
    "family": "ipv6",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["any"],
    "kind": "open",
    "state": "new",
    "example": {"source": "::1", "destination": "2001:db8::11", "protocol": "tcp", "source_port": 1, "port": 7563},
    "rule": "tcp dport 7563 accept",
    "sentence": "Anyone gets to tcp 7563 by IPv6.",
}


@functools.cache
def _read() -> tuple[dict[str, Any], dict[str, Any]]:
    return report_input.read(HOSTVARS)


def read() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the policies and the matrix of the small site."""
    policies, matrix = _read()
    return copy.deepcopy(policies), matrix


def seen(policies: dict[str, Any]) -> dict[str, list[Row]]:
    """Return what the probers of a site see where everything is as declared; appliances have none."""
    return {
        name: [row for each in policy["expectations"] for row in _rows(each)]
        for name, policy in policies.items()
        if policy["managed"]
    }


def _rows(expected: dict[str, Any]) -> list[Row]:
    common = {name: expected[name] for name in ("to", "source", "address", "protocol")}
    right = {"expected": "open", "observed": "open", "service": "responder", "detail": "answered"}
    shut = {"expected": "shut", "observed": "filtered", "service": "", "detail": "no answer"}
    return [
        {**common, "port": port, "ok": True, "attempts": 1, **kind}
        for ports, kind in ((expected["open"], right), (expected["shut"], shut))
        for port in ports
    ]


def wrong(row: Row, observed: str, **others: Any) -> Row:
    """Return a row as it is where something else was seen."""
    return {**row, "ok": False, "observed": observed, "detail": "", "service": "", **others}


def build(
    results: dict[str, list[Row]],
    readback: dict[str, list[Row]] | None = None,
    variables: dict[str, dict[str, Any]] | None = None,
    hosts: tuple[str, ...] = tuple(HOSTVARS),
) -> dict[str, Any]:
    """Return the proof of the small site for these results."""
    policies, matrix = read()
    given = {name: (variables or {}).get(name, {}) for name in hosts}
    states = proof.states_of(policies, hosts, results, given)
    return proof.proof(policies, matrix, RUN, proof.Seen(results, readback or {}, {"rs1": "nftables"}), states)


def faulty() -> dict[str, Any]:
    """Return a proof with a difference of each kind: a port let in, ports that are dropped, a rule too many, hosts that are not proven."""
    results = seen(read()[0])
    results["guest"] = [
        wrong(row, "open", where=WHERE, service="responder") if row["to"] == "rs1" and row["port"] == 7563 else row
        for row in results["guest"]
    ]
    results["es1"] = [
        wrong(row, "filtered", attempts=2) if row["to"] == "rs1" and row["expected"] == "open" else row
        for row in results["es1"]
    ]
    del results["rs1"]
    return build(results, {"rs1": [IN_FORCE], "es1": []}, {"es1": {"portmatrix_mode": "audit"}})
