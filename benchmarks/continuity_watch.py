# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that opens a connection every 2 ms, and what it counts while something is done to the firewall."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

OURS = "portmatrix"
TIMES, FEW = 50, 10
"""How often a change is made, and how often one that takes long or whose outcome is plain."""
PERMITTED, DENIED = 7563, 7564
PORTS = {PERMITTED: "open", DENIED: "shut"}
NETWORKS = ("10.9.0.0/24", "10.9.0.2", "10.9.0.0/30")
"""The permitted peers of each variant of a policy. The client is in all of them."""
SERVER = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    selector.register(socket.create_server(("", port), backlog=4096), selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
"""
CLIENT = """
import json, select, socket, struct, sys, time
address, every, patience = sys.argv[1], 0.002, 3.0
ports = [(int(port), wanted == "open") for port, wanted in (arg.split(":") for arg in sys.argv[2:])]
count = {"permitted": 0, "lost": 0, "denied": 0, "let_in": 0}
poller, waiting, stopping = select.epoll(), {}, False
poller.register(0, select.EPOLLIN | select.EPOLLHUP)

def settle(client, permitted, answered):
    retransmitted = struct.unpack_from("I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]
    if permitted:
        count["lost"] += not answered or retransmitted > 0
    else:
        count["let_in"] += answered
    poller.unregister(client)
    client.close()

print("ready", flush=True)
due = time.monotonic()
while waiting or not stopping:
    now = time.monotonic()
    if now >= due and not stopping:
        due += every
        for port, permitted in ports:
            client = socket.socket()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.connect_ex((address, port))
            poller.register(client, select.EPOLLOUT)
            waiting[client.fileno()] = client, permitted, now
            count["permitted" if permitted else "denied"] += 1
    for descriptor, event in poller.poll(max(0.0, min(due - time.monotonic(), every))):
        if descriptor == 0:
            stopping = True
            poller.unregister(0)
        else:
            client, permitted, _ = waiting.pop(descriptor)
            settle(client, permitted, client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)
    for descriptor, (client, permitted, start) in list(waiting.items()):
        if now - start < (patience if permitted else 0.3):
            break
        del waiting[descriptor]
        settle(client, permitted, False)
print(json.dumps(count))
"""


class Stage(NamedTuple):
    """Something done to the firewall by ``who``, after ``setup``, which nobody watches."""

    who: str
    what: str
    work: Callable[[], Any]
    ports: dict[int, str] = PORTS
    setup: Callable[[], Any] = lambda: None
    excuse: str = ""
    """Why connections of ours may be lost here; nothing excuses one that is let in."""


class NotMeasured(Exception):
    """A stage could not be done; says why."""


class Row(NamedTuple):
    """What the client counted during a stage; ``counted`` is None when the stage could not be done, ``note`` says why."""

    backend: str
    stage: Stage
    counted: dict[str, int] | None
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether a stage of ours could not be done, or has a loss or a leak that must not be."""
        if self.stage.who != OURS:
            return False
        if self.counted is None:
            return True
        return bool(self.counted["let_in"] or (self.counted["lost"] and not self.stage.excuse))


def measured(backend: str, lab: NftLab, stages: list[Stage]) -> Iterator[Row]:
    """Yield the row of each stage, in order; a peer that does not work here is a row without figures."""
    for stage in stages:
        try:
            stage.setup()
            yield Row(backend, stage, watched(lab, stage.ports, stage.work), stage.excuse)
        except NotMeasured as error:
            yield Row(backend, stage, None, str(error))


def laboratory(lab: NftLab) -> None:
    """Put a host with servers on both ports, and a client, into the laboratory."""
    lab.host(HOST, "10.9.0.1/24")
    lab.host("client", "10.9.0.2/24")
    server = lab.start(HOST, sys.executable, "-c", SERVER, str(PERMITTED), str(DENIED))
    server.stdout.readline()


def changed(result: dict[str, Any]) -> None:
    """End the benchmark when an apply of ours did not change anything."""
    if not result.get("changed"):
        sys.exit(f"nothing was applied: {result}")


def rotation(times: int) -> list[int]:
    """Return variants to apply one after the other, beginning with 0. There are three, since a back-end may keep the former one."""
    return [number % len(NETWORKS) for number in range(times)]


def watched(lab: NftLab, ports: dict[int, str], work: Callable[[], None]) -> dict[str, int]:
    """Return what the client counted while ``work`` ran; ``ports`` maps a port to "open" or "shut"."""
    arguments = [f"{port}:{wanted}" for port, wanted in ports.items()]
    client = lab.start("client", sys.executable, "-c", CLIENT, "10.9.0.1", *arguments, stdin=subprocess.PIPE)
    client.stdout.readline()
    work()
    return json.loads(client.communicate()[0])
