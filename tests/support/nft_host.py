# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory with one host under the nftables policy: real nft, real packets, and an /etc and /var/lib of its own."""

from __future__ import annotations

import subprocess
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

HOST = "host"
MODULE = "nftables_policy"
# An overlay keeps what nft and Python read from the real /etc; what is written goes to the laboratory's memory.
PRIVATE = """
mkdir -p /run/etc/upper /run/etc/work &&
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc &&
mount -t tmpfs tmpfs /var/lib &&
rm -rf /etc/nftables* /etc/sysconfig/nftables.conf && echo ID=debian > /etc/os-release
"""
SNAPSHOT = "cd / && find etc var/lib | sort | xargs stat --format '%n %F %a %u %g' && cat $(find /etc/nft* /etc/sysconfig -type f)"
CONNECT = """
import socket, sys
kind, address, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as client:
    client.settimeout(0.5)
    try:
        client.connect((address, int(port)))
        client.send(b"?")
        print("open" if client.recv(1) else "shut")
    except OSError:
        print("shut")
"""
ECHO = """
import asyncio, sys

class Udp(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, data, peer):
        self.transport.sendto(data, peer)

async def tcp(reader, writer):
    writer.write(await reader.read(1))
    writer.close()

async def main():
    loop = asyncio.get_running_loop()
    for address in ("0.0.0.0", "::"):
        for port in map(int, sys.argv[1:]):
            await asyncio.start_server(tcp, address, port)
            await loop.create_datagram_endpoint(Udp, (address, port))
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
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

    def nft_command(self) -> list[str]:
        """Return how nft is called on the host from here."""
        return [*self._entrance(), "ip", "netns", "exec", HOST, "nft"]

    def snapshot(self) -> str:
        """Return names, kinds, modes and owners of all that is in /etc and /var/lib, and the bytes of the boot path."""
        return self.shell(SNAPSHOT + " 2>/dev/null || true")

    def serve(self, host: str, *ports: int) -> None:
        """Answer on these TCP and UDP ports of a host, IPv4 and IPv6."""
        server = self.start(host, "python3", "-c", ECHO, *map(str, ports))
        assert server.stdout is not None and server.stdout.readline().strip() == "ready"

    def reaches(self, host: str, protocol: str, address: str, port: int) -> bool:
        """Tell whether a new exchange from ``host`` gets an answer."""
        return self.run(host, "python3", "-c", CONNECT, protocol, address, str(port)).stdout.strip() == "open"


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
