# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory with one host under the nftables policy: real nft, real packets, and an /etc and /var/lib of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

HOST = "host"
MODULE = "nftables_policy"
# An overlay keeps what nft and Python read from the real /etc; what is written goes to the laboratory's memory. Links lead
# out of it (os-release is one), so where they lead is read-only.
PRIVATE = """
mkdir -p /run/etc/upper /run/etc/work &&
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc &&
mount -t tmpfs tmpfs /var/lib &&
mount --bind /usr /usr && mount -o remount,bind,ro /usr &&
rm -rf /etc/nftables* /etc/sysconfig/nftables.conf /etc/os-release && echo ID=debian > /etc/os-release
"""
SNAPSHOT = "cd / && find etc var/lib | sort | xargs stat --format '%n %F %a %u %g' && cat $(find /etc/nft* /etc/sysconfig -type f)"
CONNECT = """
import concurrent.futures, socket, sys
kind, address, *ports = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET

def answers(port):
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as client:
        client.settimeout(0.7)
        try:
            client.connect((address, int(port)))
            client.send(b"?")
            return bool(client.recv(1))
        except OSError:
            return False

with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
    print(*(port for port, answered in zip(ports, pool.map(answers, ports)) if answered))
"""
ECHO = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            server = socket.socket(family, kind)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.bind((address, port))
            if kind == socket.SOCK_STREAM:
                server.listen()
            selector.register(server, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj.type == socket.SOCK_DGRAM:
            key.fileobj.sendto(*key.fileobj.recvfrom(64))
        elif key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            selector.register(key.fileobj.accept()[0], selectors.EVENT_READ)
        else:
            data = key.fileobj.recv(64)
            if data:
                key.fileobj.send(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
"""
PING = """
import socket, struct, sys
address, six = sys.argv[1], ":" in sys.argv[1]
protocol, request, reply = (58, 128, 129) if six else (1, 8, 0)
with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, protocol) as client:
    client.settimeout(1)
    checksum = 0 if six else ~((request << 8) + 7) & 0xFFFF
    client.sendto(struct.pack("!BBHHH", request, 0, checksum, 7, 0), (address, 0))
    try:
        while client.recv(64)[0 if six else 20] != reply:
            pass
        print("open")
    except OSError:
        print("shut")
"""


class NftLab(Lab):
    """`Lab` whose host `HOST` takes the policy; /etc and /var/lib are private to the laboratory."""

    def __enter__(self) -> NftLab:
        super().__enter__()
        self._inside("sh", "-ec", PRIVATE)
        return self

    def apply(self, rules: list[dict[str, Any]] | None = None, **params: Any) -> dict[str, Any]:
        """Run the module on the host; returns its result, failed or not."""
        return self.module(HOST, MODULE, **({} if rules is None else {"rules": rules}), **params)

    def start(self, host: str, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command on a host, as `Lab.start`; options are those of Popen."""
        options = {"stdout": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen([*self._entrance(), "ip", "netns", "exec", host, *command], **options)

    def shell(self, script: str, **options: Any) -> str:
        """Run shell commands on the host; returns what they print."""
        return self.run(HOST, "sh", "-ec", script, **options).stdout

    def mount(self, script: str) -> None:
        """Run shell commands where mounts stay: what `run` mounts lasts as long as its command."""
        self._inside("sh", "-ec", script)

    def listing(self, *options: str) -> str:
        """Return the table as nft prints it, "" when there is none."""
        return self.run(HOST, "nft", *options, "list", "table", "inet", "portmatrix", check=False).stdout

    def handles(self) -> str:
        """Return the table with its rules' handles, which a rewritten rule does not keep, and without what is counted.

        The kernel's own packets (neighbour discovery, router solicitation) move counters at any time.
        """
        return self.listing("-a", "-s")

    def nft_command(self) -> list[str]:
        """Return how nft is called on the host from here."""
        return [*self._entrance(), "ip", "netns", "exec", HOST, "nft"]

    def snapshot(self) -> str:
        """Return names, kinds, modes and owners of all that is in /etc and /var/lib, and the bytes of the boot path."""
        return self.shell(SNAPSHOT + " 2>/dev/null || true")

    def serve(self, host: str, *ports: int) -> None:
        """Answer on these TCP and UDP ports of a host, IPv4 and IPv6."""
        server = self.start(host, sys.executable, "-c", ECHO, *map(str, ports))
        assert server.stdout is not None and server.stdout.readline().strip() == "ready"

    def reached(self, host: str, protocol: str, address: str, *ports: int) -> set[int]:
        """Return those of the ports that answer a new exchange from ``host``."""
        printed = self.run(host, sys.executable, "-c", CONNECT, protocol, address, *map(str, ports)).stdout
        return set(map(int, printed.split()))

    def reaches(self, host: str, protocol: str, address: str, port: int) -> bool:
        """Tell whether a new exchange from ``host`` gets an answer."""
        return bool(self.reached(host, protocol, address, port))

    def pings(self, host: str, address: str) -> bool:
        """Tell whether ``address`` answers an echo request from ``host``."""
        return self.run(host, sys.executable, "-c", PING, address).stdout.strip() == "open"


def rule(
    ports: str, *peers: str, protocol: str = "tcp", direction: str = "in", flows: tuple[str, ...] = (), reason: str = ""
) -> dict[str, Any]:
    """Return a rule in the form that the compiler gives; ``ports`` are separated by commas."""
    return {
        "direction": direction,
        "protocol": protocol,
        "ports": [port for port in ports.split(",") if port],
        "peers": list(peers),
        "flows": list(flows or (f"test.{direction}.{protocol}.{ports.replace(',', '.') or 'all'}",)),
        "reason": reason,
    }
