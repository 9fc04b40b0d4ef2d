# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible's own commands against an inventory made of texts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLUGIN = "plugin: vidnet.portmatrix.site\n"
SCRIPTS = Path(sys.executable).parent


def written(directory: Path, files: Mapping[str, str]) -> Path:
    """Write name -> text below a directory, and return the directory."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def run(
    command: str, *arguments: str, cwd: Path | None = None, prefix: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's commands, of the same installation as this test (or sh), and return what became of it."""
    settings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", "COLUMNS": "1000", **environment}
    return subprocess.run(
        [*prefix, command if command == "sh" else str(SCRIPTS / command), *arguments],
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if k != "ANSIBLE_CONFIG"}, **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def hostvars(inventory: Path) -> dict[str, dict[str, Any]]:
    """Return every host's variables as ``ansible-inventory --list`` prints them."""
    done = run("ansible-inventory", "-i", str(inventory), "--list", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["_meta"]["hostvars"]
