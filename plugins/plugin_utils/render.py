# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as text: for nft, for a spreadsheet, for a page."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..module_utils import nft_script
from . import report_forms, report_markdown
from .firewall_request import firewall_request
from .report import Report, Table, counted, only, table
from .site_matrix import site_matrix
from .windows import exports

Rules = Sequence[Mapping[str, Any]]
COLUMNS = ("host", "direction", "protocol", "ports", "peers", "reason", "flows")
FORMS = ("nft", "json", *exports.FORMS, *report_forms.FORMS)
TITLE = "Firewall rules"


def render(
    rules: Rules | Mapping[str, Any],
    form: str,
    egress: str = "allow",
    matrix: Mapping[str, Any] | None = None,
    hosts: Collection[str] | None = None,
    part: str | None = None,
    profiles: str = "leave",
) -> str:
    """Return the text of one host's rules, or of host -> rules (or policy), in the form of that name; xlsx and registry_pol in base64.

    With the data of a ``matrix`` a table is the resolved matrix of the site, of ``hosts`` or of all; ``part`` is the key of
    the one table wanted. Raises ValueError for an unknown form or part, for several hosts where the form holds one, and for
    rules that are none.
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}; allowed: {', '.join(FORMS)}")
    if form in report_forms.FORMS and matrix is not None:
        if not isinstance(rules, Mapping):
            raise ValueError("matrix: a list of rules has no hosts; allowed with a mapping of host to policy")
        return _written(site_matrix(_policies(rules), matrix, hosts), form, part)
    by_host = _by_host(rules)
    if hosts is not None:
        by_host = {host: entry for host, entry in by_host.items() if host in hosts}
    if form == "nft":
        return nft_script.script(list(_one(by_host, form)[1]), egress)
    if form in exports.FORMS:
        host, only_rules = _one(by_host, form)
        data = exports.export(only_rules, form, egress, profiles, host)
        return base64.b64encode(data).decode() if form == "registry_pol" else data.decode()
    if form == "json":
        return _json(by_host)
    rows = _table(by_host)
    if form == "markdown":
        return report_markdown.table_text(rows)
    return _written(Report(TITLE, f"{counted(len(rows.rows), 'rule')}.", [rows]), form, part)


def request(
    policies: Mapping[str, Any],
    form: str,
    matrix: Mapping[str, Any],
    hosts: Collection[str] | None = None,
    former: str | None = None,
    part: str | None = None,
) -> str:
    """Return a firewall change request in the form of that name; raises ValueError, as :func:`render` does."""
    if form not in report_forms.FORMS:
        raise ValueError(f"unknown form {form!r}; allowed: {', '.join(report_forms.FORMS)}")
    return _written(firewall_request(_policies(policies), matrix, hosts, former), form, part)


def _written(report: Report, form: str, part: str | None) -> str:
    data = report_forms.FORMS[form](report if part is None else only(report, part))
    return base64.b64encode(data).decode() if form == "xlsx" else data.decode()


def _policies(rules: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        str(host): entry if isinstance(entry, Mapping) else {"rules": entry} for host, entry in sorted(rules.items())
    }


def _by_host(rules: Rules | Mapping[str, Any]) -> dict[str, Rules]:
    if isinstance(rules, Mapping):
        return {host: policy["rules"] for host, policy in _policies(rules).items()}
    return {"": rules}


def _table(hosts: Mapping[str, Rules]) -> Table:
    """One row a rule; the column of hosts only where there are several."""
    head = COLUMNS if list(hosts) != [""] else COLUMNS[1:]
    rows = []
    for host, rules in hosts.items():
        for rule in rules:
            values = {**rule, "host": host}
            rows.append(
                [", ".join(values[key]) if isinstance(values[key], (list, tuple)) else str(values[key]) for key in head]
            )
    return table("rules", "Rules", head, rows)


def _one(hosts: Mapping[str, Rules], form: str) -> tuple[str, Rules]:
    if len(hosts) != 1:
        raise ValueError(f"{form} is the text of one host; allowed: a list of rules, or a mapping of one host")
    return next(iter(hosts.items()))


def _json(hosts: Mapping[str, Rules]) -> str:
    plain = dict(hosts) if list(hosts) != [""] else list(hosts[""])
    return json.dumps(plain, indent=2, sort_keys=True) + "\n"
