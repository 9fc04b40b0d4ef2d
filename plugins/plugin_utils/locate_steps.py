# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a request and its answer in steps, each of which packets pass or do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Step(NamedTuple):
    """``place`` is where packets are lost that came past the step before and not past this one.

    They are counted at ``point`` of ``side`` (request or answer) on the ``host`` (initiator or listener), which they pass
    in ``direction``; this is empty where no rule of the host stands before the point.
    """

    place: str
    host: str
    side: str
    point: str
    direction: str


STEPS = (
    Step("not_sent", "initiator", "request", "sent", ""),
    Step("initiator", "initiator", "request", "left", "out"),
    Step("way", "listener", "request", "arrived", ""),
    Step("listener", "listener", "request", "taken", "in"),
    Step("service", "listener", "answer", "sent", ""),
    Step("reply", "listener", "answer", "left", "out"),
    Step("reply", "initiator", "answer", "arrived", ""),
    Step("reply", "initiator", "answer", "taken", "in"),
)
REQUEST = STEPS[:4]

Count = Mapping[str, Any]
"""What packet_witness counted of a flow on a host."""


def passed(step: Step, counts: Mapping[str, Count | None]) -> bool | None:
    """Return whether packets came past a step, None where nothing was counted. ``counts``: initiator and listener -> count."""
    count = counts.get(step.host)
    return None if count is None else count[step.side][step.point] > 0


def suspects(counts: Mapping[str, Count | None], steps: Sequence[Step] = STEPS) -> list[Step]:
    """Return the steps that the first loss may be in.

    That is one where packets were counted on both sides of it, all where nothing was counted, and none where nothing was lost.
    """
    found: list[Step] = []
    for step in steps:
        came = passed(step, counts)
        found = [] if came else [*found, step]
        if came is False:
            break
    return found
