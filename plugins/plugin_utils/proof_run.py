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
from .readback.model import Packet
from .readback.ruleset import Ruleset, ruleset
from .readback.trace import trace
from .windows import in_force, listened, matrix_ports, traced
from .windows import readback as windows
from .windows.in_force import InForce

OUR_TABLE = "inet portmatrix"
WINDOWS = "windows"


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
    on_windows = {
        host: _on_windows(host, found, policies[host])
        for host, found in _answers(answer_of, hosts, registered.in_force, "windows").items()
    }
    if any(not row["ok"] for rows in results.values() for row in rows):
        again = _answers(answer_of, hosts, registered.again, "results")
        counts = _answers(answer_of, hosts, registered.witnesses, "counts")
        witnesses = {host: {"counts": counted} for host, counted in counts.items()}
        rules = {host: policies[host]["rules"] for host in hosts}
        both: dict[str, Any] = {**read, **on_windows}
        results = located(results, Known(again, witnesses, both, rules), _traced)
    found = {
        **{host: compare.differences(read[host], *_bound(host, policies, bounds)) for host in read},
        **{host: windows.differences(on_windows[host], *_bound(host, policies, bounds)) for host in on_windows},
    }
    readback = {host: compare.only(rows, bounds[host].mode) for host, rows in found.items()}
    backends = {host: _backend(found) for host, found in read.items()}
    return Seen(results, readback, {**backends, **dict.fromkeys(on_windows, WINDOWS)})


def _bound(host: str, policies: Policies, bounds: Mapping[str, Bound]) -> tuple[Any, str]:
    return policies[host]["rules"], bounds[host].egress


def _on_windows(host: str, state: Any, policy: Mapping[str, Any]) -> InForce:
    """Return what is in force on a Windows host. One that its variables do not tell to be one has no list of the matrix's ports."""
    known = policy.get("listened")
    ports = matrix_ports.of_rules(policy["rules"]) if known is None else listened.parsed(known)
    try:
        return in_force.read(state, ports, policy["addresses"])
    except ValueError as error:
        raise ValueError(f"{host}: {error}") from error


def _traced(found: Any, packet: Packet) -> Mapping[str, str]:
    return traced.trace(found, packet) if isinstance(found, InForce) else trace(found, packet)


def _answers(answer_of: Callable[[str, str], Any], hosts: Collection[str], variable: str, key: str) -> dict[str, Any]:
    if not variable:
        return {}
    answers = {host: answer_of(host, variable) for host in hosts}
    return {host: answer[key] for host, answer in answers.items() if isinstance(answer, Mapping) and key in answer}


def _backend(found: Ruleset) -> str:
    """Return what holds the rules, as far as the rules themselves tell."""
    ours = any(table.name == OUR_TABLE for table in found.tables)
    return housekeeping.manager(found.tables) or ("nftables" if ours else "")
