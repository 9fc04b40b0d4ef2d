# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FLOW box's UDP server, as far as its vendor describes it: ``flow_udp_server.py SECONDS``

On port 55570 it takes messages ``{"ZoneStateSubscribe": {"DestinationIpAddress": ..., "DestinationPort": ...}}`` and pushes the zone's
state to the place that they name: at once, and on every change until SECONDS after the last subscription for that place. The zone
changes when a message ``{"Change": number}`` comes from the box itself, and a datagram tells how many subscribers there were.
Prints what became of every push.
"""

from __future__ import annotations

import json
import socket
import sys
import time

PORT = 55570
Place = tuple[str, int]


def push(server: socket.socket, place: Place, state: int) -> None:
    """Send the zone's state to a subscriber."""
    message = json.dumps({"ZoneStatePush": {"State": state}}).encode()
    try:
        server.sendto(message, place)
    except PermissionError:
        print(f"{state} dropped here", flush=True)
    else:
        print(f"{state} pushed", flush=True)


def main() -> None:
    """The command line."""
    seconds = float(sys.argv[1])
    state = 0
    subscribers: dict[Place, float] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("0.0.0.0", PORT))
        print("ready", flush=True)
        while True:
            data, sender = server.recvfrom(2048)
            message = json.loads(data)
            now = time.monotonic()
            subscribers = {place: end for place, end in subscribers.items() if end > now}
            if "ZoneStateSubscribe" in message:
                wanted = message["ZoneStateSubscribe"]
                place = (wanted["DestinationIpAddress"], wanted["DestinationPort"])
                subscribers[place] = now + seconds
                push(server, place, state)
            elif sender[0] == "127.0.0.1":
                state = message["Change"]
                for place in subscribers:
                    push(server, place, state)
                server.sendto(str(len(subscribers)).encode(), sender)


if __name__ == "__main__":
    main()
