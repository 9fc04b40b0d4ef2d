# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running lab leaves behind to be found by: its runtime directory, its processes, and how to enter a host."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

HOSTS = Path(__file__).resolve().parent / "inventory" / "hosts.yml"


class LabError(Exception):
    """Something the user can act on, in one sentence."""


def runtime_directory(hosts: Path = HOSTS) -> Path:
    """The private directory of the lab described by ``hosts``, whether it exists yet or not: one for each user and file.

    The directory above it is the user's own, and exists.
    """
    base = Path(tempfile.gettempdir()) / f"portmatrix-lab-{os.getuid()}"
    key = hashlib.sha256(str(hosts.resolve()).encode()).hexdigest()[:12]
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise LabError(f"{base} belongs to somebody else; remove it")
    return base / key


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat from the process's state on; empty when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
    return [] if fields[0] == "Z" else fields


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone or a zombie."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def session_members(leader: int) -> list[str]:
    """The living processes of a session."""
    processes = (path.name for path in Path("/proc").glob("[0-9]*"))
    return [pid for pid in processes if _stat(pid)[3:4] == [str(leader)]]


def is_alive(process: dict[str, Any]) -> bool:
    """Whether this very process still runs, and not another one that was given its number."""
    return start_time(process["pid"]) == process["start"]


def describe(pid: int) -> dict[str, Any]:
    """A process as it is kept in the state file."""
    return {"pid": pid, "start": start_time(pid)}


def read_state(directory: Path) -> dict[str, Any] | None:
    """The state of the lab, or None when there is none."""
    try:
        return json.loads((directory / "state.json").read_text())
    except FileNotFoundError:
        return None


def write_state(directory: Path, state: dict[str, Any]) -> None:
    """Replaces the state in one step, so that a reader never sees half of it."""
    unfinished = directory / "state.json.new"
    unfinished.write_text(json.dumps(state))
    unfinished.rename(directory / "state.json")


def enter_command(host: str, hosts: Path = HOSTS) -> list[str]:
    """The command prefix that runs the rest of the line as root of the lab's ``host``."""
    state = read_state(runtime_directory(hosts)) or {"hosts": {}}
    process = state["hosts"].get(host)
    if process is None or not is_alive(process):
        raise LabError(f"the lab has no running host {host!r}; `make lab-up` starts the lab")
    user = ["--user", "--preserve-credentials"] if state["rootless"] else []
    namespaces = ["--net", "--mount", "--uts", "--pid"]
    return ["nsenter", "--target", str(process["pid"]), *user, *namespaces, "--", "env", f"PATH={tool_path()}"]


def tool_path() -> str:
    """PATH with the directories where ``ip`` and ``nft`` are; an ordinary user's often lacks them."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
