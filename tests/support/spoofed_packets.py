# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single packets with any addresses into and out of a laboratory's host, and which of them its rules let through.

Two chains of nft watch: one before all rules, which tells that a packet came, one behind all, which tells that it was let
through. A packet is known by its addresses, its protocol and the first four bytes behind its header.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

PEER = "peer"
TCP, UDP, ICMP, ICMPV6, IGMP, GRE = 6, 17, 1, 58, 2, 47
NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "ipv6-icmp": ICMPV6, "igmp": IGMP, "gre": GRE}
WATCH = """
table inet watch {
 set came4 { typeof ip saddr . ip daddr . meta l4proto . th sport . th dport; size 65535; flags dynamic; }
 set came6 { typeof ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport; size 65535; flags dynamic; }
 set through4 { typeof ip saddr . ip daddr . meta l4proto . th sport . th dport; size 65535; flags dynamic; }
 set through6 { typeof ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport; size 65535; flags dynamic; }
 chain came { update @came4 { ip saddr . ip daddr . meta l4proto . th sport . th dport }
  update @came6 { ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport }; }
 chain through { update @through4 { ip saddr . ip daddr . meta l4proto . th sport . th dport }
  update @through6 { ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport }; }
 chain a { type filter hook prerouting priority -450; jump came; }
 chain b { type filter hook output priority -450; jump came; }
 chain c { type filter hook input priority 450; jump through; }
 chain d { type filter hook postrouting priority 450; jump through; }
}
"""
SEND = """
import json, socket, sys
arriving, leaving = json.load(sys.stdin)
for interface, frames in arriving.items():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        for frame in frames:
            wire.send(bytes.fromhex(frame))
for destination, packet in leaving:
    family, protocol, option = (socket.AF_INET6, socket.IPPROTO_IPV6, 36) if ":" in destination else (socket.AF_INET, 0, 3)
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
        out.setsockopt(protocol, option, 1)
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            out.sendto(bytes.fromhex(packet), (destination, 0))
        except OSError:
            pass
"""
WAIT = 2.0
TRIES = 5


class Spoofed(NamedTuple):
    """``interface`` is the host's, where it comes in or "" where it goes out; ``kind`` the type of ICMP, ``hops`` its time to live."""

    protocol: int
    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    source_port: int
    port: int
    interface: str = "eth0"
    kind: int = 0
    hops: int = 64

    @property
    def family(self) -> str:
        return f"ipv{self.source.version}"


Key = tuple[str, str, int, int, int]


