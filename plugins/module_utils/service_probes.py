# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answered this host before a change must answer after it: the probes that stand between a change and its confirmation."""

from __future__ import annotations

import uuid

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import Probe, plan
from ansible_collections.vidnet.portmatrix.plugins.module_utils.prober import ProbeError, probe_all

_TIMEOUT = 1.0
_CONCURRENCY = 2048
_TRIES = 3
_REACHED = ("open", "refused", "wrong_host")
"""A refusal, too, came through the rules of both hosts."""


def answered(expectations):
    """Return the declared TCP targets (list of lists of texts and numbers) of ``expectations`` that answer now.

    Raises BackendError on wrong expectations, and when this host cannot probe.
    """
    declared = [dict(each, shut=[]) for each in expectations if each["protocol"] == "tcp"]
    try:
        return [list(probe) for probe in _reached(plan(declared))]
    except (ProbeError, ValueError) as error:
        raise BackendError("the probes cannot be made, so nothing was changed: %s" % error) from None


def silent(targets):
    """Return those of `answered`'s targets that do not answer any more, as texts ``host (address) tcp port``."""
    left = [Probe(*target) for target in targets]
    for _try in range(_TRIES):
        reached = set(_reached(left))
        left = [probe for probe in left if probe not in reached]
        if not left:
            break
    return ["%s (%s) tcp %d" % (probe.to, probe.address, probe.port) for probe in left]


def _reached(probes):
    verdicts = probe_all(probes, uuid.uuid4().hex, _TIMEOUT, _CONCURRENCY)
    return [probe for probe in probes if verdicts[probe].observed in _REACHED]
