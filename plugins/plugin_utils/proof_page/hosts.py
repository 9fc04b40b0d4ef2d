# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts on the page of a proof: what was found of each, and its rules with reasons and citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...module_utils import port_ranges
from ..report import counted
from .markup import Column, Html, escaped, isolated, joined, section, table, tag
from .words import SERVICES, STATES

RULES = [
    Column("Direction"),
    Column("Ports"),
    Column("Other side", "text"),
    Column("Why", "text"),
    Column("Flows", "ids"),
    Column("Citation", "fine"),
]
LISTENING = [Column("Port"), Column("Path reachable"), Column("Service listening")]
Row = Mapping[str, Any]


def hosts(proof: Mapping[str, Any]) -> Html:
    """Return the section with a part for each host, closed until it is opened."""
    asked: dict[str, list[Row]] = {}
    for row in proof["results"]:
        asked.setdefault(row["to"], []).append(row)
    wrong: dict[str, list[Row]] = {}
    for row in proof["readback"]:
        wrong.setdefault(row["host"], []).append(row)
    parts = [_host(host, asked.get(host["name"], []), wrong.get(host["name"], [])) for host in proof["hosts"]]
    number = counted(len(parts), "host")
    tools = Html(
        '<form class="tools" hidden id="host-tools"><label for="host-words">Hosts with all of these words</label> '
        '<input id="host-words" type="search" autocomplete="off" spellcheck="false"> '
        '<button type="button" id="host-open">Open all</button> <button type="button" id="host-close">Close all</button> '
        '<output id="host-shown" for="host-words"></output></form>\n'
    )
    note = tag("p", f"{number}, each with its rules. Printed is what is open.", "note")
    return section("hosts", "Hosts", note, tools, Html(f'<div id="host-list">\n{joined(parts)}</div>\n'))


def _host(host: Row, asked: Sequence[Row], wrong: Sequence[Row]) -> Html:
    state = STATES[host["state"]]
    found = f"{counted(host['probes'], 'probe')}, {counted(host['differences'], 'difference')}"
    bad = host["differences"] or wrong
    kind, symbol = ("bad", "✕") if bad else ("good" if host["state"] == "proven" else "warn", state.symbol)
    about = " · ".join(filter(None, (host["site"], ", ".join(host["components"]) or "no component")))
    summary = (
        f'<span class="symbol {kind}" aria-hidden="true">{symbol}</span> <b>{isolated(host["name"])}</b> '
        f'<span class="state">{state.label}, {escaped(found)}</span> <small>{isolated(about)}</small>'
    )
    facts = [
        ("Addresses", ", ".join(host["addresses"]) or "not known"),
        ("Rules held by", host["backend"] or "not known"),
    ]
    lines = "".join(f"<div><dt>{name}</dt><dd>{escaped(text)}</dd></div>\n" for name, text in facts)
    parts = [Html(f"<dl>\n{lines}</dl>\n"), _read_back(host, wrong)]
    listening = list(_listening(asked))
    if listening:
        parts.append(table(LISTENING, listening, "What must be open, asked from other hosts at each address"))
    if host["rules"]:
        parts.append(table(RULES, map(_rule, host["rules"]), counted(len(host["rules"]), "rule")))
    else:
        parts.append(tag("p", "Nothing is declared for this host: all of its ports must be shut."))
    return Html(
        f'<details class="host"><summary>{summary}</summary>\n<div class="inside">\n{joined(parts)}</div></details>\n'
    )


def _read_back(host: Row, wrong: Sequence[Row]) -> Html:
    """Return what the comparison of the rules in force with the policy gave."""
    if not host["read_back"]:
        return tag("p", "Its rules in force were not read.", "readback warn")
    if not wrong:
        return tag("p", "✓ The kernel's rules equal the policy for all packets.", "readback good")
    items = joined(
        tag("li", joined((row["sentence"], " ", tag("code", row["rule"])) if row["rule"] else [row["sentence"]]))
        for row in wrong
    )
    number = counted(len(wrong), "difference")
    return Html(
        f'<div class="readback bad"><p>✕ The kernel\'s rules are not the policy: {number}.</p>\n<ul>{items}</ul></div>\n'
    )


def _listening(asked: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    """Yield ports that must be open, with who got there and what listens."""
    seen: dict[tuple[str, str], list[Row]] = {}
    for row in asked:
        for port in row["ports"] if row["expected"] == "open" else ():
            seen.setdefault((row["protocol"], port), []).append(row)
    alike: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for (protocol, port), rows in seen.items():
        reached = sum(map(_reached, rows))
        path = f"{'✓' if reached == len(rows) else '✕'} {reached:,} of {len(rows):,}"
        services = ", ".join(SERVICES[kind] for kind in SERVICES if any(row["service"] == kind for row in rows))
        alike.setdefault((protocol, path, services), []).append(port_ranges.parse_range(port))
    for (protocol, path, services), pairs in sorted(alike.items(), key=lambda each: (each[0][0], each[1])):
        yield f"{protocol} {', '.join(port_ranges.texts(pairs))}", path, services


def _reached(row: Row) -> bool:
    """Return whether the packets of a probe came to what listens, or would: a refusal comes from behind the rules."""
    return bool(row["ok"] or row["service"] in ("nothing", "service") or (row["where"] or {}).get("place") == "service")


def _rule(rule: Row) -> tuple[object, ...]:
    return (
        rule["direction"],
        f"{rule['protocol']} {', '.join(rule['ports'])}".strip(),
        joined(map(isolated, rule["peers"]), ", "),
        rule["reason"],
        ", ".join(rule["flows"]),
        rule["citation"],
    )
