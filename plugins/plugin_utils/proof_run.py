# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has left in the variables of its hosts, put together: what packets saw, where differences arise, and what is in force."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from .locate import Known, located
from .proof import Policies, Seen
from .readback import compare, housekeeping
from .readback.ruleset import Ruleset, ruleset

OUR_TABLE = "inet portmatrix"


class Registered(NamedTuple):
    """The names under which hosts have registered results: of port_probe, of the second one where something differed, of
    packet_witness meanwhile, and of policy_readback. "" where that was not done."""

    results: str
    again: str = ""
    witnesses: str = ""
    in_force: str = ""


class Bound(NamedTuple):
    """What the rules of a host are bound to be: ``egress`` is allow or enforce, ``mode`` enforce or audit."""

    egress: str
    mode: str


def seen(
    registered: Registered,
    answer_of: Callable[[str, str], Any],
    policies: Policies,
    bounds: Mapping[str, Bound],
) -> Seen:
    """Return what was seen on the hosts of ``bounds``; ``answer_of`` gives what a host has registered under a name, in plain data.

    Raises ValueError for what no module of this collection can have returned.
    """
    hosts = list(bounds)
    results = _answers(answer_of, hosts, registered.results, "results")
    read = {
        host: ruleset(found, policies[host]["addresses"])
        for host, found in _answers(answer_of, hosts, registered.in_force, "ruleset").items()
    }
    if any(not row["ok"] for rows in results.values() for row in rows):
        again = _answers(answer_of, hosts, registered.again, "results")
        counts = _answers(answer_of, hosts, registered.witnesses, "counts")
        witnesses = {host: {"counts": counted} for host, counted in counts.items()}
        rules = {host: policies[host]["rules"] for host in hosts}
        results = located(results, Known(again, witnesses, read, rules))
    readback = {
        host: compare.only(compare.differences(found, policies[host]["rules"], bounds[host].egress), bounds[host].mode)
        for host, found in read.items()
    }
    return Seen(results, readback, {host: _backend(found) for host, found in read.items()})


def _answers(answer_of: Callable[[str, str], Any], hosts: Collection[str], variable: str, key: str) -> dict[str, Any]:
    if not variable:
        return {}
    answers = {host: answer_of(host, variable) for host in hosts}
    return {host: answer[key] for host, answer in answers.items() if isinstance(answer, Mapping) and key in answer}


def _backend(found: Ruleset) -> str:
    """Return what holds the rules, as far as the rules themselves tell."""
    ours = any(table.name == OUR_TABLE for table in found.tables)
    return housekeeping.manager(found.tables) or ("nftables" if ours else "")
