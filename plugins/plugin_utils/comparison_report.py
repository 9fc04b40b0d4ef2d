# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A comparison of two revisions of a document as text for a terminal, Markdown for a change request, and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

MOST_MOVED = 10
_MARKS = re.compile(r"([\\`*_<>|\[\]])")
_HEADINGS = {"added": "New rows", "removed": "Rows that are gone", "changed": "Rows that have changed"}
_RULE_HEAD = ("host", "change", "direction", "protocol", "ports", "peers", "reason")


def render(comparison: Mapping[str, Any], form: str) -> str:
    """Return the report in the form of that name: text, markdown or json."""
    return FORMS[form](comparison)


def summary(comparison: Mapping[str, Any]) -> str:
    """Return the figures in words."""
    counts = comparison["counts"]
    parts = [f"{counts[name]} {name}" for name in ("added", "removed", "changed", "moved", "unchanged")]
    hosts = sum(bool(entry["rules_added"] or entry["rules_removed"]) for entry in comparison["hosts"].values())
    told = f"The rules of {hosts} host{'s' * (hosts != 1)} would change." if hosts else "No host's rules would change."
    return f"Rows: {', '.join(parts)}. {told}"


def _json(comparison: Mapping[str, Any]) -> str:
    return json.dumps(comparison, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _text(comparison: Mapping[str, Any]) -> str:
    lines = [f"{comparison['old']} -> {comparison['new']}", summary(comparison)]
    for heading, rows in _sections(comparison):
        lines += ["", f"{heading}:"]
        for row in rows:
            lines.append(f"  {_place(row)}: {_what(row)}")
            lines += [f"      {line}" for line in _details(row)]
    for heading, found in (("Rows with another number or title", _moved(comparison)), ("Flows", _flows(comparison))):
        lines += ["", f"{heading}:", *(f"  {line}" for line in found)] if found else []
    for host, entry in comparison["hosts"].items():
        lines += ["", f"{host}:"]
        lines += [f"  {sign} {_rule(rule)}" for sign, rule in _rules(entry)]
        lines += [f"  ? {gap['flow']}: {gap['reason']}; set {gap['set']}" for gap in entry["unresolved_added"]]
    return "\n".join(lines) + "\n"


def _markdown(comparison: Mapping[str, Any]) -> str:
    lines = [f"# {_safe(comparison['old'])} → {_safe(comparison['new'])}", "", summary(comparison)]
    for heading, rows in _sections(comparison):
        cells = [(_place(row), _what(row), "; ".join(_details(row))) for row in rows]
        lines += ["", f"## {heading}", "", *_table(("row", "what it says", "what follows"), cells)]
    for heading, found in (("Rows with another number or title", _moved(comparison)), ("Flows", _flows(comparison))):
        lines += ["", f"## {heading}", "", *(f"* {_safe(line)}" for line in found)] if found else []
    hosts = comparison["hosts"].items()
    rules = [_rule_row(host, sign, rule) for host, entry in hosts for sign, rule in _rules(entry)]
    if rules:
        lines += ["", "## Rules of hosts", "", *_table(_RULE_HEAD, rules)]
    gaps = [
        (host, gap["flow"], gap["reason"], gap["set"]) for host, entry in hosts for gap in entry["unresolved_added"]
    ]
    if gaps:
        lines += ["", "## To be decided", "", *_table(("host", "flow", "why", "what to set"), gaps)]
    return "\n".join(lines) + "\n"


def _sections(comparison: Mapping[str, Any]) -> Iterable[tuple[str, list[Mapping[str, Any]]]]:
    """Yield each kind of change that there is, with its rows."""
    for change, heading in _HEADINGS.items():
        rows = [row for row in comparison["rows"] if row["change"] == change]
        if rows:
            yield heading, rows


def _place(row: Mapping[str, Any]) -> str:
    item = row["new"] or row["old"]
    place = f"table {item['table']}, row {item['row']}" if item["row"] else item["position"] or "text"
    return f"{place} ({item['title']})" if item["title"] else place


def _what(row: Mapping[str, Any]) -> str:
    item = row["new"] or row["old"]
    ports = " ".join(part for part in (item.get("protocols", ""), item.get("ports", "")) if part)
    return ": ".join(part for part in (item.get("description", "").rstrip("."), ports) if part)


def _details(row: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{fact} were {was['old'] or 'none'}" if fact.endswith("s") else f"{fact} was {was['old'] or 'empty'}"
        for fact, was in row["differences"].items()
    ]
    lines += [f"flow {flow}" for flow in row["flows"]]
    return lines + [f"proposed flow {flow}" for flow in row.get("proposed", [])]


def _moved(comparison: Mapping[str, Any]) -> list[str]:
    rows = [row for row in comparison["rows"] if row["change"] == "moved"]
    lines = [f"{_place({'new': row['old']})} is now {_place(row)}" for row in rows[:MOST_MOVED]]
    return lines + [f"and {len(rows) - MOST_MOVED} more"] * (len(rows) > MOST_MOVED)


def _flows(comparison: Mapping[str, Any]) -> list[str]:
    flows = comparison["flows"]
    lines = [f"{flow}: {what}" for flow, what in flows["changed"].items()]
    lines += [f"{flow}: nothing that it cites is left" for flow in flows["removed"]]
    lines += [f"{flow}: {why}" for flow, why in flows["open"].items()]
    for flow in flows["proposed"]:
        ends = " -> ".join(" or ".join(flow[end]) for end in ("from", "to"))
        lines.append(f"{flow['id']}: proposed, {ends}, {'+'.join(flow['protocol'])} {flow['port']}")
    return lines


def _rules(entry: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield every rule that goes or comes, with its sign."""
    yield from (("-", rule) for rule in entry["rules_removed"])
    yield from (("+", rule) for rule in entry["rules_added"])


def _rule(rule: Mapping[str, Any]) -> str:
    peers = ("from " if rule["direction"] == "in" else "to ") + ", ".join(rule["peers"])
    return " ".join(part for part in (rule["direction"], rule["protocol"], ", ".join(rule["ports"]), peers) if part)


def _rule_row(host: str, sign: str, rule: Mapping[str, Any]) -> tuple[str, ...]:
    ports, peers = (", ".join(rule[key]) for key in ("ports", "peers"))
    change = {"+": "add", "-": "remove"}[sign]
    return host, change, rule["direction"], rule["protocol"], ports, peers, rule["reason"]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([_safe(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _safe(text: str) -> str:
    """Return a text in which nothing is Markdown or HTML."""
    return _MARKS.sub(r"\\\1", " ".join(str(text).split()))


FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"text": _text, "markdown": _markdown, "json": _json}
