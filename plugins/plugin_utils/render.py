# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as text: for nft, for a spreadsheet, for a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..module_utils import nft_script

Rules = Sequence[Mapping[str, Any]]
COLUMNS = ("host", "direction", "protocol", "ports", "peers", "reason", "flows")


def render(rules: Rules | Mapping[str, Any], form: str, egress: str = "allow") -> str:
    """Return the text of one host's rules, or of host -> rules (or policy), in the form of that name.

    Raises ValueError for an unknown form, for several hosts where the form holds one, and for rules that are none.
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}; allowed: {', '.join(FORMS)}")
    return FORMS[form](_by_host(rules), egress)


def _by_host(rules: Rules | Mapping[str, Any]) -> dict[str, Rules]:
    if isinstance(rules, Mapping):
        return {
            str(host): entry["rules"] if isinstance(entry, Mapping) else entry for host, entry in sorted(rules.items())
        }
    return {"": rules}


def _rows(hosts: Mapping[str, Rules]) -> list[list[str]]:
    """One row a rule; the column of hosts only where there are several."""
    head = list(COLUMNS) if list(hosts) != [""] else list(COLUMNS[1:])
    rows = [head]
    for host, rules in hosts.items():
        for rule in rules:
            values = {**rule, "host": host}
            rows.append(
                [", ".join(values[key]) if isinstance(values[key], (list, tuple)) else str(values[key]) for key in head]
            )
    return rows


def _nft(hosts: Mapping[str, Rules], egress: str) -> str:
    if len(hosts) != 1:
        raise ValueError("nft is the text of one host; allowed: a list of rules, or a mapping of one host")
    return nft_script.script(list(next(iter(hosts.values()))), egress)


def _csv(hosts: Mapping[str, Rules], egress: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_rows(hosts))
    return out.getvalue()


def _markdown(hosts: Mapping[str, Rules], egress: str) -> str:
    head, *rows = _rows(hosts)
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _json(hosts: Mapping[str, Rules], egress: str) -> str:
    plain = dict(hosts) if list(hosts) != [""] else list(hosts[""])
    return json.dumps(plain, indent=2, sort_keys=True) + "\n"


FORMS: Mapping[str, Callable[[Mapping[str, Rules], str], str]] = {
    "nft": _nft,
    "csv": _csv,
    "markdown": _markdown,
    "json": _json,
}
