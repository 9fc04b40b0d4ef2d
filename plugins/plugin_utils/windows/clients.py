# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Windows host sees this very connection come from, so that no change cuts it off."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import management

#: What the connections of Windows hosts come in on where nothing else is said; behind a gateway that maps ports, the host's own port differs.
USUAL = (*management.WINDOWS_PORTS.values(), management.SSH)


class Client(NamedTuple):
    """The other end as the host sees it, several addresses where it may be any of them, none where it is not known; the host's own port."""

    addresses: tuple[str, ...]
    port: int


def client(state: Mapping[str, Any], port: int, own: str = "") -> Client:
    """Return the Client of this connection, as a host's ``state`` has it.

    ``port``: what the connection goes to. ``own``: the controller's address as it would be seen without address translation.
    Clients on the host itself are left out: nothing can cut them off.
    """
    words = str(state.get("ssh_connection") or "").split()
    if len(words) == 4:
        return Client(_others([(words[0], words[2])]), int(words[3]))
    connections = list(state.get("connections") or ())
    for candidate in dict.fromkeys((port, *USUAL)):
        found = _others(
            (str(each["remote_address"]), str(each["local_address"]))
            for each in connections
            if each["local_port"] == candidate
        )
        if found:
            return Client((own,) if own in found else found, candidate)
    return Client((), port)


def port_of(kind: str, option: Callable[[str], Any]) -> int:
    """Return the port that a connection plugin (``ansible_connection``) goes to; ``option`` gives its options, or None."""
    given = option("port")
    if given:
        return int(given)
    variable = management.WINDOWS.get(kind.rpartition(".")[2])
    if variable is None:
        return management.SSH
    scheme = str(option(variable.rpartition("_")[2]) or "").lower()
    return management.WINDOWS_PORTS.get(scheme, management.WINDOWS_PORTS["https"])


def own_address(host: str, port: int) -> str:
    """Return the address that this controller sends to ``host`` from, empty where that cannot be told; nothing is sent."""
    try:
        for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.connect(address)
                return plain_address(probe.getsockname()[0])
    except (OSError, UnicodeError):
        pass
    return ""


def plain_address(text: str) -> str:
    """Return an address without its scope, and that of IPv4 in IPv6 as what it is; other text is returned as it stands."""
    text = text.partition("%")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(getattr(address, "ipv4_mapped", None) or address)


def _others(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    found = {(plain_address(there), plain_address(here)) for there, here in pairs}
    return tuple(sorted({there for there, here in found if there != here}))
