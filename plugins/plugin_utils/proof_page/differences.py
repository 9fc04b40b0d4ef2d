# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences on the page of a proof: each with its place, its rule and what to do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ..report import counted
from .findings import Finding
from .markup import Column, Html, escaped, isolated, joined, more, section, table, tag
from .words import OBSERVED

#: Rows that a finding shows at once, and at all: the map and the JSON have every one.
SHOWN = 4
MOST = 200
PROBES = [Column(name) for name in ("From", "To", "Ports", "Must be", "Was", "Tried", "What was found")]
EVIDENCE = {
    "counter": "a counter that moved",
    "rules": "the rules that are in force",
    "answer": "the answer",
    "error": "the error",
}


def differences(found: Sequence[Finding]) -> Html:
    """Return the section; empty when there are none."""
    if not found:
        return Html("")
    cards = joined(_card(number, finding) for number, finding in enumerate(found, 1))
    return section("differences", "Differences", Html(f'<ol class="findings">\n{cards}</ol>\n'))


def _card(number: int, finding: Finding) -> Html:
    kind, symbol = (
        ("leak", "!") if finding.severe else ("unknown", "?") if finding.kind == "unknown" else ("missing", "✕")
    )
    source = "Rules in force" if finding.kind else "Probes"
    parts = [tag("p", finding.rows[0]["sentence"], "sentence")] if finding.kind else []
    parts.append(_facts(finding))
    if finding.kind:
        parts.append(_examples(finding.rows))
    elif len(finding.rows) > 1:
        parts.append(_probes(finding.rows))
    return Html(
        f'<li class="finding {kind}" id="finding-{number}">\n'
        f'<h3><span class="symbol" aria-hidden="true">{symbol}</span> {isolated(finding.title)} '
        f'<small class="tag">{source}</small></h3>\n{joined(parts)}</li>\n'
    )


def _facts(finding: Finding) -> Html:
    facts: list[tuple[str, object]] = [("Ports", "; ".join(finding.ports))]
    if finding.kind:
        peers = dict.fromkeys(peer for row in finding.rows for peer in row["peers"])
        facts.append(("Other side", _listed(list(peers))))
    else:
        facts.append(("From", _listed(list(dict.fromkeys(row["initiator"] for row in finding.rows)))))
        facts.append(("Found", _observed(finding.rows)))
    where = finding.rows[0].get("where")
    if where:
        example = "For example: " if len({row["where"]["sentence"] for row in finding.rows}) > 1 else ""
        known = f" Known by {EVIDENCE.get(where['evidence'], where['evidence'])}."
        facts.append(("Where", joined((example, where["sentence"], known))))
    if finding.rule:
        facts.append(("Rule", tag("code", finding.rule)))
    facts.append(("What to do", tag("b", finding.advice)))
    return Html(
        "<dl>\n" + "".join(f"<div><dt>{name}</dt><dd>{escaped(text)}</dd></div>\n" for name, text in facts) + "</dl>\n"
    )


def _observed(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Return what was expected and observed; the addresses too when there is only one row."""
    first = rows[0]
    ways = f" From {first['source']} to {first['address']}." if len(rows) == 1 else ""
    detail = f" {first['detail'].rstrip('.')}." if len(rows) == 1 and first["detail"] else ""
    return escaped(f"must be {first['expected']}, was {OBSERVED[first['observed']]}.{ways}{detail}")


def _listed(names: Sequence[str], most: int = 12) -> Html:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return joined((joined(map(isolated, names[:most]), ", "), rest))


def _probes(rows: Sequence[Mapping[str, Any]]) -> Html:
    shown = [
        (
            joined((isolated(row["initiator"]), tag("small", row["source"])), " "),
            joined((isolated(row["to"]), tag("small", row["address"])), " "),
            f"{row['protocol']} {', '.join(row['ports'])}",
            row["expected"],
            OBSERVED.get(row["observed"], row["observed"]),
            counted(row["attempts"], "time") if row["attempts"] else "",
            " ".join(filter(None, ((row["where"] or {}).get("sentence", ""), row["detail"]))),
        )
        for row in itertools.islice(rows, MOST)
    ]
    rest = f" The first {MOST} are here." if len(rows) > MOST else ""
    title = f"{counted(len(rows), 'result')}.{rest}"
    return more(title, table(PROBES, shown), open=len(rows) <= SHOWN)


def _examples(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Return the smallest packets that show it."""
    items = joined(
        tag("li", joined((f"{row['family']}, {row['state']}: ", tag("code", _packet(row["example"])))))
        for row in rows[:MOST]
    )
    return Html(f"<p>A packet that shows it:</p>\n<ul>{items}</ul>\n")


def _packet(packet: Mapping[str, Any]) -> str:
    def end(address: str, port: int) -> str:
        return f"{address} port {port}" if port else address

    source = end(packet["source"], packet["source_port"])
    return f"{packet['protocol']} from {source} to {end(packet['destination'], packet['port'])}"
