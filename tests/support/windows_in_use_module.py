# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What module win_ports_in_use finds on a stand-in for a Windows host: what a file beside the host's own says."""

from __future__ import annotations

import json
import ntpath
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost


def file_of(host: WindowsHost) -> Path:
    """Return the file, which need not be there."""
    return host.path.with_name(f"{host.path.stem}.in_use.json")


def win_ports_in_use(host: WindowsHost, arguments: dict[str, Any]) -> dict[str, Any]:
    """Be the module; of the files only those are there that were asked for."""
    path = file_of(host)
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    asked = {ntpath.basename(name).lower() for name in arguments.get("files") or ()}
    return {
        "changed": False,
        "files": [file for file in found.get("files", []) if ntpath.basename(file["path"]).lower() in asked],
        "http": found.get("http", ""),
        "listening": found.get("listening", []),
    }


HANDLERS = {"win_ports_in_use": win_ports_in_use}
