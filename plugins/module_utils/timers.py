# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this host shall do later by itself: the timer is systemd's where it runs, else a process of its own session.

Either outlives ssh, Ansible and the controller.
"""

from __future__ import annotations

import os
import subprocess
import sys

MOST_SECONDS = 3600

_SLEEP = "import os, sys, time; time.sleep(float(sys.argv[1])); os.execvp(sys.argv[2], sys.argv[2:])"


def checked_seconds(seconds):
    """Return the time limit in seconds; raises ValueError when it is none."""
    if not 1 <= seconds <= MOST_SECONDS:
        raise ValueError("seconds: %s; allowed is 1 to %d" % (seconds, MOST_SECONDS))
    return seconds


def armed(command, seconds, unit, description, properties=()):
    """Have ``command`` (list) run after ``seconds``; return ``unit`` or ``pid`` (dict), whichever it hangs on.

    ``properties`` are systemd's, of the service. Raises OSError when there is neither.
    """
    if os.path.isdir("/run/systemd/system"):
        timer = [
            "systemd-run",
            "--quiet",
            "--collect",
            "--unit=%s" % unit,
            "--description=%s" % description,
            "--on-active=%d" % seconds,
            "--timer-property=AccuracySec=100ms",
            *("--property=%s" % each for each in properties),
            *command,
        ]
        if subprocess.run(timer, check=False, **_quiet()).returncode == 0:
            return {"unit": unit}
    sleeper = [sys.executable, "-c", _SLEEP, str(seconds), *command]
    return {"pid": subprocess.Popen(sleeper, start_new_session=True, close_fds=True, cwd="/", **_quiet()).pid}


def stopped(unit):
    """Stop the timer of a ``unit``, but not its service: that may be the caller."""
    subprocess.run(["systemctl", "--no-block", "stop", unit + ".timer"], check=False, **_quiet())


def _quiet():
    return dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
