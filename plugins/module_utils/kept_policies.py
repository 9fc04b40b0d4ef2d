# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that a host had, newest last: what a rollback by hand can go back to."""

from __future__ import annotations

import json
import os
import re
import time

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

DIRECTORY = "/var/lib/portmatrix/policies"
MOST = 5
_NAME = re.compile(r"(\d+)\.json\Z")
_KEYS = ("backend", "egress", "mode", "rules")


def kept():
    """Return the policies that are kept: list of dicts with ``number``, ``time``, ``by`` and what was asked for."""
    return [_load(number) for number in _numbers()]


def load(number):
    """Return the policy ``number`` (text), or with ``previous`` the last but one; raises BackendError."""
    numbers = _numbers()
    wanted = numbers[-2] if number == "previous" and len(numbers) > 1 else int(number) if number.isdigit() else None
    if wanted not in numbers:
        listed = ", ".join(map(str, numbers)) or "none"
        raise BackendError("policy %s is not kept on this host; kept: %s" % (number, listed))
    return _load(wanted)


def keep(given, by):
    """Keep a policy (dict) that was just confirmed, unless it is the one kept last; raises OSError."""
    numbers = _numbers()
    policy = {key: given[key] for key in _KEYS}
    if numbers and {key: _load(numbers[-1])[key] for key in _KEYS} == policy:
        return
    policy.update(
        number=numbers[-1] + 1 if numbers else 1, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), by=by
    )
    content = (json.dumps(policy, indent=1, sort_keys=True) + "\n").encode()
    old = [(_path(number), None, None) for number in numbers[: -MOST + 1]] if len(numbers) >= MOST else []
    files = file_changes.FileChanges([(_path(policy["number"]), content, 0o600), *old])
    files.stage()
    files.commit()


def forget():
    """Remove all policies that are kept."""
    for number in _numbers():
        file_changes.remove(_path(number))
    file_changes.remove_empty([DIRECTORY, os.path.dirname(DIRECTORY)])


def _numbers():
    try:
        names = os.listdir(DIRECTORY)
    except FileNotFoundError:
        return []
    return sorted(int(match.group(1)) for match in map(_NAME.match, names) if match)


def _path(number):
    return os.path.join(DIRECTORY, "%d.json" % number)


def _load(number):
    try:
        policy = json.loads(file_changes.read(_path(number)) or b"")
        return dict({key: policy[key] for key in _KEYS}, number=number, time=policy["time"], by=policy["by"])
    except (KeyError, TypeError, ValueError):
        raise BackendError("%s is damaged; delete it" % _path(number)) from None
