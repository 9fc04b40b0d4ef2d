# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The responder of a Windows host: a module under Ansible's async that listens, as a process of ours would on Linux."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...module_utils.probe_wire import REQUEST_SIZE, WORD, checked_host, checked_run, greeting
from ...module_utils.responder import Endpoint, ResponderError, endpoints
from ...module_utils.responder_process import record_name
from ...module_utils.timers import checked_seconds
from .probing import NOT_OURS, ModuleFailed, text

MODULE = "vidnet.portmatrix.win_port_listen"
START_SECONDS = 60
"""How long the host may take to start a PowerShell that listens."""
END_SECONDS = 15
LATE = 60
"""Seconds beyond its own time limit after which Ansible ends it."""
#: A port held with an exclusive claim, or reserved by Windows for a service, is refused by name of the right to it.
_OCCUPIED = ("AddressAlreadyInUse", "AccessDenied")

Execute = Callable[[dict[str, Any], int], Mapping[str, Any]]
"""Runs MODULE with these arguments and returns its result; under Ansible's async for so many seconds when these are not 0."""


def ensured(execute: Execute, asked: Mapping[str, Any], check: bool = False) -> dict[str, Any]:
    """Return what module port_listen returns for its options: changed, listening, occupied and pid.

    Raises ValueError for wrong input, ResponderError when the host cannot listen, and ModuleFailed.
    """
    run, host = checked_run(asked["run"]), checked_host(asked["host"])
    if asked["state"] == "stopped":
        return _result(_stopped(execute, run, host, check))
    seconds = checked_seconds(asked["seconds"])
    wanted = endpoints(asked["rules"] or [], asked["addresses"] or [])
    if not wanted:
        _stopped(execute, run, host, check)
        return _result(False)
    serves = fingerprint(wanted)
    name = record_name(run, host)
    if check:
        same = _serves(_record(_done(execute({"operation": "look", "name": name, "serves": serves}, 0))), serves)
        return _result(not same, wanted)
    return _started(execute, run, host, wanted, serves, seconds)


def fingerprint(wanted: Sequence[Endpoint]) -> str:
    """Return a text that is the same for the same Endpoints only."""
    return hashlib.sha256(json.dumps([list(each) for each in wanted]).encode("utf-8")).hexdigest()[:32]


def arguments(run: str, host: str, wanted: Sequence[Endpoint]) -> dict[str, Any]:
    """Return what the host has to know to answer as every responder does."""
    return {
        "endpoints": [
            # the address of the prober is what only the host can add
            {**each._asdict(), "greeting": text(greeting(run, host, each.address, each.port, "").rstrip(b"\n"))}
            for each in wanted
        ],
        "request": text(f"{WORD} {run} ".encode("ascii")),
        "request_size": REQUEST_SIZE,
    }


def _started(
    execute: Execute, run: str, host: str, wanted: Sequence[Endpoint], serves: str, seconds: int
) -> dict[str, Any]:
    name = record_name(run, host)
    start = secrets.token_hex(8)
    names = {"name": name, "serves": serves, "start": start}
    job = _done(
        execute({"operation": "serve", **names, **arguments(run, host, wanted), "seconds": seconds}, seconds + LATE)
    ).get("results_file", "")
    look = _done(execute({"operation": "look", **names, "job": job, "wait_seconds": START_SECONDS}, 0))
    record = _record(look)
    if not _serves(record, serves):
        raise ResponderError(f"the responder did not start: {_reason(look) or f'nothing within {START_SECONDS} s'}")
    listening, occupied, problems = _split(wanted, record)
    if problems or not listening:
        _stopped(execute, run, host, False)
    if problems:
        raise ResponderError("; ".join(problems))
    if not listening:
        return _result(False, (), occupied)
    return _result(record["start"] == start, listening, occupied, record["pid"])


def _split(wanted: Sequence[Endpoint], record: Mapping[str, Any]) -> tuple[list[Endpoint], list[Endpoint], list[str]]:
    """Return where the responder listens, where something else does, and what keeps it from listening elsewhere."""
    reasons = {each["number"]: each["reason"] for each in record["refused"]}
    listening = [each for number, each in enumerate(wanted) if number not in reasons]
    occupied = [wanted[number] for number, reason in sorted(reasons.items()) if reason in _OCCUPIED]
    problems = [
        _refusal(wanted[number], reason) for number, reason in sorted(reasons.items()) if reason not in _OCCUPIED
    ]
    return listening, occupied, list(dict.fromkeys(problems))


def _refusal(endpoint: Endpoint, reason: str) -> str:
    if reason in NOT_OURS:
        return f"addresses: {endpoint.address}; allowed is an address of this host"
    return f"cannot listen on {endpoint.address} {endpoint.protocol} {endpoint.port}: {reason}"


def _stopped(execute: Execute, run: str, host: str, check: bool) -> bool:
    """End the responder; return whether there was one."""
    name = record_name(run, host)
    if check:
        return bool(_record(_done(execute({"operation": "look", "name": name}, 0))))
    result = _done(execute({"operation": "stop", "name": name, "wait_seconds": END_SECONDS}, 0))
    return bool(result.get("was_running"))


def _done(result: Mapping[str, Any]) -> Mapping[str, Any]:
    if result.get("failed") or result.get("unreachable"):
        raise ModuleFailed(result)
    return result


def _record(look: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a responder that runs, empty where none does."""
    return json.loads(look["record"]) if look["record"] else {}


def _serves(record: Mapping[str, Any], serves: str) -> bool:
    return record.get("serves") == serves


def _reason(look: Mapping[str, Any]) -> str:
    """Return what Ansible's note of the job says why it ended, empty where it has not."""
    try:
        return (
            str(json.loads(look["job"].lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")).get("msg", "")) if look["job"] else ""
        )
    except ValueError:
        return str(look["job"])


def _result(
    changed: bool, listening: Sequence[Endpoint] = (), occupied: Sequence[Endpoint] = (), pid: int | None = None
) -> dict[str, Any]:
    return {
        "changed": changed,
        "listening": [dict(each._asdict()) for each in listening],
        "occupied": [dict(each._asdict()) for each in occupied],
        "pid": pid,
    }
