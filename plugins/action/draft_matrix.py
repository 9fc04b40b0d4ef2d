# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a draft matrix on the controller; see the documentation of the module of this name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import (
    draft_checks,
    draft_file,
    draft_matrix,
    report_files,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import confined
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix_schema import UNDECIDED, listed
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError, Problem

ARGUMENTS = {
    "path": {"type": "str", "required": True},
    "dest": {"type": "str", "required": True},
    "product": {"type": "str", "required": True},
    "component": {"type": "str", "default": ""},
    "document": {"type": "str", "default": ""},
    "title": {"type": "str", "default": ""},
    "matrix_path": {"type": "list", "elements": "str"},
    "force": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Returns what the draft holds."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        given = plain(given)
        path, dest = (self._loader.path_dwim(given[key]) for key in ("path", "dest"))
        try:
            own = given["matrix_path"] if given["matrix_path"] is not None else self._site_path(task_vars)
            return self._drafted(given, path, Path(dest), [self._loader.path_dwim(entry) for entry in own])
        except (InputError, OSError) as error:
            raise AnsibleActionFail(f"draft_matrix: {error}") from None

    def _drafted(self, given: dict[str, Any], path: str, dest: Path, own: list[str]) -> dict[str, Any]:
        if dest.is_dir():
            raise InputError([Problem(("dest",), f"{dest} is a directory", "the path of a file")])
        known = draft_checks.contents(own, dest)
        name = draft_checks.names(given["product"], given["component"], given["document"], path, known)
        document = confined.read_file(path)
        draft = draft_matrix.draft(document, given["product"], name, given["component"], given["title"])
        draft_checks.loads(draft, dest, known)
        flows, rows = draft.data.get("flows", []), draft.data.get("rows", [])
        result = {
            "changed": self._write(dest, draft_file.text(draft), given["force"]),
            "dest": str(dest),
            "flows": [flow["id"] for flow in flows],
            "undecided": [flow["id"] for flow in flows if UNDECIDED in (*listed(flow["from"]), *listed(flow["to"]))],
            "no_flow": len(rows),
            "components": list(draft.data["components"]),
            "notes": draft.remarks,
        }
        return {**result, **self._shown}

    def _write(self, dest: Path, text: str, force: bool) -> bool:
        """Write the file where it differs; one that is there already is a person's work unless ``force`` is given."""
        self._shown: dict[str, Any] = {}
        if not report_files.differing(dest.parent, {dest.name: text.encode()}):
            return False
        before = dest.read_text(encoding="utf-8", errors="replace") if dest.exists() else ""
        if before and not force:
            what = f"{dest} exists, and may hold what a person has decided"
            raise InputError([Problem(("dest",), what, "another path, or force: true")])
        if self._task.diff:
            header = {"before_header": str(dest), "after_header": str(dest)}
            self._shown = {"diff": {**header, "before": before, "after": text}}
        if not self._task.check_mode:
            report_files.write(dest.parent, {dest.name: text.encode()})
        return True

    def _site_path(self, task_vars: dict[str, Any] | None) -> list[str]:
        """Return the site's own matrix files."""
        value = self._templar.template((task_vars or {}).get("portmatrix_matrix_path") or [])
        return [value] if isinstance(value, str) else list(plain(value))
