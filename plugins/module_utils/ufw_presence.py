# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether ufw is this host's firewall, and whether its files hold rules of ours: asked on every host, so it reads little."""

from __future__ import annotations

import os
import re

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes

CONF = "/etc/ufw/ufw.conf"
DEFAULTS = "/etc/default/ufw"
PATHS = {4: "/etc/ufw/user.rules", 6: "/etc/ufw/user6.rules"}
TAG = "portmatrix"
"""Begins the comment of our rules; ufw writes comments in hexadecimal."""

_DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin")
_SETTING = re.compile(r"""^\s*(\w+)=["']?(\w+)""", re.MULTILINE)


def active():
    """Tell whether ufw is installed and enabled."""
    installed = any(os.access(os.path.join(directory, "ufw"), os.X_OK) for directory in _DIRECTORIES)
    return installed and settings().get("enabled") == "yes"


def settings():
    """Return name -> value of ufw's settings, all in lower case."""
    found = {}
    for path in (DEFAULTS, CONF):
        text = (file_changes.read(path) or b"").decode(errors="replace")
        found.update((name.lower(), value.lower()) for name, value in _SETTING.findall(text))
    return found


def has_ours():
    """Tell whether ufw's files hold rules of ours, active or not; a host without ufw has none."""
    mark = TAG.encode().hex().encode()
    return any(mark in (file_changes.read(path) or b"") for path in PATHS.values())
