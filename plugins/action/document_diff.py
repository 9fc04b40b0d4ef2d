# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares two revisions of a document on the controller; see the documentation of the module of this name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import (
    comparison_report,
    document_comparison,
    matrix,
    report_files,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import matrix_files
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import confined
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.hostvars import inventory_of, refusing
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError

FILES = {"text": "document-diff.txt", "markdown": "document-diff.md", "json": "document-diff.json"}
ARGUMENTS = {
    "new": {"type": "str", "required": True},
    "old": {"type": "str"},
    "document": {"type": "str", "default": ""},
    "matrix_path": {"type": "list", "elements": "str", "default": []},
    "confirm": {"type": "bool", "default": False},
    "dest": {"type": "str"},
    "formats": {"type": "list", "elements": "str", "choices": list(FILES), "default": list(FILES)},
}


class ActionModule(ActionBase):
    """Returns the comparison, and writes it where that is wanted."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        given = plain(given)
        try:
            found = self._compared(given, (task_vars or {}).get("hostvars", {}))
            return {**self._written(given, found), "comparison": found, "text": comparison_report.render(found, "text")}
        except (InputError, OSError) as error:
            raise AnsibleActionFail(f"document_diff: {error}") from None

    def _compared(self, given: dict[str, Any], hostvars: Mapping[str, Any]) -> dict[str, Any]:
        inventory, directory = inventory_of(hostvars) if given["document"] else ({}, ".")
        with refusing(hostvars):
            own = [
                *matrix_files(inventory, directory),
                *(self._loader.path_dwim(path) for path in given["matrix_path"]),
            ]
            matrix.load(tuple(own))
        new = confined.read_file(self._loader.path_dwim(given["new"]))
        old = confined.read_file(self._loader.path_dwim(given["old"])) if given["old"] else None
        with refusing(hostvars):
            return document_comparison.comparison(
                old, new, matrix.contents(matrix.files(own)), given["document"], inventory, confirm=given["confirm"]
            )

    def _written(self, given: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        if not given["dest"]:
            return {"changed": False, "files": []}
        directory = Path(self._loader.path_dwim(given["dest"]))
        files = {FILES[form]: comparison_report.render(found, form).encode() for form in given["formats"]}
        return report_files.brought(directory, files, check=self._task.check_mode, diff=self._task.diff)
