# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From expectations to single probes, and from what was observed to result rows."""

from __future__ import annotations

import ipaddress
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils.port_ranges import HIGHEST, LOWEST
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_requests import LANGUAGES
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import checked_host

PROTOCOLS = ("tcp", "udp")
OBSERVATIONS = ("open", "refused", "filtered", "unreachable", "wrong_host", "error")

Probe = namedtuple("Probe", "to source address protocol port expected speaks", defaults=("",))
"""speaks: a name of `probe_requests.LANGUAGES`, or "" where none is declared."""


def plan(expectations):
    """Return the Probes (list) of ``expectations`` (list of dict), in their order, ports ascending.

    Raises ValueError that names every wrong key and what is allowed there.
    """
    probes = []
    problems = []
    for number, expectation in enumerate(expectations):
        wrong = list(_problems(expectation))
        problems.extend("expectations[%d].%s" % (number, problem) for problem in wrong)
        if not wrong:
            probes.extend(_probes(expectation))
    if problems:
        raise ValueError("; ".join(problems))
    return list(dict.fromkeys(probes))


def _problems(expectation):
    try:
        checked_host(expectation["to"], "to")
    except ValueError as error:
        yield str(error)
    versions = {}
    for key in ("source", "address"):
        try:
            address = ipaddress.ip_address(expectation[key])
        except ValueError:
            yield "%s: %r; allowed is an IPv4 or IPv6 address" % (key, expectation[key])
            continue
        versions[key] = address.version
        if address.is_unspecified or address.is_multicast or "%" in expectation[key]:
            yield "%s: %s; allowed is the address of one host" % (key, address)
    if len(set(versions.values())) > 1:
        yield "source: %(source)s; allowed is an address of the same family as %(address)s" % expectation
    if expectation["protocol"] not in PROTOCOLS:
        yield "protocol: %r; allowed are %s" % (expectation["protocol"], " and ".join(PROTOCOLS))
    for key in ("open", "shut"):
        for port in expectation[key]:
            if not LOWEST <= port <= HIGHEST:
                yield "%s: %s; allowed are ports from %d to %d" % (key, port, LOWEST, HIGHEST)
    both = sorted(set(expectation["open"]) & set(expectation["shut"]))
    if both:
        yield "shut: %s; allowed are ports that are not in open" % ", ".join(str(port) for port in both)
    known = LANGUAGES.get(expectation["protocol"], ())
    for port, language in sorted((expectation.get("speaks") or {}).items(), key=str):
        if not str(port).isdecimal() or not LOWEST <= int(port) <= HIGHEST:
            yield "speaks: %r; allowed are ports from %d to %d" % (port, LOWEST, HIGHEST)
        if language not in known:
            allowed = (port, language, expectation["protocol"], " and ".join(sorted(known)))
            yield "speaks[%s]: %r; allowed for %s: %s" % allowed


def _probes(expectation):
    ports = [(port, expected) for expected in ("open", "shut") for port in expectation[expected]]
    source = str(ipaddress.ip_address(expectation["source"]))
    address = str(ipaddress.ip_address(expectation["address"]))
    speaks = {int(port): language for port, language in (expectation.get("speaks") or {}).items()}
    for port, expected in sorted(ports):
        spoken = speaks.get(port, "")
        yield Probe(expectation["to"], source, address, expectation["protocol"], port, expected, spoken)


def is_ok(probe, observed):
    """Tell whether an observation is what was expected: a port that must be shut must not even refuse."""
    return observed == "open" if probe.expected == "open" else observed in ("filtered", "unreachable")


def worth_repeating(probe, observed):
    """Tell whether another try could change the answer: silence can be loss, an answer cannot."""
    return observed == "error" or (probe.expected == "open" and observed != "open")


def verified(probes, ask, retries):
    """Return results, differences, counts, probes and retried (dict) of a list of Probes.

    ``ask(probes)`` returns the Verdict of each (dict); what must be open and was not is asked ``retries`` times more.
    """
    verdicts = ask(probes)
    attempts = dict.fromkeys(probes, 1)
    for _retry in range(retries):
        again = [probe for probe in probes if worth_repeating(probe, verdicts[probe].observed)]
        if not again:
            break
        verdicts.update(ask(again))
        for probe in again:
            attempts[probe] += 1
    results = [row(probe, verdicts[probe], attempts[probe]) for probe in probes]
    return dict(
        results=results,
        differences=[each for each in results if not each["ok"]],
        counts=counts(results),
        probes=len(results),
        retried=sum(tries > 1 for tries in attempts.values()),
    )


def row(probe, verdict, attempts):
    """Return the result row (dict) of a Probe, its Verdict and how often it was tried."""
    return dict(
        to=probe.to,
        source=probe.source,
        address=probe.address,
        protocol=probe.protocol,
        port=probe.port,
        expected=probe.expected,
        observed=verdict.observed,
        ok=is_ok(probe, verdict.observed),
        service=verdict.service,
        attempts=attempts,
        detail=verdict.detail,
    )


def counts(rows):
    """Return how often each observation occurs in ``rows``."""
    observed = [each["observed"] for each in rows]
    return {name: observed.count(name) for name in OBSERVATIONS}
