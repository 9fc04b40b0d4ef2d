# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that waits to be confirmed, and the timer that takes it back otherwise.

All of it is in /run, which a boot empties, and a boot loads the policy that was confirmed last.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes, timers
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.host_lock import DIRECTORY

LATE = 30
"""Seconds after which a timer that has not come will not come any more."""

Pending = namedtuple("Pending", "id holder due snapshot given answered timer")
"""id: text. holder: who made the change. due: seconds of the monotonic clock. snapshot: of the back-end. given: what the
module was given. answered: probes that were answered before. timer: how to stop it."""

_PENDING = os.path.join(DIRECTORY, "pending.json")
_CONFIRMING = os.path.join(DIRECTORY, "confirming.json")
_ROLLING_BACK = os.path.join(DIRECTORY, "rolling-back.json")
_ROLLED_BACK = os.path.join(DIRECTORY, "rolled-back.json")


def current():
    """Return the `Pending` change, or None."""
    return _read(_PENDING)


def left(pending):
    """Return the whole seconds that are left to confirm a change, 0 when it is overdue."""
    return max(0, int(pending.due - time.monotonic()))


def overdue(pending):
    """Tell whether the timer should have come long ago: it was killed with the process or the boot that it was of."""
    return time.monotonic() > pending.due + LATE


def opened(seconds, program, holder, snapshot, given, answered):
    """Arm a timer and return the `Pending` change; from now on nothing done to the running rules is for good.

    ``seconds`` is how long the change may wait; then ``program`` (bytes, a capsule) is run with the change's id. Raises
    BackendError when no timer can be armed.
    """
    name = uuid.uuid4().hex[:12]
    os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
    try:
        _write(_program(name), program)
        timer = timers.armed(
            [sys.executable, _program(name), name],
            seconds,
            "portmatrix-rollback-%s" % name,
            "Take back the firewall rules that nobody confirmed",
            ("Restart=on-failure", "RestartSec=1"),
        )
        pending = Pending(name, holder, time.monotonic() + seconds, snapshot, given, answered, timer)
        # After the timer: without this file a timer finds nothing to do.
        _write(_PENDING, json.dumps(pending._asdict()).encode())
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendError("no rollback can be armed, so nothing was changed: %s" % error) from None
    return pending


def claim(name, to_roll_back):
    """Return the `Pending` change of this id for the caller alone, or None: the timer and a confirmation may come at once.

    A rollback that was interrupted is taken up again; a confirmation is not, since the change had proven good by then.
    """
    claimed = _ROLLING_BACK if to_roll_back else _CONFIRMING
    pending = _read(_PENDING)
    if pending is not None and pending.id == name:
        try:
            os.rename(_PENDING, claimed)
            return pending
        except FileNotFoundError:
            return None
    pending = _read(_ROLLING_BACK) if to_roll_back else None
    return pending if pending is not None and pending.id == name else None


def closed(pending, rolled_back=""):
    """Forget a claimed change; ``rolled_back`` says why it was taken back. Stops the timer, unless it is the caller."""
    if rolled_back:
        _write(_ROLLED_BACK, json.dumps({"id": pending.id, "why": rolled_back}).encode())
    for path in (_CONFIRMING, _ROLLING_BACK, _program(pending.id)):
        file_changes.remove(path)
    _disarm(pending.timer)


def why_rolled_back(name):
    """Return why the change of this id was taken back, or "" when it was not."""
    with contextlib.suppress(ValueError):
        record = json.loads(file_changes.read(_ROLLED_BACK) or b"{}")
        if record.get("id") == name:
            return record["why"]
    return ""


def _disarm(timer):
    if "unit" in timer:
        timers.stopped(timer["unit"])
    elif timer["pid"] != os.getpid() and _is_ours(timer["pid"]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(timer["pid"], signal.SIGKILL)


def _is_ours(pid):
    return DIRECTORY.encode() in (file_changes.read("/proc/%d/cmdline" % pid) or b"")


def _program(name):
    return os.path.join(DIRECTORY, "rollback-%s.zip" % name)


def _read(path):
    try:
        return Pending(**json.loads(file_changes.read(path) or b"null"))
    except (TypeError, ValueError):
        return None


def _write(path, content):
    with open(path + file_changes.SUFFIX, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
    os.rename(path + file_changes.SUFFIX, path)
