# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our action plugins have to know about the connection to a host."""

from __future__ import annotations

from typing import Any


def is_windows(connection: Any) -> bool:
    """Return whether the host at the other end of an Ansible connection runs Windows."""
    return bool(getattr(connection._shell, "_IS_WINDOWS", False))


def without_become(connection: Any) -> bool:
    """Drop a ``become`` that Windows has no use for; return whether there was one. Other hosts keep theirs.

    Playbooks say ``become: true`` for the Linux hosts. On Windows the account of the connection is an administrator, and
    PowerShell modules refuse every method but runas. Who sets ``ansible_become_method: runas`` means it, and keeps it.
    The executor gives a connection its become plugin before every task, so there is nothing to put back.
    """
    plugin = connection.become
    if plugin is None or not is_windows(connection) or plugin.name.rpartition(".")[2] == "runas":
        return False
    connection.set_become_plugin(None)
    return True
