# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a plan from cutting off the very connection that brings it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges

from ..management import WINDOWS_PORTS
from ..readback import ranges
from ..readback.model import Ranges
from . import boxes, evaluate
from .boxes import Box
from .clients import plain_address
from .known import SYSTEM
from .plan import Plan
from .region import UNKNOWN, Listener, Packets

#: Ports that a client may come from.
_CLIENT_PORTS = ((1024, 65535),)
_TCP = 6


def refused(state: Mapping[str, Any], plan: Plan, client_addresses: Iterable[str], port: int) -> str:
    """Return why the host would no longer let in new connections from these addresses to ``port``, or an empty text.

    Every current profile must let them in, surely where the policy is enforced. Elsewhere nothing is shut out that was not before, so a
    rule that lets them in by what is not known here (``LocalSubnet``, the program) is enough. Raises ValueError for what is no address.
    """
    for address in client_addresses:
        for name in plan.host.current:
            why = _cut_off(state, plan, plain_address(address), port, name)
            if why:
                return why
    return ""


def _cut_off(state: Mapping[str, Any], plan: Plan, address: str, port: int, profile: str) -> str:
    family, number = address_ranges.parse_address(address)
    packets = Packets("in", f"ipv{family}", _TCP, profile)
    wanted = Box(((number, number),), _locals(state, address, port, packets.family), ((port, port),), _CLIENT_PORTS)
    found = evaluate.accepted(plan.after, packets, _listener(port))
    rest = boxes.without([wanted], found.sure if plan.intent.enforced else found.possible)
    if not rest:
        return ""
    peer, mine, to, source = (part[0][0] for part in rest[0])
    return (
        f"this policy would cut off this very connection: in the {profile} profile tcp to port {port} from {address} would not be"
        f" let in, {_cause(evaluate.verdict(plan.after, packets, (peer, mine, to, source), _listener(port)), address)}"
    )


def _cause(found: tuple[str, str], address: str) -> str:
    verdict, rule = found
    if verdict == "block" and rule:
        return f"for the rule {rule!r} blocks it; disable that rule, or let it block less"
    doubt = (
        f"for that depends on the rule {rule!r}, which cannot be judged from here" if rule else "for no rule allows it"
    )
    return f"{doubt}; add {address} to portmatrix_management_sources"


def _locals(state: Mapping[str, Any], client: str, port: int, family: str) -> Ranges:
    """Return the host's addresses that this client is connected to, all that there are where that is not known."""
    found = [
        plain_address(each["local_address"])
        for each in state.get("connections") or ()
        if each["local_port"] == port and plain_address(each["remote_address"]) == client
    ]
    numbers = [address_ranges.parse_address(text) for text in found]
    mine = ranges.union([(number, number) for of, number in numbers if f"ipv{of}" == family])
    return mine or ranges.EVERY[family]


def _listener(port: int) -> Listener:
    """WinRM is HTTP.sys, which is the kernel; who else listens is not known."""
    return Listener(SYSTEM) if port in WINDOWS_PORTS.values() else UNKNOWN
