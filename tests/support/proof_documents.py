# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of proofs for tests of what shows them: real policies of a site, with results as a prober would give, and seeded faults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof, report_input

Row = dict[str, Any]
Fault = Callable[[Row], Row | None]
LAB = Path(__file__).resolve().parents[2] / "examples" / "lab" / "inventory"
SERVERS = (
    "milestone_management_server",
    "milestone_recording_server",
    "milestone_recording_server",
    "milestone_failover_server",
    "milestone_event_server",
    "milestone_mobile_server",
    "flow_box",
    "pearl_encoder",
    "milestone_smart_client",
    "milestone_smart_client",
)


def lab() -> dict[str, dict[str, Any]]:
    """Return the lab's inventory in plain data."""
    listing = yaml.safe_load((LAB / "hosts.yml").read_text())["all"]
    given = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((LAB / "group_vars").iterdir())}
    hosts: dict[str, dict[str, Any]] = {
        name: {"groups": [], "vars": {**given["all"], **(own or {})}} for name, own in listing["hosts"].items()
    }
    for group, entry in listing["children"].items():
        for name in entry["hosts"]:
            hosts[name]["groups"].append(group)
            hosts[name]["vars"] = {**given.get(group, {}), **hosts[name]["vars"]}
    return hosts


def many(count: int, per_site: int = 50, **variables: Any) -> dict[str, dict[str, Any]]:
    """Return an inventory of ``count`` hosts in sites: servers and clients first, the rest cameras; ``variables``: of each."""
    hosts = {}
    for number in range(count):
        site, place = divmod(number, per_site)
        group = SERVERS[place] if place < len(SERVERS) else "hikvision_camera"
        values: dict[str, Any] = {
            "portmatrix_addresses": [f"10.{site}.{place // 250}.{place % 250 + 1}"],
            "portmatrix_site": f"site{site + 1}",
        }
        if group == "pearl_encoder":
            values["portmatrix_parameters"] = {"pearl_channels": 4}
        if group == "hikvision_camera":
            values["portmatrix_recorded_by"] = [f"s{site + 1}h{2 + place % 2}"]
        hosts[f"s{site + 1}h{place + 1}"] = {"groups": [group], "vars": {**values, **variables}}
    return hosts


def document(
    inventory: Mapping[str, Mapping[str, Any]],
    *faults: Fault,
    readback: Iterable[Row] = (),
    variables: Mapping[str, Mapping[str, str]] | None = None,
    silent: Collection[str] = (),
    title: str = "Proof of the site",
) -> dict[str, Any]:
    """Return the proof of a site in which each probe has passed through ``faults`` (None: not this one).

    ``readback``: differences with their ``host``; ``variables``: host -> its portmatrix_mode; ``silent``: hosts that were not reached.
    """
    policies, matrix = report_input.read(
        {name: {"group_names": entry["groups"], **entry["vars"]} for name, entry in inventory.items()}
    )
    asked = [name for name in policies if policies[name]["managed"] and name not in silent]
    results = {name: [_faulty(row, faults) for row in _probes(policies[name])] for name in asked}
    rules = {name: [each for each in readback if each["host"] == name] for name in asked}
    given = {name: (variables or {}).get(name, {}) for name in policies}
    states = proof.states_of(policies, policies, results, given)
    seen = proof.Seen(results, rules, dict.fromkeys(asked, "nftables"))
    return proof.proof(policies, matrix, proof.Run(title, "7f3a90c2", "2026-11-21T14:00:00Z", 41.3), seen, states)


def rule_removed(listener: str, port: int) -> Fault:
    """The listener drops what it should let in."""

    def fault(row: Row) -> Row | None:
        if (row["to"], row["expected"]) != (listener, "open") or row["port"] != port:
            return None
        rule = "table inet portmatrix, chain input: drop (policy)"
        sentence = f"{listener} dropped it: no rule of {listener} lets {row['source']} in on {row['protocol']} {port}."
        return _different(row, "filtered", "listener", listener, rule, "counter", sentence)

    return fault


def leak(listener: str, source: str) -> Fault:
    """The listener lets in what nothing declares."""

    def fault(row: Row) -> Row | None:
        if (row["to"], row["source"], row["expected"], row["protocol"]) != (listener, source, "shut", "tcp"):
            return None
        rule = 'table inet filter, chain input: ip6 saddr fd77::/64 tcp dport 1-65535 accept comment "temporary"'
        sentence = f"{listener} let it in by a rule that is not this collection's."
        return _different(row, "open", "listener", listener, rule, "rules", sentence) | {"service": "responder"}

    return fault


def nothing_listens(listener: str, port: int) -> Fault:
    """The path is open; no service answers."""

    def fault(row: Row) -> Row | None:
        if (row["to"], row["expected"]) != (listener, "open") or row["port"] != port:
            return None
        sentence = f"{listener} let it in and refused it: nothing listens on {row['protocol']} {port}."
        return _different(row, "refused", "service", listener, "", "answer", sentence) | {"service": "nothing"}

    return fault


