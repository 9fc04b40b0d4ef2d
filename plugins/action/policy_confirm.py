# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name, and says of a Windows host that it has nothing for it."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_action import HostAction
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_options import NOT_KEPT


class ActionModule(HostAction):
    """Returns what the module returns."""

    def on_windows(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        raise AnsibleActionFail(f"{task_vars.get('inventory_hostname')}: {NOT_KEPT}")
