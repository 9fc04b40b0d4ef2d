# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a row's words tell of a flow: that it exists only under a condition, goes to multicast groups, or to a given address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import addresses, draft_names
from .document import Way
from .draft_names import quoted
from .draft_sides import Proposal

_CONDITION = re.compile(
    r"\b(?:only )?(?:if|when)\b[^.;,]{0,60}?\b(?:enabled|used|using|configured|activated|licen[cs]ed|installed|needed|required|selected)\b"
    r"|\b(?:disabled|off) by default\b|\bonly for\b|\bonly needed\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w/]|\.\d)")
_MULTICAST = re.compile(r"\bmulticast\b(?! dns)", re.IGNORECASE)


class Discovery(NamedTuple):
    """Discovery by multicast on the segment: words that name it, its UDP port, its feature and the parameter of its groups.

    A feature that begins with _ is the product's own.
    """

    pattern: re.Pattern[str]
    port: str
    feature: str
    groups: str


_DISCOVERY = tuple(
    Discovery(re.compile(pattern, re.IGNORECASE), port, feature, groups)
    for pattern, port, feature, groups in (
        (r"\bm-?dns\b|\bmulticast dns\b|\bbonjour\b|\bzeroconf\b", "5353", "mdns", "mdns_groups"),
        (r"\bupnp\b|\bssdp\b|\bdlna\b", "1900", "upnp", "ssdp_groups"),
        (r"\bws-?discovery\b|\bonvif\b", "3702", "_ws_discovery", "ssdp_groups"),
    )
)


class Trait(NamedTuple):
    """A feature, what it switches on, and the groups that are sent to (a parameter), with their addresses where the row has them."""

    feature: Proposal
    description: str
    multicast: str = ""
    groups: tuple[str, ...] = ()


def apart(ways: Sequence[Way], words: str) -> list[Way]:
    """Return the ways with ports of discovery, which go to groups of their own, apart from the rest."""
    found: list[Way] = []
    for way in ways:
        ports = [entry.port for entry in _DISCOVERY if entry.port in way.ports and entry.pattern.search(words)]
        if "udp" not in way.protocols or len(way.ports) == 1 or not ports:
            found.append(way)
            continue
        found.extend(Way(["udp"], [port], port, []) for port in ports)
        rest = [port for port in way.ports if port not in ports]
        others = [protocol for protocol in way.protocols if protocol != "udp"]
        found.extend([Way(way.protocols, rest, ", ".join(rest), [])] if rest else [])
        found.extend([Way(others, ports, ", ".join(ports), [])] if others else [])
    return found


def trait(words: str, label: str, protocols: Sequence[str], ports: Sequence[str], product: str) -> Trait | None:
    """Return the feature that a flow hangs on where the presence of its ends cannot tell, or None."""
    for entry in _DISCOVERY:
        if list(ports) == [entry.port] and list(protocols) == ["udp"] and entry.pattern.search(words):
            feature = product + entry.feature if entry.feature.startswith("_") else entry.feature
            reason = f"discovery by multicast on port {entry.port}, which stays on its segment"
            described = f"Discovery by multicast on port {entry.port} is used."
            return Trait(Proposal(feature, "medium", reason), described, entry.groups)
    if "igmp" in protocols or (_MULTICAST.search(words) and "udp" in protocols):
        proposal = Proposal(f"{product}_multicast", "medium", f"the text speaks of multicast: {quoted(words)}")
        given = tuple(address for address in _found(words) if is_group(address))
        return Trait(proposal, "Multicast is used.", f"{product}_multicast_groups", given)
    condition = _CONDITION.search(words)
    if condition:
        feature = f"{product}_{draft_names.slug(label, 30, brief=True) or 'optional'}"
        return Trait(Proposal(feature, "low", f"the document has a condition: {quoted(condition[0])}"), words)
    return None


def given_addresses(words: str) -> list[str]:
    """Return the addresses and networks of hosts that a text gives."""
    return [address for address in _found(words) if not is_group(address)]


def without_addresses(words: str) -> str:
    """Return a text without its addresses."""
    return _ADDRESS.sub("", words)


def is_group(text: str) -> bool:
    """Return whether an IPv4 address or network is one of multicast."""
    return 224 <= addresses.network(text).first >> 24 <= 239


def _found(words: str) -> list[str]:
    return [match[0] for match in _ADDRESS.finditer(words) if _is_usable(match[0])]


def _is_usable(text: str) -> bool:
    try:
        network = addresses.network(text)
    except ValueError:
        return False
    return addresses.is_address(text) or is_group(text) or ("/" in text and 0 < network.first >> 24 < 224)
