# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for netsh and icacls: they keep what they do in the directory FW_STANDIN. ``python programs.py netsh|icacls ...``.

``faults.json`` there has the operations (export, import, set) that fail.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

SIDS = {"*S-1-5-18": "SY", "*S-1-5-32-544": "BA"}
SWITCHES = {"on": True, "enable": True, "off": False, "disable": False}
LOGGED = {"allowedconnections": "log_allowed", "droppedconnections": "log_dropped"}


class Refused(Exception):
    """What the program prints before it fails."""


def _read(name: str) -> Any:
    return json.loads(_path(name).read_text(encoding="utf-8"))


def _write(name: str, content: Any) -> None:
    _path(name).write_text(json.dumps(content), encoding="utf-8")


def _path(name: str) -> Path:
    return Path(os.environ["FW_STANDIN"], name)


def netsh(context: str, verb: str, *words: str) -> str:
    """Do ``advfirewall export|import FILE``, ``advfirewall set PROFILEprofile ...`` or ``http show servicestate``."""
    if (context, verb) == ("http", "show"):
        return _path("http.txt").read_text(encoding="utf-8")
    if context != "advfirewall" or verb not in ("export", "import", "set"):
        raise Refused(f"The following command was not found: {context} {verb}.")
    if verb in _read("faults.json"):
        raise Refused("An error occurred while attempting to contact the Windows Defender Firewall service.")
    {"export": _export, "import": _import, "set": _set}[verb](*words)
    return "Ok."


def _export(file: str) -> None:
    try:
        with Path(file).open("x", encoding="utf-8") as written:
            json.dump(_read("policy.json"), written)
    except FileExistsError:
        raise Refused("Cannot create a file when that file already exists.") from None


def _import(file: str) -> None:
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused("The system cannot find the file specified.") from None
    _write("policy.json", content)


def _set(place: str, *words: str) -> None:
    policy = _read("policy.json")
    profile = policy["profiles"][place.removesuffix("profile")]
    if words[0] == "state":
        profile["enabled"] = SWITCHES[words[1]]
    elif words[0] == "firewallpolicy":
        inbound, outbound = words[1].split(",")
        profile["block_all_inbound"] = inbound == "blockinboundalways"
        profile["default_inbound"] = {"allowinbound": 1, "blockinbound": 0, "blockinboundalways": 0}[inbound]
        profile["default_outbound"] = {"allowoutbound": 1, "blockoutbound": 0}[outbound]
    elif words[0] == "logging":
        profile[LOGGED[words[1]]] = SWITCHES[words[2]]
    else:
        raise Refused("A specified value is not valid.")
    _write("policy.json", policy)


def icacls(path: str, *words: str) -> str:
    """Do ``/inheritance:r /grant:r SID:(OI)(CI)F ...`` and ``/setowner SID``."""
    rights = _read("acl.json")
    owner, entries = rights.get(path, "O:LAG:SYD:AI(A;OICIID;FA;;;SY)").split("G:SYD:")
    if words[0] == "/setowner":
        owner = f"O:{SIDS[words[1]]}"
    elif words[:2] == ("/inheritance:r", "/grant:r"):
        granted = [word.split(":", 1) for word in words[2:]]
        if not granted or any(right != "(OI)(CI)F" for _sid, right in granted):
            raise Refused("Invalid parameter")
        entries = "PAI" + "".join(f"(A;OICI;FA;;;{SIDS[sid]})" for sid, _right in granted)
    else:
        raise Refused("Invalid parameter")
    _write("acl.json", {**rights, path: f"{owner}G:SYD:{entries}"})
    return "Successfully processed 1 files; Failed processing 0 files"


def main(program: str, *words: str) -> int:
    """Run a program; returns its exit code."""
    try:
        print({"netsh": netsh, "icacls": icacls}[program](*words))
    except Refused as refused:
        print(refused)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
