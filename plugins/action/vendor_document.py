# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a vendor's document on the controller; see the documentation of the module of this name."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import document_report
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import confined
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError

ARGUMENTS = {
    "path": {"type": "str", "required": True},
    "matrix": {"type": "str"},
    "document": {"type": "str"},
    "matrix_path": {"type": "list", "elements": "str"},
}


class ActionModule(ActionBase):
    """Returns what the document holds."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec=ARGUMENTS, required_by={"document": ["matrix"], "matrix_path": ["matrix"]}
        )
        arguments = plain(arguments)
        try:
            cited = None
            if arguments["matrix"]:
                extra = [
                    self._loader.path_dwim(path) for path in arguments["matrix_path"] or self._site_path(task_vars)
                ]
                cited = document_report.cited(self._matrix(arguments["matrix"]), arguments["document"] or "", extra)
            found = confined.read_file(self._loader.path_dwim(arguments["path"]))
            told = document_report.against(found, cited) if cited else document_report.of(found)
        except InputError as error:
            raise AnsibleActionFail(f"vendor_document: {error}") from None
        return {"changed": False, **told}

    def _site_path(self, task_vars: dict[str, Any] | None) -> list[str]:
        """Return the site's own matrix files."""
        value = self._templar.template((task_vars or {}).get("portmatrix_matrix_path") or [])
        return [value] if isinstance(value, str) else list(plain(value))

    def _matrix(self, name: str) -> str:
        """Return a product's name as it is, and a path as seen from the playbook."""
        is_path = "/" in name or name.endswith((".yml", ".yaml"))
        return str(self._loader.path_dwim(name)) if is_path else name
