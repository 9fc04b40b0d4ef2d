# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that HTTP.sys holds for programs, from what ``netsh http show servicestate`` prints.

Windows prints it in its own language, so only what is the same in all of them is read: the addresses themselves, the processes of their
queue in the view of request queues, which have a number of their own line, and the name of the queue where it is in English.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

#: HTTP://+:9001/path, with an address after the port where IIS binds to one.
_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.%]+\]|[^/\s:]+):([0-9]{1,5})(?::(\[[0-9a-f:.%]+\]|[0-9.]+))?(/\S*)?(?:\s.*)?",
    re.IGNORECASE,
)
_QUEUE = re.compile(r"request queue name\s*:\s*(.*)", re.IGNORECASE)
#: A process: its number, and in later releases its program, as in ``ID: 4711, image: C:\\x\\y.exe``.
_PROCESS = re.compile(r"(?:ID\s*:\s*)?([0-9]{1,10})(?:,\s*\w+\s*:\s*(\S.*))?", re.IGNORECASE)
_UNNAMED = "request queue is unnamed"


class HttpUrl(NamedTuple):
    """An address as Windows has it: ``host`` may be + or * for every one, ``path`` begins with a slash.

    ``pid`` is the first process of its queue, 0 where that is not printed; ``program`` is its program's path, as far as that is.
    """

    text: str
    secure: bool
    host: str
    port: int
    path: str
    queue: str
    pid: int = 0
    program: str = ""

    @property
    def local(self) -> bool:
        """Whether only the host itself can reach it."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def read(text: str) -> list[HttpUrl]:
    """Return the addresses, each once, in the order they are printed."""
    found: dict[str, HttpUrl] = {}
    queue, process = "", (0, "")
    for printed in text.splitlines():
        line = printed.strip()
        if line and not printed[0].isspace():
            process = (0, "")
        named, running, matched = _QUEUE.fullmatch(line), _PROCESS.fullmatch(line), _URL.fullmatch(line)
        if named:
            queue = "" if named[1].lower().startswith(_UNNAMED) else named[1]
        elif running and not process[0]:
            process = (int(running[1]), running[2] or "")
        elif matched and 1 <= int(matched[3]) <= 65535:
            scheme, host, port, address, path = matched.groups()
            url = line.split()[0]
            found.setdefault(
                url.lower(),
                HttpUrl(url, scheme.lower() == "https", address or host, int(port), path or "/", queue, *process),
            )
    return list(found.values())