def lab_with_faults() -> dict[str, Any]:
    """Return the proof of the lab with one of each kind of difference, and hosts that are not proven."""
    inventory = lab()
    inventory["pearl2"]["vars"]["portmatrix_managed"] = False
    del inventory["pearl1"]["vars"]["portmatrix_parameters"]
    faults = (rule_removed("rs1", 7563), leak("ms1", "fd77::66:66"), nothing_listens("sql1", 1433))
    variables = {"rs2": {"portmatrix_mode": "audit"}}
    return document(
        inventory, *faults, readback=READBACK, variables=variables, silent=["mob1"], title="Proof of the lab"
    )


READBACK: list[Row] = [
    {
        "host": "ms1",
        "direction": "in",
        "family": "ipv6",
        "protocol": "tcp",
        "ports": ["1-21", "23-79", "81-65535"],
        "peers": ["fd77::/64"],
        "kind": "open",
        "state": "new",
        "example": {
            "source": "fd77::66:66",
            "destination": "fd77::1:11",
            "protocol": "tcp",
            "source_port": 40000,
            "port": 1,
        },
        "rule": 'table inet filter, chain input: ip6 saddr fd77::/64 tcp dport 1-65535 accept comment "temporary"',
        "sentence": "ms1 accepts tcp 1-21, 23-79, 81-65535 from fd77::/64, which nothing declares.",
    },
    {
        "host": "rs1",
        "direction": "in",
        "family": "ipv4",
        "protocol": "tcp",
        "ports": ["7563"],
        "peers": ["10.77.1.15/32", "10.77.10.0/24"],
        "kind": "shut",
        "state": "new",
        "example": {
            "source": "10.77.1.15",
            "destination": "10.77.1.12",
            "protocol": "tcp",
            "source_port": 40000,
            "port": 7563,
        },
        "rule": "table inet portmatrix, chain input: drop (policy)",
        "sentence": "rs1 drops tcp 7563 from 10.77.1.15/32 and 10.77.10.0/24, which is declared.",
    },
]


def _probes(policy: Mapping[str, Any]) -> Iterator[Row]:
    for entry in policy["expectations"]:
        for expected, port in ((kind, port) for kind in ("open", "shut") for port in entry[kind]):
            opened = expected == "open"
            yield {
                **{name: entry[name] for name in ("to", "source", "address", "protocol")},
                "port": port,
                "expected": expected,
                "observed": "open" if opened else "filtered",
                "ok": True,
                "service": "responder" if opened else "",
                "attempts": 1,
                "detail": "answered" if opened else "no answer",
            }


def _faulty(row: Row, faults: Iterable[Fault]) -> Row:
    return next((changed for fault in faults if (changed := fault(row)) is not None), row)


def _different(row: Row, observed: str, place: str, host: str, rule: str, evidence: str, sentence: str) -> Row:
    where = {"place": place, "host": host, "rule": rule, "evidence": evidence, "sentence": sentence}
    return {**row, "observed": observed, "ok": False, "attempts": 2, "service": "", "detail": "", "where": where}


#: A name that ends a script, one with every kind of quote, and one that turns the direction of what follows.
NAMES = (
    "</script><img onerror=alert(1)>",
    "\"'`\\${x}{{ y }}&amp;<!--",
    "evil\u202egpj.exe",
    "\u05e9\u05e8\u05ea",
    "nul\0\x1b[31m\u2028end",
)


def hostile() -> dict[str, Any]:
    """Return a proof with such texts in every place; what the builder would not let through as well."""
    inventory = {
        name: {
            "groups": [("milestone_recording_server", "milestone_event_server", "milestone_smart_client")[number % 3]],
            "vars": {"portmatrix_addresses": [f"10.0.0.{number + 1}"], "portmatrix_site": "hq"},
        }
        for number, name in enumerate(NAMES)
    }
    found = document(inventory, rule_removed(NAMES[0], 7563), readback=[{**READBACK[0], "host": NAMES[1]}])
    bad = "".join(NAMES)
    for row in found["results"]:
        row["detail"] = bad
        if row["where"]:
            row["where"].update(rule=bad, sentence=bad)
    for each in found["hosts"]:
        each.update(site=bad, backend=bad)
        for rule in each["rules"]:
            rule.update(reason=bad, citation=bad)
    for each in found["readback"]:
        each.update(rule=bad, sentence=bad)
    found["unresolved"] = [dict.fromkeys(("host", "flow", "reason", "set", "citation"), bad)]
    found["documents"] = [
        {"title": bad, "address": "javascript:alert(1)"},
        {"title": bad, "address": f'https://example.com/"{bad}'},
    ]
    return {**found, "title": bad, "run": bad}
