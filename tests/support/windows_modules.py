# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in for a Windows host does when Ansible sends it a module.

Every file ``windows_*.py`` beside this one may have ``HANDLERS``: name of a module without its collection -> a function of the WindowsHost
and the module's arguments that returns the module's result.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost

Handler = Callable[[WindowsHost, dict[str, Any]], dict[str, Any]]
HANDLERS: dict[str, Handler] = {"win_firewall_policy": lambda host, arguments: host.run(arguments)}
_BETWEEN = b"\0\0\0\0"
_PREFIX = "ansible_collections.vidnet.portmatrix.tests.support"


class Asked(NamedTuple):
    """A module without its collection, and what it is given."""

    module: str
    arguments: dict[str, Any]


def handlers() -> dict[str, Handler]:
    """Return those of all files."""
    found = dict(HANDLERS)
    for path in sorted(Path(__file__).parent.glob("windows_*.py")):
        if path.stem != Path(__file__).stem:
            found.update(getattr(importlib.import_module(f"{_PREFIX}.{path.stem}"), "HANDLERS", {}))
    return found


def asked(sent: bytes) -> Asked:
    """Return what ansible-core (2.18 in one form, 2.19 and later in another) sends to PowerShell; raises ValueError for anything else."""
    _wrapper, between, manifest = sent.rpartition(_BETWEEN)
    if not between:
        raise ValueError("not what Ansible sends for a PowerShell module")
    data = json.loads(manifest)
    if "module_entry" in data:
        given = data["module_args"]
    else:
        actions = {action["name"]: action["params"] for action in data["actions"]}
        if "module_wrapper.ps1" not in actions:
            raise ValueError(f"not a module: {', '.join(actions)}")
        last = actions["module_wrapper.ps1"]
        (given,) = (each["Value"] for each in last["Variables"] if each["Name"] == "complex_args")
    arguments = {name: value for name, value in given.items() if not name.startswith("_ansible_")}
    name = given["_ansible_module_name"].rpartition(".")[2]
    return Asked(name, arguments)


def answer(host: WindowsHost, request: Asked) -> dict[str, Any]:
    """Return the module's result."""
    handler = handlers().get(request.module)
    if handler is None:
        known = ", ".join(sorted(handlers()))
        return {
            "failed": True,
            "msg": f"the stand-in for a Windows host has no module {request.module}; it has {known}",
        }
    return {**handler(host, request.arguments), "invocation": {"module_args": request.arguments}}
