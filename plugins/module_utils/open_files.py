# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of open files of this process."""

from __future__ import annotations

import os
import resource

SPARE = 64


def allow_open_files(wanted):
    """Raise the soft limit as far as ``wanted`` more files need and the hard limit lets; return how many fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = len(os.listdir("/proc/self/fd")) + SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted + taken:
        return wanted
    soft = wanted + taken if hard == resource.RLIM_INFINITY else min(hard, wanted + taken)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(0, soft - taken)
