# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a module anew under the Python that has firewalld's binding, which is the distribution's own."""

from __future__ import annotations

from importlib.util import find_spec

from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

_PYTHONS = ["/usr/libexec/platform-python", "/usr/bin/python3", "/usr/bin/python"]


def with_binding():
    """Return when this Python has the binding, or none has; else the module runs under one that has, and this one ends."""
    if find_spec("firewall") or has_respawned():
        return
    python = probe_interpreters_for_module(_PYTHONS, "firewall")
    if python:
        respawn_module(python)
