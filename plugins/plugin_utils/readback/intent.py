# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's firewall must let through, and what it may: stated from the policy's rules, whatever writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Ranges

EGRESS = ("allow", "enforce")
_KEYS = ("direction", "protocol", "ports", "peers")
_PROTOCOLS = {"tcp": 6, "udp": 17, "igmp": 2}
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_V4, _V6 = frozenset({"ipv4"}), frozenset({"ipv6"})
_NEW, _INVALID = frozenset({"new"}), frozenset({"invalid"})
_GOING_ON = frozenset({"established", "related"})
#: Listener and neighbour discovery have no state.
_DISCOVERY = frozenset({"new", "untracked"})
_LINK_LOCAL = (ranges.network("fe80::/10"),)
_GROUPS = (ranges.network("224.0.0.0/4"),)
_DHCPV6_SERVERS = ranges.union(_LINK_LOCAL, (ranges.network("ff02::1:2"),))


class Expected(NamedTuple):
    """Packets of a direction (``in``, ``out``) in a box, and why they are let through."""

    direction: str
    box: Box
    why: str


class Intent(NamedTuple):
    """``required`` must be let through, but for what is ``withheld``, which may be. ``tolerated`` may be. Nothing else is."""

    required: tuple[Expected, ...]
    tolerated: tuple[Expected, ...]
    withheld: tuple[Expected, ...]


def intent(
    rules: Iterable[Mapping[str, Any]],
    egress: str = "allow",
    tolerated: Sequence[Expected] = (),
    withheld: Sequence[Expected] = (),
) -> Intent:
    """Return the intent of a policy's ``rules``. ``tolerated`` and ``withheld`` are what else may be let through, and may not.

    Raises ValueError, with the rule's number and key, on wrong rules, and on another ``egress`` than ``allow`` and ``enforce``.
    """
    if egress not in EGRESS:
        raise ValueError(f"egress: {egress!r} is not one of {', '.join(EGRESS)}")
    given = list(rules)
    declared = [found for number, rule in enumerate(given) for found in _declared(rule, f"rules[{number}]")]
    multicast = any(rule["protocol"] == "igmp" for rule in given)
    required = [*_going_on(), *_always_in(multicast), *declared]
    allowed = [*_harmless(), *tolerated]
    if egress == "enforce":
        required += _always_out(multicast)
        allowed += [
            Expected("out", {**found.box, "state": _INVALID}, found.why)
            for found in (*declared, *_always_out(multicast))
            if found.direction == "out"
        ]
    else:
        allowed.append(Expected("out", {}, "what leaves is not restricted"))
    return Intent(tuple(required), tuple(allowed), tuple(withheld))


def _number(value: int) -> Ranges:
    return ((value, value),)


def _icmp(family: frozenset[str], types: Ranges, state: frozenset[str], **more: Any) -> Box:
    return {
        "family": family,
        "protocol": _number(1 if family == _V4 else 58),
        "icmp_type": types,
        "state": state,
        **more,
    }


def _going_on() -> list[Expected]:
    """Redirects belong to no connection that anything here needs, and are dropped by many on purpose."""
    out = []
    why = "replies, and errors about our own packets"
    for direction in ("in", "out"):
        interface = "input_interface" if direction == "in" else "output_interface"
        whole: tuple[Box, ...] = (
            {"protocol": ranges.complement(ranges.union(_number(1), _number(58)), 255)},
            {"family": _V4, "protocol": _number(1), "icmp_type": ranges.complement(_number(5), 255)},
            {"family": _V6, "protocol": _number(58), "icmp_type": ranges.complement(_number(137), 255)},
        )
        for box in whole:
            out.append(Expected(direction, {**box, "state": _GOING_ON}, why))
        everything = _NEW | _GOING_ON | _DISCOVERY
        out.append(Expected(direction, {interface: frozenset({"lo"}), "state": everything}, "loopback"))
    return out


