# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes from a Windows host: what its sockets have to try, and what it means that they saw this or that.

The host tries and tells; the same functions that judge on a Linux host judge here.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...module_utils.probe_answers import ANOTHER_SERVICE, heard
from ...module_utils.probe_errors import NO_ANSWER, Shortage, Verdict, from_errno
from ...module_utils.probe_plan import Probe, plan, verified
from ...module_utils.probe_requests import Question, question
from ...module_utils.probe_wire import WORD, checked_run, request
from ...module_utils.prober import ProbeError, checked_limits, spread

MODULE = "vidnet.portmatrix.win_port_probe"
#: Windows knocks three times, half a second apart, before it believes that a connection is refused.
LEAST_SECONDS = 3.0
MOST_ROUNDS = 8
REFUSED_DATAGRAM = Verdict(
    "refused", "port unreachable: nothing listens there, or the host's firewall rejects", "nothing"
)
TIME_EXCEEDED = Verdict("unreachable", "time exceeded on the way")

#: What .NET calls an error of Windows' sockets, and what Linux calls it.
ERRORS = {
    "AccessDenied": errno.EPERM,
    "AddressAlreadyInUse": errno.EADDRINUSE,
    "AddressNotAvailable": errno.EADDRNOTAVAIL,
    "ConnectionRefused": errno.ECONNREFUSED,
    "ConnectionReset": errno.ECONNRESET,
    "HostDown": getattr(errno, "EHOSTDOWN", errno.EHOSTUNREACH),
    "HostUnreachable": errno.EHOSTUNREACH,
    "NetworkDown": errno.ENETDOWN,
    "NetworkUnreachable": errno.ENETUNREACH,
    "NoBufferSpaceAvailable": errno.ENOBUFS,
    "TimedOut": errno.ETIMEDOUT,
    "TooManyOpenSockets": errno.EMFILE,
}
NOT_OURS = ("AddressNotAvailable", "AddressFamilyNotSupported")

Execute = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Runs MODULE with these arguments on the host, and returns its result."""


class ModuleFailed(Exception):
    """The module did not return what it was asked for; ``result`` is what it returned instead."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(result.get("msg", ""))
        self.result = dict(result)


def verify(
    execute: Execute,
    run: str,
    expectations: Sequence[Mapping[str, Any]],
    timeout: float,
    concurrency: int,
    retries: int,
) -> dict[str, Any]:
    """Return what module port_probe returns: results, differences, counts, probes, retried and seconds.

    ``timeout`` is in seconds, and LEAST_SECONDS where it is shorter. Raises ValueError for wrong input, ProbeError when the
    host cannot probe, and ModuleFailed.
    """
    checked_limits(timeout, concurrency, retries)
    checked_run(run)
    probes = plan(expectations)
    seconds = 0.0

    def timed(arguments: dict[str, Any]) -> Mapping[str, Any]:
        nonlocal seconds
        result = execute(arguments)
        seconds += result.get("seconds", 0.0)
        return result

    patience = max(timeout, LEAST_SECONDS)
    found = verified(probes, lambda some: probe_all(timed, some, run, patience, concurrency), retries)
    return {**found, "seconds": round(seconds, 3)}


def probe_all(
    execute: Execute, probes: Iterable[Probe], run: str, timeout: float, concurrency: int
) -> dict[Probe, Verdict]:
    """Return the Verdict of every Probe; raises ProbeError when the host runs out of sockets, and ModuleFailed."""
    waiting = spread(list(probes))
    found: dict[Probe, Verdict] = {}
    for _round in range(MOST_ROUNDS):
        if not waiting:
            return found
        questions = [question(probe) for probe in waiting]
        observations = _observed(execute(_arguments(waiting, questions, run, timeout, concurrency)), len(waiting))
        short: dict[Probe, int] = {}
        for probe, asked, observation in zip(waiting, questions, observations):
            try:
                found[probe] = verdict(probe, asked, observation, run)
            except Shortage as shortage:
                short[probe] = shortage.args[0]
        waiting = list(short)
        concurrency = max(1, concurrency // 2)
    if not waiting:
        return found
    raise ProbeError(f"cannot probe from {waiting[0].source}: {os.strerror(short[waiting[0]])}")


def _arguments(
    probes: Sequence[Probe], questions: Sequence[Question | None], run: str, timeout: float, concurrency: int
) -> dict[str, Any]:
    return {
        "targets": [target(probe, asked) for probe, asked in zip(probes, questions)],
        "request": text(request(run)),
        "word": WORD,
        "milliseconds": round(timeout * 1000),
        "concurrency": concurrency,
    }


def target(probe: Probe, asked: Question | None) -> dict[str, Any]:
    """Return one of the module's ``targets``."""
    place = {"source": probe.source, "address": probe.address, "protocol": probe.protocol, "port": probe.port}
    return {**place, "question": text(asked.data), "at_once": asked.at_once} if asked else place


def text(data: bytes) -> str:
    """Return bytes as they travel in an argument of a module (Base64)."""
    return base64.b64encode(data).decode("ascii")


def _observed(result: Mapping[str, Any], number: int) -> list[Mapping[str, Any]]:
    observations = result.get("observations")
    if result.get("failed") or not isinstance(observations, list) or len(observations) != number:
        raise ModuleFailed({"msg": f"{MODULE} did not tell what became of {number} probes", **result, "failed": True})
    return observations


def verdict(probe: Probe, asked: Question | None, observation: Mapping[str, Any], run: str) -> Verdict:
    """Return what an observation (stage, error and answers) means; raises Shortage, ProbeError and ModuleFailed."""
    stage, error = observation["stage"], observation["error"]
    if stage == "bind" and error in NOT_OURS:
        raise ProbeError(f"expectations: source {probe.source}; allowed is an address of this host")
    answers = [_bytes(answer) for answer in observation["answers"]]
    if probe.protocol == "tcp":
        return _connected(answers, probe, asked, run) if stage == "read" else _failed(error, probe)
    return _answered(answers, error, probe, asked, run)


def _bytes(answer: str) -> bytes:
    try:
        return base64.b64decode(answer, validate=True)
    except (binascii.Error, ValueError) as trouble:
        raise ModuleFailed({"failed": True, "msg": f"{MODULE} sent what is no Base64: {answer!r}"}) from trouble


def _failed(error: str, probe: Probe) -> Verdict:
    """Return the Verdict for an error by its name in .NET, or for none; raises Shortage."""
    if not error:
        return NO_ANSWER
    if error == "NetworkReset":
        return TIME_EXCEEDED
    if probe.protocol == "udp" and error in ("ConnectionRefused", "ConnectionReset"):
        return REFUSED_DATAGRAM
    code = ERRORS.get(error)
    return Verdict("error", error) if code is None else from_errno(code)


def _connected(answers: Sequence[bytes], probe: Probe, asked: Question | None, run: str) -> Verdict:
    """Return the Verdict for a connection that was made, whatever became of it."""
    data = b"".join(answers)
    return heard(data, probe, run, asked) if data else ANOTHER_SERVICE


def _answered(answers: Sequence[bytes], error: str, probe: Probe, asked: Question | None, run: str) -> Verdict:
    """Return the Verdict for datagrams: the first that is understood counts."""
    verdicts = [heard(data, probe, run, asked) for data in answers]
    understood = [each for each in verdicts if each is not ANOTHER_SERVICE]
    if understood:
        return understood[0]
    return ANOTHER_SERVICE if verdicts else _failed(error, probe)
