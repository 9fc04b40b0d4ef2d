# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What module win_firewall_log finds on a stand-in for a Windows host: the lines of a log beside the host's own file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost

LOG = r"C:\Windows\system32\LogFiles\Firewall\pfirewall.log"
FIELDS = "date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path pid"
HEAD = f"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: {FIELDS}\n\n"


def file_of(host: WindowsHost) -> Path:
    """Return the log, which need not be there."""
    return host.path.with_name(f"{host.path.stem}.pfirewall.log")


def line(source: str, destination: str, port: int | str, **different: Any) -> str:
    """Return a line of the log; ``different``: action, protocol, path, number (of the source's port)."""
    about = {"action": "ALLOW", "protocol": "TCP", "path": "RECEIVE", "number": 50000, **different}
    ends = f"{source} {destination} {about['number']} {port}"
    return f"2026-11-21 14:00:00 {about['action']} {about['protocol']} {ends} 0 - 0 0 0 - - - {about['path']} 4\n"


def win_firewall_log(host: WindowsHost, arguments: dict[str, Any]) -> dict[str, Any]:
    """Be the module."""
    path = file_of(host)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    split = [each.split(" ") for each in text.splitlines() if each and not each.startswith("#")]
    counts = Counter(tuple(fields[place] for place in (2, 3, 4, 5, 7, 16)) for fields in split)
    names = ("action", "protocol", "source", "destination", "destination_port", "path")
    log = [{**dict(zip(names, key)), "count": count, "last": "2026-11-21T14:00:00Z"} for key, count in counts.items()]
    for row in log:
        row["destination_port"] = int(row["destination_port"]) if row["destination_port"].isdigit() else 0
    return {"changed": False, "log": log, "files": [LOG] if text else [], "truncated": False, "lost": 0}


HANDLERS = {"win_firewall_log": win_firewall_log}
