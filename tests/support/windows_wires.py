# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real sockets between stand-ins for Windows hosts, with the firewall of whom they reach in between.

That is for hosts whose file says ``wired``: the hosts are those whose files are beside it. What a host drops gets no answer.
"""

from __future__ import annotations

import fcntl
import json
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support import windows_sockets
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost

PROTOCOLS = {"tcp": 6, "udp": 17}
DROPPED = {"stage": "connect", "error": "", "answers": []}


def win_port_probe(host: WindowsHost, arguments: dict[str, Any]) -> dict[str, Any]:
    """Be the module."""
    if not host.data().get("wired"):
        return windows_sockets.win_port_probe(host, arguments)
    there = _hosts(host)
    passes = [_passes(there, target) for target in arguments["targets"]]
    some = [target for target, passing in zip(arguments["targets"], passes) if passing]
    found = windows_sockets.win_port_probe(host, {**arguments, "targets": some})
    answers = iter(found["observations"])
    return {**found, "observations": [next(answers) if passing else DROPPED for passing in passes]}


def _hosts(host: WindowsHost) -> dict[str, WindowsHost]:
    """Return address -> host."""
    found = {}
    for path in host.path.parent.glob("*.json"):
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            addresses = json.load(file).get("addresses", ())
        found.update(dict.fromkeys(addresses, WindowsHost(path)))
    return found


def _passes(there: dict[str, WindowsHost], target: dict[str, Any]) -> bool:
    listener = there.get(target["address"])
    protocol = PROTOCOLS[target["protocol"]]
    return listener is None or listener.lets_in(target["source"], target["port"], protocol)


HANDLERS = {"win_port_probe": win_port_probe}
