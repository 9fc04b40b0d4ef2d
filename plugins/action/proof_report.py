# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the proof of a site on the controller; see the documentation of the module of this name."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import (
    proof_files,
    proof_run,
    proof_text,
    report_files,
    report_input,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof import Run, Seen, proof, states_of
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_results import with_places

ARGUMENTS = {
    "dest": {"type": "path"},
    "stored": {"type": "path"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": list(proof_files.FORMS),
        "default": list(proof_files.USUAL),
    },
    "registered": {"type": "str"},
    "again": {"type": "str", "default": ""},
    "witnesses": {"type": "str", "default": ""},
    "in_force": {"type": "str", "default": ""},
    "results": {"type": "dict"},
    "located": {"type": "dict", "default": {}},
    "readback": {"type": "dict", "default": {}},
    "backends": {"type": "dict", "default": {}},
    "hosts": {"type": "list", "elements": "str"},
    "title": {"type": "str", "default": "Port proof"},
    "run": {"type": "str", "default": ""},
    "seconds": {"type": "float", "default": 0.0},
    "width": {"type": "int", "default": proof_text.WIDTH},
}
SOURCES = ["registered", "results", "stored"]
REGISTERED = ("registered", "again", "witnesses", "in_force")
BOUND, USUAL_BOUND = ("portmatrix_egress", "portmatrix_mode"), ("allow", "enforce")
STATE_VARIABLES = ("portmatrix_state", *BOUND)


class ActionModule(ActionBase):
    """Returns the figures and the text of the proof, and the names of the files."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec=ARGUMENTS,
            mutually_exclusive=[SOURCES],
            required_one_of=[SOURCES],
        )
        arguments = plain(arguments)
        try:
            if arguments["stored"]:
                found = proof_files.stored(Path(os.path.abspath(arguments["stored"])))
            else:
                found = _proof((task_vars or {})["hostvars"], arguments)
            shown = {"summary": found["summary"], "text": proof_text.text(found, arguments["width"])}
            if not arguments["dest"]:
                return {"changed": False, "files": [], **shown}
            files = proof_files.files(found, arguments["formats"])
            directory = Path(os.path.abspath(arguments["dest"]))
            told = report_files.brought(directory, files, check=self._task.check_mode, diff=self._task.diff)
            return {**told, **shown}
        except (OSError, RuntimeError, ValueError) as error:
            raise AnsibleActionFail(f"proof_report: {error}") from None


def _proof(hostvars: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    policies, matrix = report_input.read(hostvars)
    hosts = [name for name in policies if arguments["hosts"] is None or name in arguments["hosts"]]
    variables = {
        name: {key: plain(hostvars[name][key]) for key in STATE_VARIABLES if key in hostvars[name]} for name in hosts
    }
    made = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    run = Run(arguments["title"], arguments["run"], made, arguments["seconds"])
    seen = Seen(arguments["results"] or {}, {}, {})
    if arguments["results"] is None:
        names = proof_run.Registered(*(arguments[option] for option in REGISTERED))
        bounds = {name: proof_run.Bound(*map(variables[name].get, BOUND, USUAL_BOUND)) for name in hosts}
        seen = proof_run.seen(names, lambda host, name: _registered(hostvars, host, name), policies, bounds)
    seen = Seen(
        with_places(seen.results, arguments["located"]),
        {**arguments["readback"], **seen.readback},
        {**arguments["backends"], **seen.backends},
    )
    found = proof(policies, matrix, run, seen, states_of(policies, hosts, seen.results, variables))
    return proof_files.checked(found, "what was seen")


def _registered(hostvars: Any, host: str, variable: str) -> Any:
    """Return what a host has registered.

    What a module returned holds no templates, so it is taken as it is: templating every row takes far longer than probing.
    """
    return plain(hostvars.raw_get(host).get(variable))
