# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that runs the module of its name, and does something else for a Windows host."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become


class HostAction(ActionModule):  # type: ignore[misc]  # Ansible has no types
    """Leaves other hosts to Ansible's own action."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if not is_windows(self._connection):
            result: dict[str, Any] = super().run(tmp, task_vars)
            return result
        super(ActionModule, self).run(tmp, task_vars)
        if self._task.async_val:
            raise AnsibleActionFail("async: allowed on Linux hosts only")
        without_become(self._connection)
        return self.on_windows(task_vars or {})

    def on_windows(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the result for a Windows host."""
        raise NotImplementedError
