# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the reports of a site on the controller; see the documentation of the module of this name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_files, report_forms, report_input
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.firewall_request import firewall_request
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Report
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site_matrix import site_matrix

ARGUMENTS = {
    "dest": {"type": "path"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": list(report_forms.FORMS),
        "default": list(report_forms.FORMS),
    },
    "former": {"type": "path"},
    "hosts": {"type": "list", "elements": "str"},
}


class ActionModule(ActionBase):
    """Returns the names of the files, or the reports as Markdown when there is nowhere to write to."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        arguments = plain(arguments)
        try:
            reports = self._reports((task_vars or {})["hostvars"], arguments)
            if not arguments["dest"]:
                pages = [report_forms.FORMS["markdown"](report).decode() for report in reports.values()]
                return {"changed": False, "files": [], "markdown": "\n".join(pages)}
            return self._written(Path(os.path.abspath(arguments["dest"])), reports, arguments["formats"])
        except (OSError, RuntimeError, ValueError) as error:
            raise AnsibleActionFail(f"matrix_report: {error}") from None

    def _reports(self, hostvars: Any, arguments: dict[str, Any]) -> dict[str, Report]:
        policies, matrix = report_input.read(hostvars)
        hosts = None if arguments["hosts"] is None else frozenset(arguments["hosts"])
        found = {
            "site-matrix": site_matrix(policies, matrix, hosts),
            "firewall-request": firewall_request(policies, matrix, hosts),
        }
        if arguments["former"]:
            path = Path(os.path.abspath(arguments["former"]))
            try:
                found["firewall-changes"] = firewall_request(policies, matrix, hosts, path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ValueError(f"former {path}: {error}") from None
        return found

    def _written(self, directory: Path, reports: dict[str, Report], formats: list[str]) -> dict[str, Any]:
        files: dict[str, bytes] = {}
        for name, report in reports.items():
            files.update(report_forms.files(name, report, formats))
        return report_files.brought(directory, files, check=self._task.check_mode, diff=self._task.diff)
