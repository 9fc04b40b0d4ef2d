# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A subscriber of a FLOW box's UDP server: ``flow_subscriber.py OWN_ADDRESS LISTEN_PORT``

Prints the states that are pushed to its port. Each datagram from its own host, ``BOX FROM_PORT``, has it subscribe once more: from
FROM_PORT, which is LISTEN_PORT or another one.
"""

from __future__ import annotations

import json
import socket
import sys

SERVER_PORT = 55570


def main() -> None:
    """The command line."""
    own, port = sys.argv[1], int(sys.argv[2])
    request = json.dumps({"ZoneStateSubscribe": {"DestinationIpAddress": own, "DestinationPort": port}}).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("0.0.0.0", port))
        print("ready", flush=True)
        while True:
            data, sender = listener.recvfrom(2048)
            if sender[0] != "127.0.0.1":
                print(json.loads(data)["ZoneStatePush"]["State"], flush=True)
                continue
            box, from_port = data.decode().split()
            if int(from_port) == port:
                listener.sendto(request, (box, SERVER_PORT))
            else:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                    asker.bind((own, int(from_port)))
                    asker.sendto(request, (box, SERVER_PORT))


if __name__ == "__main__":
    main()