def _always_in(multicast: bool) -> list[Expected]:
    why = "ping, and what IPv6 cannot do without"
    out = [
        Expected("in", _icmp(_V4, _number(8), _NEW), "ping"),
        Expected("in", _icmp(_V6, ((1, 4), (128, 128)), _NEW), why),
        Expected("in", _icmp(_V6, ((133, 136),), _DISCOVERY, hop_limit=_number(255)), "neighbour discovery"),
        Expected(
            "in",
            _icmp(_V6, ((130, 132), (143, 143)), _DISCOVERY, source=_LINK_LOCAL),
            "multicast listener discovery",
        ),
        Expected(
            "in",
            {
                "family": _V6,
                "protocol": _number(17),
                "source_port": _number(547),
                "destination_port": _number(546),
                "source": _LINK_LOCAL,
                "state": _NEW,
            },
            "DHCPv6 replies",
        ),
    ]
    if multicast:
        query: Box = {
            "family": _V4,
            "protocol": _number(2),
            "icmp_type": _number(17),
            "destination": _GROUPS,
            "state": _NEW,
        }
        out.append(Expected("in", query, "who still listens, asked by any querier"))
    return out


def _always_out(multicast: bool) -> list[Expected]:
    out = [
        Expected("out", {"family": _V4, "protocol": _number(1), "state": _NEW}, "ICMP"),
        Expected("out", {"family": _V6, "protocol": _number(58), "state": _DISCOVERY}, "ICMPv6"),
        Expected("out", _udp(_V4, 68, 67), "DHCP"),
        Expected("out", {**_udp(_V6, 546, 547), "destination": _DHCPV6_SERVERS}, "DHCPv6"),
    ]
    if multicast:
        box: Box = {"family": _V4, "protocol": _number(2), "destination": _GROUPS, "state": _NEW}
        out.append(Expected("out", box, "IGMP reports"))
    return out


def _udp(family: frozenset[str], source: int, destination: int) -> Box:
    ports = {"source_port": _number(source), "destination_port": _number(destination)}
    return {"family": family, "protocol": _number(17), "state": _NEW, **ports}


def _harmless() -> list[Expected]:
    """What makes no difference to what reaches a service."""
    out = [
        Expected("in", {"input_interface": frozenset({"lo"})}, "loopback"),
        Expected("out", {"output_interface": frozenset({"lo"})}, "loopback"),
    ]
    for direction in ("in", "out"):
        out.append(Expected(direction, {"state": _GOING_ON}, "what belongs to a connection that was let through"))
        for family, other in ((_V4, 58), (_V6, 1)):
            box: Box = {"family": family, "protocol": _number(other)}
            out.append(Expected(direction, box, "ICMP of the other family, which nothing reads"))
    return out


def _declared(rule: Mapping[str, Any], name: str) -> list[Expected]:
    for key in _KEYS:
        if key not in rule:
            raise ValueError(f"{name}.{key}: is missing")
    direction, protocol = rule["direction"], rule["protocol"]
    if direction not in ("in", "out"):
        raise ValueError(f"{name}.direction: {direction!r} is not one of in, out")
    if protocol not in _PROTOCOLS:
        raise ValueError(f"{name}.protocol: {protocol!r} is not one of {', '.join(_PROTOCOLS)}")
    box: dict[str, Any] = {"protocol": _number(_PROTOCOLS[protocol]), "state": _NEW}
    if protocol != "igmp":
        box["destination_port"] = ranges.union(_span(text, f"{name}.ports") for text in rule["ports"])
    out = []
    why = ", ".join(rule.get("flows") or ()) or "declared"
    for family, peers in _peers(rule["peers"], f"{name}.peers").items():
        if protocol == "igmp" and family == "ipv6":
            continue
        peer = "source" if direction == "in" else "destination"
        out.append(Expected(direction, {**box, "family": frozenset({family}), peer: peers}, why))
    return out


def _span(text: str, name: str) -> tuple[int, int]:
    found = _PORTS.fullmatch(text) if isinstance(text, str) else None
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise ValueError(f"{name}: {text!r} is not a port or a range of ports")
    return first, last


def _peers(texts: Sequence[str], name: str) -> dict[str, Ranges]:
    if "any" in texts:
        return dict(ranges.EVERY)
    found: dict[str, list[tuple[int, int]]] = {}
    for text in texts:
        try:
            found.setdefault(ranges.family_of(text), []).append(ranges.network(text))
        except (ValueError, TypeError):
            raise ValueError(f"{name}: {text!r} is not an address, a network or any") from None
    return {family: ranges.union(pairs) for family, pairs in found.items()}
