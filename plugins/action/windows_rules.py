# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the firewall of Windows hosts from files on the controller; see the documentation of the module of this name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import audit


class ActionModule(ActionBase):
    """Returns what each host leaves open beyond its policy, as data and as text."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec={"files": {"type": "dict", "required": True}})
        try:
            files = {host: _paths(host, given) for host, given in plain(arguments["files"]).items()}
            found = audit.of_site((task_vars or {})["hostvars"], files)
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(f"windows_rules: {error}") from None
        rows = sum(len(result["left_open"]) for result in found.values())
        return {"changed": False, "hosts": found, "left_open": rows, "text": audit.text(found)}


def _paths(host: str, given: Any) -> list[Path]:
    paths = [given] if isinstance(given, str) else given
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) and path for path in paths):
        raise ValueError(f"files.{host}: allowed: a path, or a list of them")
    return [Path(os.path.abspath(os.path.expanduser(path))) for path in paths]
