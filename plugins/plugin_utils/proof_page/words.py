# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that people read about a proof."""

from __future__ import annotations

import datetime
from typing import NamedTuple


class State(NamedTuple):
    """A host's state: a label, what is said of one such host and of several, and what it means."""

    symbol: str
    label: str
    said: tuple[str, str]
    meaning: str


STATES = {
    "proven": State("✓", "proven", ("is proven", "are proven"), "Asked from elsewhere, and its rules read back."),
    "not_reached": State(
        "?",
        "not reached",
        ("was not reached", "were not reached"),
        "Nothing could be asked from it, and its rules were not read.",
    ),
    "audit": State(
        "!",
        "audit only",
        ("only counts and lets everything in", "only count and let everything in"),
        "Its rules only report what they would drop.",
    ),
    "absent": State(
        "!", "without rules", ("has no rules", "have no rules"), "Its policy was taken off, so nothing is enforced."
    ),
    "unmanaged": State(
        "–",
        "not managed",
        ("is not managed", "are not managed"),
        "No firewall of its own that this collection manages; what it must accept was asked of it.",
    ),
}
OBSERVED = {
    "open": "open",
    "refused": "refused",
    "filtered": "no answer",
    "unreachable": "unreachable",
    "wrong_host": "another host answered",
    "error": "could not be asked",
}
SERVICES = {
    "responder": "temporary responder",
    "service": "a service listens",
    "nothing": "nothing listens",
    "": "not known",
}


def spaced(component: str) -> str:
    """Return a component's id with spaces, so that it may break into lines."""
    return component.replace("_", " ")


def moment(text: str) -> str:
    """Return ``2026-11-21T14:00:00Z`` as ``on 21 November 2026 at 14:00 UTC``; another text as it is."""
    try:
        found = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return text
    return f"on {found.day} {MONTHS[found.month - 1]} {found.year} at {found:%H:%M} UTC"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
