# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of a Windows host that waits to be confirmed: whose it is, and whether its time is over."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

#: Seconds that the clocks of host and controller may differ; a task that has not come by then will not.
TOLERANCE = 60


def whose(pending: Mapping[str, Any]) -> str:
    """Return the beginning of a sentence: who waits, and until when where that is known."""
    if not pending.get("until"):
        return "another run changes this host at this moment"
    return f"a change by {pending.get('by') or 'another run'} waits to be confirmed until {pending['until']}"


def overdue(pending: Mapping[str, Any], now: float) -> bool:
    """Return whether the task that was to take the change back did not come; ``now``: seconds since 1970."""
    try:
        until = datetime.datetime.fromisoformat(str(pending.get("until")))
    except ValueError:
        return False
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return now > until.timestamp() + TOLERANCE
