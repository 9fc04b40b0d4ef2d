# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether any packet is lost or let in while nftables policies are applied over each other.

Run it as ``make bench``, or with a tree that holds the collection in PYTHONPATH. In a laboratory of its own a client opens a
TCP connection to a permitted and to a denied port every 2 ms during the first apply, 20 re-applies that alternate between
two policies of 100 rules, and the removal. A permitted connection is lost when it fails or when one packet of it had to
be sent again. Exits 1 on the first loss or leak.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from ansible_collections.vidnet.portmatrix.benchmarks.apply_cost import policy
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

APPLIES = 20
PERMITTED, DENIED = 7563, 7564
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


def watched(lab: NftLab, ports: dict[int, str], work: Callable[[], None]) -> dict[str, int]:
    """Return what the client counted while ``work`` ran; ``ports`` maps a port to "open" or "shut"."""
    arguments = [f"{port}:{wanted}" for port, wanted in ports.items()]
    client = lab.start("client", sys.executable, "-c", CLIENT, "10.9.0.1", *arguments, stdin=subprocess.PIPE)
    client.stdout.readline()
    work()
    return json.loads(client.communicate()[0])


def main() -> None:
    """Print the counts of each stage; exit 1 on a loss or a leak."""
    total = {"lost": 0, "let_in": 0}
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        lab.host("client", "10.9.0.2/24")
        server = lab.start(HOST, sys.executable, "-c", SERVER, str(PERMITTED), str(DENIED))
        server.stdout.readline()

        def apply(*variants: int) -> None:
            for variant in variants:
                # the permitted rule differs as well: its peers are a network, then a host
                rules = [*policy(variant)[:-1], rule(str(PERMITTED), ("10.9.0.0/24", "10.9.0.2")[variant])]
                result = lab.apply(rules)
                if not result.get("changed"):
                    sys.exit(f"nothing was applied: {result}")

        stages = {
            "first apply": ({PERMITTED: "open"}, lambda: apply(1)),
            f"{APPLIES} re-applies": (
                {PERMITTED: "open", DENIED: "shut"},
                lambda: apply(*(number % 2 for number in range(APPLIES))),
            ),
            "removal": ({PERMITTED: "open"}, lambda: lab.apply(state="absent")),
        }
        for name, (ports, work) in stages.items():
            counted = watched(lab, ports, work)
            print(
                f"{name}: {counted['permitted']} permitted connections, {counted['lost']} lost;"
                f" {counted['denied']} denied, {counted['let_in']} let in"
            )
            for key in total:
                total[key] += counted[key]
    sys.exit(1 if any(total.values()) else 0)


if __name__ == "__main__":
    main()