class Watch:
    """The host of a laboratory with a neighbour on each of its segments, watched."""

    def __init__(self, lab: NftLab) -> None:
        self._lab = lab
        for number, segment in enumerate(("lan", "other")):
            lab.host(HOST, f"10.9.{number}.1/24", f"2001:db8:9:{number}::1/64", segment=segment)
            lab.host(PEER, f"10.9.{number}.2/24", f"2001:db8:9:{number}::2/64", segment=segment)
        lab.shell(
            "ip route add default via 10.9.0.2; ip -6 route add default via 2001:db8:9::2;"
            " for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done"
        )
        links = json.loads(lab.shell("ip -j link"))
        self._cards = {link["ifname"]: bytes.fromhex(link["address"].replace(":", "")) for link in links}

    def through(self, packets: Sequence[Spoofed]) -> set[Spoofed]:
        """Send packets; return those that the host's rules let through. Raises AssertionError when one does not come at all."""
        self._lab.nft(HOST, "table inet watch\ndelete table inet watch\n" + WATCH)
        whole = {_key(packet): packet for packet in packets}
        missing = set(whole)
        for _try in range(TRIES):
            self._send([whole[key] for key in missing])
            until = time.monotonic() + WAIT
            while missing and time.monotonic() < until:
                missing -= self._seen("came")
            if not missing:
                break
        assert not missing, f"{len(missing)} packets never came, such as {whole[min(missing)]}"
        return {whole[key] for key in self._seen("through") & set(whole)}

    def _send(self, packets: Iterable[Spoofed]) -> None:
        arriving: dict[str, list[str]] = {}
        leaving = []
        for packet in packets:
            data = packet_bytes(packet)
            if packet.interface:
                arriving.setdefault(packet.interface, []).append((self._header(packet) + data).hex())
            else:
                leaving.append((str(packet.destination), data.hex()))
        for host, what in ((PEER, (arriving, [])), (HOST, ({}, leaving))):
            if any(what):
                self._lab.run(host, sys.executable, "-c", SEND, input=json.dumps(what))

    def _header(self, packet: Spoofed) -> bytes:
        destination = packet.destination
        if destination.version == 4 and destination.is_multicast:
            card = b"\x01\x00\x5e" + bytes([destination.packed[1] & 127]) + destination.packed[2:]
        elif destination.is_multicast:
            card = b"\x33\x33" + destination.packed[12:]
        elif str(destination).endswith(".255"):
            card = b"\xff" * 6
        else:
            card = self._cards[packet.interface]
        return card + b"\x02\x00\x00\x00\x00\x01" + (b"\x08\x00" if destination.version == 4 else b"\x86\xdd")

    def _seen(self, name: str) -> set[Key]:
        found: set[Key] = set()
        for version in (4, 6):
            listing = json.loads(self._lab.shell(f"nft -j list set inet watch {name}{version}"))
            (content,) = (entry["set"] for entry in listing["nftables"] if "set" in entry)
            for element in content.get("elem", []):
                source, destination, protocol, *ports = element["concat"]
                found.add((source, destination, NUMBERS.get(protocol, protocol), *ports))
        return found


def packet_bytes(packet: Spoofed) -> bytes:
    """Return a packet with its header, and with checksums that are right."""
    payload = _payload(packet)
    source, destination = packet.source.packed, packet.destination.packed
    if packet.source.version == 6:
        return (
            struct.pack("!IHBB", 6 << 28, len(payload), packet.protocol, packet.hops) + source + destination + payload
        )
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0, packet.hops, packet.protocol, 0)
    checksum = struct.pack("!H", _checksum(header + source + destination))
    return header[:10] + checksum + source + destination + payload


def some_packets(random_: random.Random, count: int, make: Callable[[random.Random], Spoofed]) -> list[Spoofed]:
    """Return ``count`` packets that ``make`` gives, no two of which look alike."""
    found: dict[Key, Spoofed] = {}
    while len(found) < count:
        packet = make(random_)
        found.setdefault(_key(packet), packet)
    return list(found.values())


def _payload(packet: Spoofed) -> bytes:
    ports = (packet.source_port, packet.port)
    if packet.protocol == TCP:
        bare = struct.pack("!HHIIBBHHH", *ports, 1, 0, 0x50, 2, 1024, 0, 0)
        return _checked(packet, bare, 16)
    if packet.protocol == UDP:
        return _checked(packet, struct.pack("!HHHH", *ports, 8, 0), 6)
    if packet.protocol in (ICMP, ICMPV6):
        return _checked(packet, struct.pack("!BBHHH", packet.kind, 0, 0, *ports) + bytes(12), 2)
    if packet.protocol == IGMP:
        return _checked(packet, struct.pack("!BBHI", packet.kind, 0, 0, packet.source_port), 2)
    return bytes(8)


def _checked(packet: Spoofed, bare: bytes, place: int) -> bytes:
    pseudo = b""
    if packet.protocol not in (ICMP, IGMP):
        pseudo = packet.source.packed + packet.destination.packed + struct.pack("!II", len(bare), packet.protocol)
    return bare[:place] + struct.pack("!H", _checksum(pseudo + bare) or 0xFFFF) + bare[place + 2 :]


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _key(packet: Spoofed) -> Key:
    first, second = struct.unpack("!HH", _payload(packet)[:4])
    return str(packet.source), str(packet.destination), packet.protocol, first, second
