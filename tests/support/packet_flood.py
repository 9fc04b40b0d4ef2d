# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masses of packets with any source into a laboratory's host, and which of them its rules let in.

One process has a socket on the peer's wire and raw sockets on the host, which get what the rules let in. Both ends are on
addresses without a network, so nothing is ever answered.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

PEER = "peer"
ADDRESSES = ("10.9.0.1", "fd09::1")
TRIES = 20
_WAIT = 0.3
"""For what is let in and late, in seconds; what stays away is sent again."""

FLOOD = """
import ctypes, json, select, socket, struct, sys

given = json.load(sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)

def enter(host):
    with open("/run/netns/" + host) as namespace:
        if libc.setns(namespace.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")

def total(data):
    return sum(struct.unpack("!%dH" % (len(data) // 2), data))

def folded(number):
    while number >> 16:
        number = (number & 0xFFFF) + (number >> 16)
    return (number ^ 0xFFFF) or 0xFFFF

enter(given["peer"])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
enter(given["host"])
card = bytes.fromhex(given["card"].replace(":", ""))
inside = {}
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (6, 17):
        raw = socket.socket(family, socket.SOCK_RAW, protocol)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        raw.setblocking(False)
        inside[raw] = (20 if family == socket.AF_INET else 0) + (20 if protocol == 6 else 8)
own = {4: socket.inet_pton(socket.AF_INET, given["own"][0]), 6: socket.inet_pton(socket.AF_INET6, given["own"][1])}
bases = {version: total(address) for version, address in own.items()}

def frame(number, version, protocol, source, source_port, port):
    address = source.to_bytes(16 if version == 6 else 4, "big")
    if protocol == 6:
        length, fields = 24, (source_port, port, 1, 0, 0x50, 2, 1024)
        head, tail = struct.pack("!HHIIBBH", *fields), struct.pack("!HI", 0, number)
    else:
        length = 12
        head, tail = struct.pack("!HHH", source_port, port, length), struct.pack("!I", number)
    checksum = folded(total(head) + total(tail) + total(address) + bases[version] + protocol + length)
    payload = head + struct.pack("!H", checksum) + tail
    if version == 6:
        header = struct.pack("!IHBB", 6 << 28, length, protocol, 64) + address + own[6]
        kind = b"\\x86\\xdd"
    else:
        first = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 7, 0, 64, protocol)
        header = first + struct.pack("!H", folded(total(first) + total(address) + bases[4])) + address + own[4]
        kind = b"\\x08\\x00"
    return card + b"\\x02\\0\\0\\0\\0\\x01" + kind + header + payload

def drain(wait):
    while True:
        ready = select.select(list(inside), [], [], wait)[0]
        if not ready:
            return
        wait = 0
        for raw in ready:
            try:
                while True:
                    data = raw.recv(128)
                    start = inside[raw]
                    if len(data) == start + 4:
                        came.add(int.from_bytes(data[start:], "big"))
            except BlockingIOError:
                pass

came = set()
for count, packet in enumerate(given["packets"]):
    wire.send(frame(*packet))
    if count % 64 == 63:
        drain(0)
drain(given["wait"])
json.dump(sorted(came), sys.stdout)
"""


class Sent(NamedTuple):
    """A packet to the host: IP version, protocol (6 or 17), source as a number, source port, port."""

    version: int
    protocol: int
    source: int
    source_port: int
    port: int


def add_host(lab: Lab, host: str) -> None:
    """Put a host, and the peer if it is not there yet, on the laboratory's segment."""
    hosts = (lab.run(host, "true", check=False).returncode and [host]) or []
    if lab.run(PEER, "true", check=False).returncode:
        hosts.append(PEER)
    for name in hosts:
        lab.host(
            name, *([f"{address}/{'128' if ':' in address else '32'}" for address in ADDRESSES] if name == host else [])
        )
        lab.run(name, "sh", "-c", "for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done")


def let_in(lab: Lab, host: str, packets: Sequence[Sent]) -> set[Sent]:
    """Send packets to a host; return those that come through its rules. No two of them may be alike.

    Raises AssertionError when some of them do not even arrive.
    """
    links = json.loads(lab.run(host, "ip", "-j", "link", "show", "eth0").stdout)
    lab.nft(host, COUNTER)
    missing = dict(enumerate(packets))
    came: set[Sent] = set()
    for _try in range(TRIES):
        before = arrived(lab, host)
        rows = [(number, *packet) for number, packet in missing.items()]
        given = {
            "peer": PEER,
            "host": host,
            "card": links[0]["address"],
            "own": ADDRESSES,
            "packets": rows,
            "wait": _WAIT,
        }
        # Not in the host's namespace, as it enters both.
        done = lab.run(PEER, sys.executable, "-c", FLOOD, input=json.dumps(given))
        for number in json.loads(done.stdout):
            came.add(packets[number])
            missing.pop(number, None)
        if arrived(lab, host) - before == len(rows):
            return came
    raise AssertionError(f"some of {len(packets)} packets never arrived")


COUNTER = """
table netdev arrived
delete table netdev arrived
table netdev arrived {
  counter ours { }
  chain wire { type filter hook ingress device eth0 priority -500; ether saddr 02:00:00:00:00:01 counter name ours; }
}
"""


def arrived(lab: Lab, host: str) -> int:
    """Return how many of our packets came to a host; the kernel's own are not counted."""
    listing = json.loads(lab.run(host, "nft", "-j", "list", "counter", "netdev", "arrived", "ours").stdout)
    return next(one["counter"]["packets"] for one in listing["nftables"] if "counter" in one)
