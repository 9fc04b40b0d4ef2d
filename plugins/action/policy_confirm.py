# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name, and says of a Windows host that it has nothing for it."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule as Normal

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_options import NOT_KEPT


class ActionModule(Normal):
    """Returns what the module returns."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if is_windows(self._connection):
            raise AnsibleActionFail(f"{(task_vars or {}).get('inventory_hostname')}: {NOT_KEPT}")
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result
