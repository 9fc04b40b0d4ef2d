# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the timer runs: brings a host's rules back when nobody confirmed them in time."""

from __future__ import annotations

import time

from ansible_collections.vidnet.portmatrix.plugins.module_utils import confirm_window, host_lock
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.host_backend import restore

WAIT = 5
"""Seconds to wait for a run that holds the lock; one that hangs must not keep the host locked out."""
TRIES = 60


def main(arguments):
    """Take back the change whose id is the only argument, trying again for a minute where the tools refuse."""
    name = arguments[0]
    with host_lock.held(WAIT, or_go_on=True):
        pending = confirm_window.claim(name, to_roll_back=True)
        if pending is None:
            return
        for left in reversed(range(TRIES)):
            try:
                restore(pending.snapshot)
                break
            except Exception as error:  # whatever it is, giving up would leave the host locked out
                if not left:
                    raise BackendError("the former rules cannot be brought back: %s" % error) from None
                time.sleep(1)
        confirm_window.closed(
            pending, rolled_back="nobody confirmed the change in time; the former rules are back, nothing was lost"
        )
