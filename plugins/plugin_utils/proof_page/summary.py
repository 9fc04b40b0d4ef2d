# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of the page of a proof: what it says in words, its figures, and who is not part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..report import counted
from .markup import Html, escaped, isolated, joined, tag
from .words import STATES, moment

#: States of hosts by which a proof is not complete. An unmanaged host has no rules that could be proven.
INCOMPLETE = ("not_reached", "audit", "absent")


class Verdict(NamedTuple):
    """``kind`` is a class of the page's style: good, warn or bad."""

    kind: str
    symbol: str
    words: str
    details: tuple[str, ...]


def verdict(proof: Mapping[str, Any], groups: int = 0) -> Verdict:
    """Return what the proof says; ``groups``: into how many findings its differences fall."""
    summary = proof["summary"]
    differences = summary["differences"] + summary["readback_differences"]
    gaps = tuple(_gaps(proof))
    if differences:
        found = []
        if summary["differences"]:
            found.append(f"{summary['differences']:,} of {counted(summary['probes'], 'probe')}")
        if summary["readback_differences"]:
            found.append(f"{summary['readback_differences']:,} in the rules that are in force")
        details = " and ".join(found)
        details += (
            f". They are in {counted(groups, 'group')} below, one for each place and rule." if groups > 1 else "."
        )
        return Verdict("bad", "✕", counted(differences, "difference"), (details, *gaps))
    if not summary["probes"]:
        return Verdict("warn", "?", "Nothing was asked", ("No host was reached, or nothing is declared.", *gaps))
    asked = f"{counted(summary['probes'], 'probe')} found what is declared, and no more."
    if summary["read_back"]:
        hosts = "1 host equal" if summary["read_back"] == 1 else f"{summary['read_back']:,} hosts equal"
        asked += f" The rules in force on {hosts} the policy for all packets."
    if gaps:
        return Verdict("warn", "!", "No difference, but the proof is not complete", (asked, *gaps))
    return Verdict("good", "✓", "Everything is as declared", (asked,))


def head(proof: Mapping[str, Any], groups: int) -> Html:
    """Return the page's title, verdict and figures."""
    found = verdict(proof, groups)
    words = Html(f'<span class="symbol" aria-hidden="true">{found.symbol}</span> {escaped(found.words)}')
    run = joined((" Run ", isolated(proof["run"]), ".")) if proof["run"] else Html("")
    made = joined(("Proven ", moment(proof["made"]), f" in {proof['seconds']:,.1f} s.", run))
    details = joined(tag("p", each) for each in found.details)
    return Html(
        f'<header id="summary">\n<h1>{isolated(proof["title"])}</h1>\n<p class="made">{made}</p>\n'
        f'<div class="verdict {found.kind}">\n<p class="words">{words}</p>\n{details}</div>\n'
        f"{_figures(proof)}{_unproven(proof['hosts'])}</header>\n"
    )


def _gaps(proof: Mapping[str, Any]) -> Sequence[str]:
    found = []
    for state in INCOMPLETE:
        number = sum(host["state"] == state for host in proof["hosts"])
        if number:
            found.append(f"{counted(number, 'host')} {STATES[state].said[number > 1]}")
    number = proof["summary"]["unresolved"]
    if number:
        found.append(f"{counted(number, 'flow')} {'is' if number == 1 else 'are'} not resolved")
    return [f"The proof is not complete: {'; '.join(found)}."] if found else []


def _figures(proof: Mapping[str, Any]) -> Html:
    summary = proof["summary"]
    answers = {
        kind: sum(host["services"].get(kind, 0) for host in proof["hosts"])
        for kind in ("responder", "service", "nothing")
    }
    again = f"{summary['retried']:,} asked again" if summary["retried"] else "none asked again"
    figures = (
        ("Hosts proven", f"{summary['proven_hosts']:,}", f"of {summary['hosts']:,}"),
        ("Probes", f"{summary['probes']:,}", again),
        ("Probes that differ", f"{summary['differences']:,}", "asked from host to host"),
        (
            "Rules that differ",
            f"{summary['readback_differences']:,}",
            f"read on {counted(summary['read_back'], 'host')}",
        ),
        ("Unresolved flows", f"{summary['unresolved']:,}", "need a setting first"),
        ("Services that listen", f"{answers['service']:,}", f"and {answers['responder']:,} temporary responders"),
        ("Nothing listens", f"{answers['nothing']:,}", "though the path is open"),
    )
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{number}{f' <small>{note}</small>' if note else ''}</dd></div>\n"
        for name, number, note in figures
    )
    return Html(f'<dl class="figures">\n{cells}</dl>\n')


def _unproven(hosts: Sequence[Mapping[str, Any]]) -> Html:
    """Return who is not proven, and why."""
    parts = []
    for state, words in STATES.items():
        names = [host["name"] for host in hosts if host["state"] == state]
        if names and state != "proven":
            shown = joined(map(isolated, names[:20]), ", ")
            rest = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
            parts.append(
                f"<li><b>{escaped(words.label)}</b> ({len(names):,}): {shown}{rest}. {escaped(words.meaning)}</li>\n"
            )
    return Html(f'<ul class="states" aria-label="Hosts that are not proven">\n{"".join(parts)}</ul>\n' if parts else "")
