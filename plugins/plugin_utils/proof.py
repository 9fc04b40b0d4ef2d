# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a site in plain data: what was asked, what was seen, and what the rules are there for. Its form is in proof_schema.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .citations import Citations
from .peer_names import PeerNames
from .proof_flows import ends, flows
from .proof_results import SERVICES, Count, count, rows, total
from .proof_schema import SCHEMA_VERSION
from .report import one_line
from .site_matrix import UNRESOLVED, documents, unresolved

#: What is known of a host, from the best to the worst.
STATES = ("proven", "audit", "absent", "unmanaged", "not_reached")
#: The states of hosts that were asked.
ASKED = ("proven", "audit")
LISTS = ("ports", "peers")
TEXTS = ("direction", "family", "protocol", "kind", "state", "rule", "sentence")
PACKET_TEXTS = ("source", "destination", "protocol")
PACKET_PORTS = ("source_port", "port")

Policies = Mapping[str, Mapping[str, Any]]


class Run(NamedTuple):
    """One run: what to call it, its id, when the proof was made (``2026-11-21T14:00:00Z``), and how long it took in seconds."""

    title: str
    run: str
    made: str
    seconds: float


class Seen(NamedTuple):
    """What a run has seen: initiator -> rows of port_probe; host -> differences of its rules in force; host -> back-end.

    A host that was asked has an entry in ``results``, one whose rules were read has one in ``readback``, though it be empty.
    """

    results: Mapping[str, Sequence[Mapping[str, Any]]]
    readback: Mapping[str, Sequence[Mapping[str, Any]]]
    backends: Mapping[str, str]


def proof(
    policies: Policies, matrix: Mapping[str, Any], run: Run, seen: Seen, states: Mapping[str, str]
) -> dict[str, Any]:
    """Return the proof.

    ``policies`` and ``matrix`` are what report_input.read gives, for the whole site; ``states``: host -> one of STATES, for the
    hosts to report on. Raises ValueError that names what port_probe or the read-back cannot have made.
    """
    names, citations = PeerNames(policies, matrix), Citations(matrix)
    chosen = sorted(states)
    results = rows(seen.results)
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in results:
        asked.setdefault(row["to"], []).append(row)
    readback = [_difference(host, each) for host in sorted(seen.readback) for each in seen.readback[host]]
    hosts = [
        _host(host, policies[host], states[host], seen, asked.get(host, []))
        | {"rules": [_rule(host, rule, names, citations) for rule in policies[host]["rules"]]}
        for host in chosen
    ]
    gaps = [dict(zip(UNRESOLVED, map(one_line, gap))) for gap in unresolved(policies, citations, chosen)]
    cited = {flow for host in hosts for rule in host["rules"] for flow in rule["flows"]} | {gap["flow"] for gap in gaps}
    return {
        "schema": SCHEMA_VERSION,
        "title": one_line(run.title),
        "run": one_line(run.run),
        "made": run.made,
        "seconds": round(float(run.seconds), 3),
        "summary": _summary(hosts, results, readback, len(gaps)),
        "hosts": hosts,
        "results": results,
        "readback": readback,
        "unresolved": gaps,
        "flows": flows(policies, matrix, names, frozenset(chosen)),
        "documents": [dict(zip(("title", "address"), row)) for row in documents(citations, cited).rows],
    }


def states_of(policies: Policies, hosts: Iterable[str], asked: Collection[str], variables: Policies) -> dict[str, str]:
    """Return host -> state. ``asked``: the hosts that have answered; ``variables``: host -> its portmatrix_state and portmatrix_mode."""
    found = {}
    for host in hosts:
        if not policies[host]["managed"]:
            found[host] = "unmanaged"
        elif variables[host].get("portmatrix_state") == "absent":
            found[host] = "absent"
        elif host not in asked:
            found[host] = "not_reached"
        else:
            found[host] = "audit" if variables[host].get("portmatrix_mode") == "audit" else "proven"
    return found


def _host(
    name: str, policy: Mapping[str, Any], state: str, seen: Seen, asked: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    numbers = [(row["service"], count(row)) for row in asked]
    found = total(each for _service, each in numbers)
    return {
        "name": name,
        "site": one_line(policy.get("site", "")),
        "components": list(policy.get("components", ())),
        "addresses": list(policy["addresses"]),
        "state": state,
        "backend": one_line(seen.backends.get(name, "")),
        "read_back": name in seen.readback,
        "probes": found.probes,
        "differences": found.differences,
        "services": {
            kind: sum(each.probes for service, each in numbers if service == kind) for kind in SERVICES if kind
        },
    }


def _rule(host: str, rule: Mapping[str, Any], names: PeerNames, citations: Citations) -> dict[str, Any]:
    return {
        "direction": rule["direction"],
        "protocol": rule["protocol"],
        "ports": list(rule["ports"]),
        "peers": ["/".join(ends(party)) for party in names.peers(host, rule)],
        "flows": list(rule["flows"]),
        "reason": one_line(rule["reason"]),
        "citation": one_line(citations.text(rule["flows"])),
    }


def _difference(host: str, found: Any) -> dict[str, Any]:
    """Return what the read-back found, with nothing missing and nothing besides."""
    if not isinstance(found, Mapping):
        raise ValueError(f"readback of {host}: allowed is a list of differences")
    example = found.get("example") or {}
    return {
        "host": host,
        **{name: one_line(str(found.get(name, ""))) for name in TEXTS},
        **{name: [one_line(str(each)) for each in found.get(name, ())] for name in LISTS},
        "example": {
            **{name: one_line(str(example.get(name, ""))) for name in PACKET_TEXTS},
            **{name: int(example.get(name) or 0) for name in PACKET_PORTS},
        },
    }


def _summary(
    hosts: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    readback: Sequence[Mapping[str, Any]],
    gaps: int,
) -> dict[str, int]:
    found: Count = total(map(count, results))
    blamed = {each["host"] for each in readback}
    blamed.update(row["where"]["host"] for row in results if row["where"])
    blamed.update(row["to"] for row in results if not row["ok"])
    return {
        "hosts": len(hosts),
        "proven_hosts": sum(host["state"] == "proven" and host["name"] not in blamed for host in hosts),
        "probes": found.probes,
        "differences": found.differences,
        "retried": found.retried,
        "read_back": sum(host["read_back"] for host in hosts),
        "readback_differences": len(readback),
        "unresolved": gaps,
    }
