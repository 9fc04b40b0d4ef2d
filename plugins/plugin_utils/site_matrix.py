# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolved matrix of a site: every host's rules with the names of their peers and the rows that they come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .citations import Citations
from .peer_names import PeerNames
from .report import Report, Table, counted, table

TITLE = "Resolved port matrix"
RULES = ("host", "direction", "protocol", "ports", "peers", "flows", "reason", "citation")
UNRESOLVED = ("host", "flow", "reason", "set", "citation")
DOCUMENTS = ("document", "address")

Policies = Mapping[str, Mapping[str, Any]]


def site_matrix(policies: Policies, matrix: Mapping[str, Any], hosts: Collection[str] | None = None) -> Report:
    """Return the report for host -> policy and the data of the lookup ``matrix``.

    ``policies`` are those of the whole site, so that peers have names; ``hosts`` says whose rules to show (None: everyone's).
    A policy may also have ``site`` and ``networks`` (component -> networks), which give peers better names.
    """
    citations = Citations(matrix)
    names = PeerNames(policies, matrix)
    chosen = [host for host in sorted(policies) if hosts is None or host in hosts]
    rules = [_rule(host, rule, names, citations) for host in chosen for rule in policies[host]["rules"]]
    gaps = unresolved(policies, citations, chosen)
    flows = {flow for host in chosen for rule in policies[host]["rules"] for flow in rule["flows"]}
    flows.update(gap["flow"] for host in chosen for gap in policies[host].get("unresolved", ()))
    summary = f"{counted(len(chosen), 'host')}, {counted(len(rules), 'rule')}, {counted(len(gaps), 'unresolved flow')}."
    return Report(
        TITLE,
        summary,
        [
            table("rules", "Rules", RULES, rules),
            table("unresolved", "Unresolved", UNRESOLVED, gaps),
            documents(citations, flows),
        ],
    )


def unresolved(policies: Policies, citations: Citations, hosts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rows for what could not be turned into rules."""
    return [
        (host, gap["flow"], gap["reason"], gap["set"], citations.text([gap["flow"]]))
        for host in hosts
        for gap in policies[host].get("unresolved", ())
    ]


def documents(citations: Citations, flows: Collection[str]) -> Table:
    """Return the table of the documents that the flows cite."""
    cited = [citations.documents[name] for name in citations.cited(flows)]
    return table("documents", "Documents", DOCUMENTS, [(each["title"], each.get("url", "")) for each in cited])


def _rule(host: str, rule: Mapping[str, Any], names: PeerNames, citations: Citations) -> tuple[str, ...]:
    return (
        host,
        rule["direction"],
        rule["protocol"],
        ", ".join(rule["ports"]),
        ", ".join(party.text for party in names.peers(host, rule)),
        ", ".join(rule["flows"]),
        rule["reason"],
        citations.text(rule["flows"]),
    )
