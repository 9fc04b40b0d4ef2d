# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes policies for Windows on the controller; see the documentation of the module of this name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_files, report_input
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import exports

ARGUMENTS = {
    "dest": {"type": "path", "required": True},
    "hosts": {"type": "list", "elements": "str", "required": True},
    "formats": {"type": "list", "elements": "str", "choices": list(exports.FORMS), "default": list(exports.FORMS)},
    "egress": {"type": "str", "choices": list(exports.EGRESS), "default": "allow"},
    "profiles": {"type": "str", "choices": list(exports.PROFILE_CHOICES), "default": "leave"},
}


class ActionModule(ActionBase):
    """Returns the names of the files."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        arguments = plain(arguments)
        try:
            policies, _matrix = report_input.read((task_vars or {})["hostvars"])
            choices = (arguments["formats"], arguments["egress"], arguments["profiles"])
            files = exports.files(policies, arguments["hosts"], *choices)
            directory = Path(os.path.abspath(arguments["dest"]))
            return report_files.brought(directory, files, check=self._task.check_mode, diff=self._task.diff)
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(f"windows_export: {error}") from None
