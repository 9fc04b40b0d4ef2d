# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of a host's rules at a time: a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

DIRECTORY = "/run/portmatrix"
"""What must not outlive a boot: the lock, and a change that waits to be confirmed."""
_PAUSE = 0.2


@contextlib.contextmanager
def held(seconds, or_go_on=False):
    """Hold the lock of this host; wait up to ``seconds`` for it.

    Raises BackendError when another process still holds it, unless ``or_go_on``: a rollback must not wait for one that
    hangs.
    """
    os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
    descriptor = os.open(os.path.join(DIRECTORY, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, time.monotonic() + seconds, or_go_on)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor, until, or_go_on):
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                if or_go_on:
                    return None
                raise BackendError("another run is changing this host's rules right now; try again") from None
            time.sleep(_PAUSE)
