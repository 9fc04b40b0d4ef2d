# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a policy has counted, on Windows what its firewall has logged; see the documentation of the module of this name."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import log
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_action import HostAction

ON_WINDOWS = "vidnet.portmatrix.win_firewall_log"
STATE = "vidnet.portmatrix.win_firewall_policy"


class ActionModule(HostAction):
    """Returns what the module returns; of a Windows host the same, as far as its log can tell."""

    def on_windows(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        self.validate_argument_spec(argument_spec={})
        answers = {}
        for module, arguments in ((STATE, {"operation": "read"}), (ON_WINDOWS, {})):
            answers[module] = self._execute_module(module_name=module, module_args=arguments, task_vars=task_vars)
            if answers[module].get("failed") or answers[module].get("unreachable"):
                return answers[module]
        rules, egress = (
            plain(self._templar.template(task_vars.get(name, usual)))
            for name, usual in (("portmatrix_rules", []), ("portmatrix_egress", "allow"))
        )
        host = plain(task_vars.get("inventory_hostname", ""))
        state, logged = (plain(answers[module]) for module in (STATE, ON_WINDOWS))
        try:
            return {"changed": False, **log.counters(host, state["state"], logged, rules, egress)}
        except ValueError as error:
            raise AnsibleActionFail(f"policy_counters: {error}") from None
