# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name, or from a Windows host the sockets of win_port_probe, and judges here what they saw."""

from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_options import PROBE
from ansible_collections.vidnet.portmatrix.plugins.module_utils.prober import ProbeError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import probing
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.host_action import HostAction


class ActionModule(HostAction):
    """Returns what the module returns."""

    def on_windows(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        asked = plain(self.validate_argument_spec(argument_spec=PROBE)[1])

        def execute(arguments: dict[str, Any]) -> dict[str, Any]:
            return self._execute_module(module_name=probing.MODULE, module_args=arguments, task_vars=task_vars)

        try:
            return {"changed": False, **probing.verify(execute, **asked)}
        except probing.ModuleFailed as error:
            return error.result
        except (ValueError, ProbeError) as error:
            return {"failed": True, "changed": False, "msg": str(error)}
