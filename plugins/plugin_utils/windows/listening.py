# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that listen on a Windows host, with their program and services, judged by whose they are and what the matrix has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known as knowledge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.http_urls import HttpUrl
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import SYSTEM, Owner
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule

#: Windows gives ports from here on to programs that ask for none in particular.
FIRST_DYNAMIC = 49152
_SYSTEM_PID = 4


class Socket(NamedTuple):
    """A listening TCP socket, or a bound UDP one."""

    protocol: str
    address: str
    port: int
    pid: int
    process: str
    path: str
    services: tuple[str, ...]

    @property
    def number(self) -> int:
        """The protocol's number."""
        return PROTOCOLS[self.protocol]

    @property
    def local(self) -> bool:
        """Whether only the host itself can reach it."""
        try:
            family, number = address_ranges.parse_address(self.address.partition("%")[0])
        except ValueError:
            return False
        return number >> 24 == 127 if family == 4 else number == 1

    @property
    def system(self) -> bool:
        """Whether Windows itself holds it, as it does for whoever uses HTTP.sys."""
        return self.pid == _SYSTEM_PID or self.process.lower() == SYSTEM

    def owner(self) -> Owner | None:
        """Return whose program or service it is, as far as that is known."""
        for service in self.services or ("",):
            rule = WindowsRule("", program=self.path or self._file(), service=service)
            found = knowledge.known().owner(rule)
            if found:
                return found
        return None

    def _file(self) -> str:
        """The name of the program's file; Windows gives a process's name without its ending."""
        return self.process if self.process.lower().endswith(".exe") or not self.process else f"{self.process}.exe"

    def holder(self) -> str:
        """Say whose it is."""
        services = f", service {', '.join(self.services)}" if self.services else ""
        return f"{self.path or self.process or 'a program'} (process {self.pid}{services})"

    def place(self) -> str:
        """Say which socket it is."""
        return f"{self.holder()} on {self.address or '*'}"


def read(rows: Iterable[Mapping[str, Any]]) -> list[Socket]:
    """Return the sockets of module win_ports_in_use; what is neither TCP nor UDP is left out."""
    found = []
    for row in rows:
        protocol = str(row.get("protocol", "")).lower()
        if protocol in ("tcp", "udp"):
            found.append(
                Socket(
                    protocol,
                    str(row.get("address") or ""),
                    int(row.get("port") or 0),
                    int(row.get("pid") or 0),
                    str(row.get("process") or ""),
                    str(row.get("path") or ""),
                    tuple(str(service) for service in row.get("services") or ()),
                )
            )
    return sorted(found, key=lambda socket: (socket.protocol, socket.port, socket.address))


def behind(url: HttpUrl, sockets: Iterable[Socket]) -> Socket:
    """Return an address of HTTP.sys as if its program listened itself, with what is known of that from its other sockets."""
    known = next((socket for socket in sockets if url.pid and socket.pid == url.pid), None)
    return Socket(
        "tcp",
        url.host,
        url.port,
        url.pid,
        known.process if known else "",
        url.program or (known.path if known else ""),
        known.services if known else (),
    )


def strange(socket: Socket, ports: Iterable[MatrixPort]) -> bool:
    """Tell whether a program of a product that has ports here listens where the matrix has none; ports given by Windows are not looked at."""
    owner = socket.owner()
    return owner is not None and socket.port < FIRST_DYNAMIC and any(each.product == owner.product for each in ports)


def flows_of(ports: Iterable[MatrixPort], protocol: int, port: int) -> list[str]:
    """Return the flows of the matrix on this host that have a port."""
    return sorted({each.flow for each in ports if each.protocol == protocol and ranges.contains(each.ports, port)})


def judged(
    socket: Socket, ports: Sequence[MatrixPort], told: Sequence[Ranges] = ()
) -> tuple[dict[str, Any], list[str]]:
    """Return a row as in_use.compare has them, and the sentences to say about it.

    ``told``: TCP ports that were spoken of already, since a file or HTTP.sys has them.
    """
    flows = flows_of(ports, socket.number, socket.port)
    row = {
        "protocol": socket.protocol,
        "port": socket.port,
        "source": "socket",
        "place": socket.place(),
        "parameter": "",
        "flows": flows,
        "process": socket.path or socket.process,
        "services": list(socket.services),
    }
    spoken = socket.protocol == "tcp" and any(ranges.contains(each, socket.port) for each in told)
    state, sentences = _state(socket, ports, flows, spoken)
    return {**row, "state": state}, sentences


def _state(socket: Socket, ports: Sequence[MatrixPort], flows: Sequence[str], told: bool) -> tuple[str, list[str]]:
    if socket.local:
        return "local", []
    if flows:
        taken = not socket.owner() and not socket.system and _recognisable(flows) and socket.path
        return ("taken", [_taken(socket, flows)]) if taken else ("matrix", [])
    if not strange(socket, ports):
        return "other", []
    return "unknown", [] if told else [_unknown(socket)]


def _recognisable(flows: Iterable[str]) -> bool:
    """Tell whether the programs of a flow's product would have been recognised."""
    products = {product.name for product in knowledge.known().products}
    return all(flow.partition(".")[0] in products for flow in flows)


def _taken(socket: Socket, flows: Sequence[str]) -> str:
    return f"{socket.holder()} holds {_port(socket)}, which the matrix has for {', '.join(flows)}."


def _unknown(socket: Socket) -> str:
    return f"{socket.holder()} listens on {_port(socket)}, which the matrix does not have on this host."


def _port(socket: Socket) -> str:
    return f"{socket.protocol.upper()} {socket.port}"
