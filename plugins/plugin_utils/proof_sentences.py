# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences of a proof in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .report import counted
from .truth_table import Result, sentence


def difference(row: Mapping[str, Any]) -> str:
    """Return ``sc1 -> rs1 10.0.0.5 tcp 7563: must be open, was filtered`` for a row of results."""
    result = Result(**{name: row[name] for name in Result._fields if name != "port"}, port=0)
    return sentence(result, ", ".join(row["ports"]))


def located(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the difference of a row arises, and the rule that decides, as far as that is known."""
    if row["where"]:
        yield from _with_rule(row["where"])


def in_force(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a difference of the read-back, and the rule that decides."""
    for number, line in enumerate(_with_rule(found)):
        yield line if number or line.startswith(found["host"]) else f"{found['host']}: {line}"


def gap(found: Mapping[str, Any]) -> str:
    """Return what is not resolved, and what to set."""
    return f"{found['reason']}; set {found['set']}"


def summary(figures: Mapping[str, int]) -> list[str]:
    """Return the figures of a proof, one sentence each."""
    if figures["read_back"]:
        compared = counted(figures["readback_differences"], "difference")
        read_back = f"rules in force read on {counted(figures['read_back'], 'host')}: {compared} to the declared ones"
    else:
        read_back = "rules in force were not read"
    again = f", {figures['retried']:,} asked again" if figures["retried"] else ""
    return [
        f"{figures['proven_hosts']:,} of {counted(figures['hosts'], 'host')} proven",
        f"{counted(figures['probes'], 'probe')}, {counted(figures['differences'], 'difference')}{again}",
        read_back,
        counted(figures["unresolved"], "unresolved flow"),
    ]


def _with_rule(found: Mapping[str, Any]) -> Iterator[str]:
    yield found["sentence"] or f"{found.get('place', found.get('kind'))}"
    if found["rule"] and found["rule"] not in found["sentence"]:
        yield f"rule: {found['rule']}"
