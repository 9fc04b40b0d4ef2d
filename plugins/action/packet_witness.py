# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name; a Windows host does not count."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action.normal import ActionModule as AnyModule

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows

REASON = "packets are not counted on Windows hosts"


class ActionModule(AnyModule):
    """Returns what the module returns."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if is_windows(self._connection):
            return {"changed": False, "available": False, "reason": REASON, "counts": []}
        return super().run(tmp, task_vars)
