# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit as text: for a terminal, and as files of variables and groups to be pasted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import yaml

from .audit_noise import MEANINGS

Report = Mapping[str, Any]
#: How many pairs or peers one line names.
MOST = 6
VARIABLE = "portmatrix_flows_audit"
NETWORKS = "portmatrix_networks_audit"
#: Stands where a person has to choose.
NO_NAME = "name_of_a_component"


def written(report: Report, form: str) -> str:
    """Return a report of `audit.evaluate` in the form of that name; raises ValueError for an unknown one."""
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}; allowed: {', '.join(FORMS)}")
    return FORMS[form](report)


def _text(report: Report) -> str:
    lines = [f"{len(report['flows'])} seen but not declared, {_count(report['unknown'], 'unknown peer')}"]
    for entry in report["flows"]:
        flow = entry["flow"]
        what = " ".join([*flow["protocol"], *([] if flow["port"] == "-" else [str(flow["port"])])])
        lines.append(f"  {_some(entry['pairs'])}: {what}, {_packets(entry)}{_in_brackets(entry['flags'])}")
    for stranger in report["unknown"]:
        lines.extend(f"  {_way(stranger['peer'], row)}" for row in stranger["seen"])
        perhaps = list(stranger["networks"]) or [entry["component"] for entry in stranger["candidates"]]
        lines.extend([f"    perhaps {_some(perhaps, ' or ')}"] if perhaps else [])
    for row in report["other"]:
        ends = (row["peer"], row["host"]) if row["direction"] == "in" else (row["host"], row["peer"])
        lines.append(f"  {' -> '.join(ends)}: protocol {row['protocol']}, {_packets(row)} [no flow can say it]")
    never = report["never_seen"]
    lines.append(f"{sum(map(len, never.values()))} declared but never seen")
    lines.extend(f"  {host}: {', '.join(flows)}" for host, flows in never.items())
    lines.extend(f"warning: {warning}" for warning in report["warnings"])
    return "\n".join(lines) + "\n"


def _flows(report: Report) -> str:
    lines = [
        "---",
        "# Seen in audit mode but not declared. Keep what is right, say what it is for, and put it into group_vars.",
        "# No flow here allows more than was seen.",
    ]
    if report["groups"]:
        lines.append("# Groups named audit_... are new: put audit_groups.yml into the inventory's directory.")
    lines.append(f"{VARIABLE}:" if report["flows"] else f"{VARIABLE}: []")
    for entry in report["flows"]:
        lines.append(f"  # {_some(entry['pairs'])}: {_packets(entry)}")
        lines.extend(f"  # perhaps noise: {MEANINGS[flag]}" for flag in entry["flags"])
        if entry["like"]:
            lines.append(f"  # {_some(entry['like'])} would allow it, between other components")
        lines.extend("  " + line for line in _yaml([entry["flow"]]))
    if report["unknown"]:
        lines += ["", "# Peers that are neither hosts of the inventory nor in a network of portmatrix_networks."]
        lines += [
            "# Add them to the inventory, or say what they are; a component brings all of its flows, so look at them first."
        ]
        lines += _strangers(report["unknown"])
    return "\n".join(lines) + "\n"


def _strangers(strangers: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    suggested: dict[str, list[str]] = {}
    for stranger in strangers:
        yield from (f"# {_way(stranger['peer'], row)}" for row in stranger["seen"])
        for candidate in stranger["candidates"][:MOST]:
            yield f"#   perhaps {candidate['component']}: {_some(candidate['flows'])}"
        if not all(row["flags"] for row in stranger["seen"]):
            suggested.setdefault(next(iter(stranger["networks"]), NO_NAME), []).append(stranger["peer"])
    if suggested:
        yield from ("# " + line for line in _yaml({NETWORKS: suggested}))


def _groups(report: Report) -> str:
    if not report["groups"]:
        return "---\n{}\n"
    lines = [
        "---",
        "# Groups of one host each, which flows of the audit name. A file for the inventory's directory, ahead of portmatrix.yml.",
    ]
    lines.extend(_yaml({group: {"hosts": {host: {}}} for group, host in report["groups"].items()}))
    return "\n".join(lines) + "\n"


def _json(report: Report) -> str:
    return json.dumps(report, indent=2, sort_keys=True) + "\n"


def _yaml(data: Any) -> list[str]:
    found: str = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=1000)
    return found.splitlines()


def _way(peer: str, row: Mapping[str, Any]) -> str:
    ends = (peer, row["host"]) if row["direction"] == "in" else (row["host"], peer)
    what = " ".join([row["protocol"], *([", ".join(row["ports"])] if row["ports"] else [])])
    return f"{' -> '.join(ends)}: {what}, {_packets(row)}{_in_brackets(row['flags'])}"


def _packets(entry: Mapping[str, Any]) -> str:
    return "1 packet" if entry["packets"] == 1 else f"{entry['packets']} packets"


def _count(things: Sequence[Any], what: str) -> str:
    return f"{len(things)} {what}" if len(things) == 1 else f"{len(things)} {what}s"


def _in_brackets(flags: Sequence[str]) -> str:
    return f" [{', '.join(flags)}]" if flags else ""


def _some(texts: Sequence[str], between: str = ", ") -> str:
    more = f" and {len(texts) - MOST} more" if len(texts) > MOST else ""
    return between.join(texts[:MOST]) + more


FORMS: Mapping[str, Callable[[Report], str]] = {"text": _text, "flows": _flows, "groups": _groups, "json": _json}
