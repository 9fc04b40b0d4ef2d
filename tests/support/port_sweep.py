# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks every TCP and UDP port of neighbours on the same link, and prints every answer: ``port_sweep.py ADDRESS...``

A TCP SYN and an empty UDP datagram go to each of 65535 ports. They go straight to the interface, so no firewall and no connection
tracking of this host takes part, and what comes back is seen before any. Nothing is lost on the way, as after every window
of packets an echo request must be answered: the packets before it have been dealt with by then. Prints JSON:

    {"10.77.1.12": {"sent": 131070, "answers": [["tcp", 7563, "syn-ack"]]}}

Needs root (CAP_NET_RAW), and neighbours that answer to ping.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator

WINDOW = 256  # packets; a kernel's queue holds 1000 (net.core.netdev_max_backlog)
PATIENCE = 10.0  # seconds for an echo reply
SETTLE = 0.2  # seconds in which late answers arrive
SOURCE_PORT = 61000
PORTS = range(1, 65536)
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
NAMES = {TCP: "tcp", UDP: "udp"}
ERRORS = {False: (3, 4, 5, 11, 12), True: range(128)}  # of ICMP and of ICMPv6


def folded(data: bytes) -> int:
    """Return the one's complement sum of data, which the internet's checksums are made of."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Neighbour:
    """One address to ask, over an interface of this host."""

    def __init__(self, address: str) -> None:
        self.six = ":" in address
        self.address = address
        family = socket.AF_INET6 if self.six else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((address, 9))  # sends nothing
            self.target = socket.inet_pton(family, address)
            self.source = socket.inet_pton(family, route.getsockname()[0])
        self.answers: set[tuple[str, int, str]] = set()
        self._sequence = 0
        self._ping = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if self.six else socket.IPPROTO_ICMP)
        self._ethertype = 0x86DD if self.six else 0x0800
        self._link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(self._ethertype))
        self._link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._link.settimeout(PATIENCE)
        interface, _protocol, _kind, _hardware, station = self._barrier()
        self._to = (interface, self._ethertype, 0, 0, station)

    def sweep(self) -> int:
        """Ask every port; return the number of packets sent. The answers are in ``answers``."""
        sent = 0
        for protocol in NAMES:
            for packet in self._packets(protocol):
                self._link.sendto(packet, self._to)
                sent += 1
                if sent % WINDOW == 0:
                    self._barrier()
        self._barrier()
        time.sleep(SETTLE)
        self._barrier()
        return sent

    def _packets(self, protocol: int) -> Iterator[bytearray]:
        """Yield one packet for each port: always the same but for the port and the checksum."""
        if protocol == TCP:
            segment = struct.pack("!HHIIBBHHH", SOURCE_PORT, 0, 1, 0, 5 << 4, 0x02, 1024, 0, 0)
        else:
            segment = struct.pack("!HHHH", SOURCE_PORT, 0, 8, 0)
        pseudo = self.source + self.target + struct.pack("!HH", protocol, len(segment))
        if self.six:
            header = struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + self.source + self.target
        else:
            fields = [0x4500, 20 + len(segment), 0, 0x4000, 64 << 8 | protocol, 0]
            fields[5] = 0xFFFF - folded(struct.pack("!6H", *fields) + self.source + self.target)
            header = struct.pack("!6H", *fields) + self.source + self.target
        packet = bytearray(header + segment)
        fixed = folded(pseudo + segment)
        destination, checksum = len(header) + 2, len(header) + (16 if protocol == TCP else 6)
        for port in PORTS:
            total = fixed + port
            struct.pack_into("!H", packet, destination, port)
            struct.pack_into("!H", packet, checksum, (0xFFFF - (total & 0xFFFF) - (total >> 16)) or 0xFFFF)
            yield packet

    def _barrier(self) -> tuple:
        """Have an echo request answered, noting what else comes; return the link address of the answer."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        echo = struct.pack("!HH", os.getpid() & 0xFFFF, self._sequence)
        request = 128 if self.six else 8
        checksum = 0 if self.six else 0xFFFF - folded(struct.pack("!H", request << 8) + echo)  # IPv6: the kernel's work
        self._ping.sendto(struct.pack("!BBH", request, 0, checksum) + echo, (self.address, 0))
        while True:
            try:
                packet, link = self._link.recvfrom(2048)
            except TimeoutError:
                raise SystemExit(f"{self.address} gave no echo reply in {PATIENCE:g} s") from None
            if self._note(packet) == echo:
                return link

    def _note(self, packet: bytes) -> bytes | None:
        """Note an answer of the neighbour; return identifier and sequence of an echo reply."""
        source = packet[8:24] if self.six else packet[12:16]
        if source != self.target:
            return None
        protocol, payload = self._payload(packet)
        if protocol in NAMES:
            port, own = struct.unpack_from("!HH", payload)
            if own == SOURCE_PORT:
                flags = payload[13] if protocol == TCP else 0
                answer = "reply" if protocol == UDP else "reset" if flags & 0x04 else "syn-ack"
                self.answers.add((NAMES[protocol], port, answer))
            return None
        kind, code = payload[0], payload[1]
        if kind == (129 if self.six else 0):
            return payload[4:8]
        if kind in ERRORS[self.six]:
            about, segment = self._payload(payload[8:])
            (port,) = struct.unpack_from("!H", segment, 2)
            self.answers.add((NAMES.get(about, str(about)), port, f"icmp {kind}/{code}"))
        return None

    def _payload(self, packet: bytes) -> tuple[int, bytes]:
        """Return the protocol and what the IP packet carries."""
        return (packet[6], packet[40:]) if self.six else (packet[9], packet[(packet[0] & 15) * 4 :])


def main() -> None:
    """The command line."""
    found = {}
    for address in sys.argv[1:]:
        neighbour = Neighbour(address)
        sent = neighbour.sweep()
        found[address] = {"sent": sent, "answers": sorted(neighbour.answers)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
