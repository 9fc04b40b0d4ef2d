# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy lets through, as boxes of packets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import PROTOCOLS

FAMILIES = ("ipv4", "ipv6")
#: Protocol and family -> what the policy lets through.
Grants = Mapping[tuple[int, str], Sequence[Box]]


def let_through(declared: Iterable[Any], direction: str) -> Grants:
    """Return what checked rules of a direction let through."""
    out: dict[tuple[int, str], list[Box]] = {}
    for rule in declared:
        if rule.direction != direction:
            continue
        ports = tuple(rule.ports) or values.ALL_PORTS
        sides = (ports, values.ALL_PORTS) if direction == "in" else (values.ALL_PORTS, ports)
        for family in FAMILIES:
            every = ranges.EVERY[family]
            peers = every if rule.anyone else tuple(rule.peers.get(int(family[-1]), ()))
            out.setdefault((PROTOCOLS[rule.protocol], family), []).append(Box(peers, every, *sides))
    return out
