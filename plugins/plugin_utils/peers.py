# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of peers: sorted, with nothing that another member covers."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from .addresses import ANY, ANY_TEXT, Network


class Peers:
    """Networks without overlap, as an immutable, ordered set."""

    __slots__ = ("networks", "size", "texts")

    def __init__(self, networks: Iterable[Network]) -> None:
        ordered = sorted(set(networks), key=lambda network: (network.version, network.first, -network.last))
        kept: list[Network] = []
        for network in ordered:
            if not (
                kept and (kept[-1] is ANY or (kept[-1].version == network.version and network.last <= kept[-1].last))
            ):
                kept.append(network)
        self.networks = tuple(kept)
        self.texts = tuple(network.text for network in kept)
        self.size = 1 << 130 if self.texts == (ANY_TEXT,) else sum(network.last - network.first + 1 for network in kept)

    def covers(self, network: Network) -> bool:
        """Return whether every address of ``network`` is in the set, be it in several that follow on each other."""
        if self.texts == (ANY_TEXT,):
            return True
        position = bisect.bisect_right(self.networks, (network.version, network.first, 1 << 130, "")) - 1
        wanted = network.first
        for index in range(max(position, 0), len(self.networks)):
            found = self.networks[index]
            if found.version != network.version or not found.first <= wanted <= found.last:
                return False
            wanted = found.last + 1
            if network.last < wanted:
                return True
        return False

    def includes(self, other: Peers) -> bool:
        """Return whether every address of ``other`` is in this set."""
        return self is other or all(self.covers(network) for network in other.networks)
