# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a packet an expression of nft's JSON reads, and what the values mean that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_words import protocol_number
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NAMES, Box, Ranges, Values

TCP_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
_ICMP = {
    "echo-reply": 0,
    "destination-unreachable": 3,
    "source-quench": 4,
    "redirect": 5,
    "echo-request": 8,
    "router-advertisement": 9,
    "router-solicitation": 10,
    "time-exceeded": 11,
    "parameter-problem": 12,
    "timestamp-request": 13,
    "timestamp-reply": 14,
    "info-request": 15,
    "info-reply": 16,
    "address-mask-request": 17,
    "address-mask-reply": 18,
}
_ICMPV6 = {
    "destination-unreachable": 1,
    "packet-too-big": 2,
    "time-exceeded": 3,
    "parameter-problem": 4,
    "echo-request": 128,
    "echo-reply": 129,
    "mld-listener-query": 130,
    "mld-listener-report": 131,
    "mld-listener-done": 132,
    "mld-listener-reduction": 132,
    "nd-router-solicit": 133,
    "nd-router-advert": 134,
    "nd-neighbor-solicit": 135,
    "nd-neighbor-advert": 136,
    "nd-redirect": 137,
    "router-renumbering": 138,
    "ind-neighbor-solicit": 141,
    "ind-neighbor-advert": 142,
    "mld2-listener-report": 143,
}
_IGMP = {
    "membership-query": 17,
    "membership-report-v1": 18,
    "membership-report-v2": 22,
    "leave-group": 23,
    "membership-report-v3": 34,
}
_FAMILIES = {"ip": "ipv4", "ip6": "ipv6", "ipv4": "ipv4", "ipv6": "ipv6"}
#: What arrives for the host is for an address of its own, for all or for many; never for another host.
_FIB_CASTS = {"local": "unicast", "broadcast": "broadcast", "multicast": "multicast"}
_FIB_NEVER = ("unicast", "anycast", "blackhole", "unreachable", "prohibit", "unspec")
_PACKET_CASTS = {"host": "unicast", "unicast": "unicast", "broadcast": "broadcast", "multicast": "multicast"}


class About(NamedTuple):
    """What a rule is understood by: the hooks that lead to its chain, the host's interfaces and addresses, the table's sets."""

    hooks: frozenset[str]
    interfaces: frozenset[str]
    addresses: Mapping[str, Ranges]
    sets: Mapping[str, list[Any]]

    @property
    def arriving(self) -> bool:
        """Whether only packets that arrive come to the rule."""
        return not self.hooks & {"output", "postrouting"}


#: Returns what one value means, None where it is not understood.
Read = Callable[[Any], Values | None]


class Field(NamedTuple):
    """``implied`` is what a packet must be to have the field. ``known`` are all names, for a dimension of names."""

    dimension: str
    implied: Box
    read: Read
    known: frozenset[str] = frozenset()


def field(expression: Any, about: About) -> Field | None:
    """Return the field that an expression reads, None where it is none of the model's."""
    match expression:
        case {"payload": {"protocol": str(protocol), "field": str(name)}}:
            found = _PAYLOAD.get((protocol, name))
            return Field(found[0], implied(expression), found[1]) if found else None
        case {"meta": {"key": str(key)}}:
            return _meta(key, about)
        case {"ct": {"key": "state", **rest}} if not rest:
            return Field("state", {}, _names({name: name for name in STATES}), NAMES["state"])
        case {"fib": {"result": "type", "flags": [*flags]}} if "daddr" in flags and about.arriving:
            casts = {**_FIB_CASTS, **dict.fromkeys(_FIB_NEVER, "")}
            return Field("cast", {}, _names(casts), NAMES["cast"])
    return None


def implied(expression: Any) -> Box:
    """Return what a packet must be for an expression to read anything of it."""
    match expression:
        case {"payload": {"protocol": str(protocol)}}:
            return _IMPLIED.get(protocol, {})
        case {"&": [inner, *_rest]}:
            return implied(inner)
    return {}


def flags(value: Any, names: Mapping[str, int]) -> int | None:
    """Return flags as one number: a name, a number, or several of them in any of nft's forms."""
    match value:
        case bool():
            return None
        case int():
            return value
        case str():
            return int(value, 0) if value[:1].isdigit() else names.get(value)
        case [*parts] | {"|": [*parts]}:
            found = [flags(part, names) for part in parts]
            total = 0
            for one in found:
                if one is None:
                    return None
                total |= one
            return total
    return None


def _meta(key: str, about: About) -> Field | None:
    if key == "l4proto":
        return Field("protocol", {}, _protocols)
    if key in ("nfproto", "protocol"):
        return Field("family", {}, _names(_FAMILIES, ""), NAMES["family"])
    if key == "pkttype" and about.arriving:
        return Field("cast", {}, _names({**_PACKET_CASTS, "other": ""}), NAMES["cast"])
    if key in ("iif", "iifname", "oif", "oifname"):
        known = about.interfaces | {""}
        return Field(f"{'in' if key[0] == 'i' else 'out'}put_interface", {}, _interfaces(known), known)
    return None


def _names(meaning: Mapping[str, str], other: str | None = None) -> Read:
    """Read a name; "" means that no packet has it."""

    def read(value: Any) -> Values | None:
        found = meaning.get(value, other) if isinstance(value, str) else None
        return None if found is None else frozenset({found} - {""})

    return read


def _interfaces(known: Iterable[str]) -> Read:
    def read(value: Any) -> Values | None:
        if not isinstance(value, str):
            return None
        if value.endswith("*"):
            return frozenset(name for name in known if name and name.startswith(value[:-1]))
        return frozenset(known) & {value}

    return read


def _numbers(names: Mapping[str, int], highest: int) -> Read:
    def number(value: Any) -> int | None:
        if isinstance(value, str):
            value = int(value) if value.isascii() and value.isdigit() else names.get(value)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest else None

    return _spans(number)


def _spans(number: Callable[[Any], int | None]) -> Read:
    def read(value: Any) -> Values | None:
        ends = value["range"] if isinstance(value, dict) and set(value) == {"range"} else [value, value]
        first, last = map(number, ends)
        return None if first is None or last is None else ((first, last),)

    return read


def _addresses(family: str) -> Read:
    def number(value: Any) -> int | None:
        try:
            first, last = ranges.network(value)
        except (ValueError, TypeError):
            return None
        return first if first == last and ranges.family_of(value) == family else None

    spans = _spans(number)

    def read(value: Any) -> Values | None:
        match value:
            case {"prefix": {"addr": str(address), "len": int(length)}} if ranges.family_of(address) == family:
                return (ranges.network(f"{address}/{length}"),)
        return spans(value)

    return read


def _protocol(value: Any) -> int | None:
    return protocol_number(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


_protocols = _spans(_protocol)
_port = _numbers({}, 65535)
_hop = _numbers({}, 255)
_PORTS = {
    (name, field): (dimension, _port)
    for name in ("tcp", "udp", "udplite", "dccp", "sctp", "th")
    for field, dimension in (("sport", "source_port"), ("dport", "destination_port"))
}


def _flag_values(value: Any) -> Values | None:
    number = flags(value, TCP_FLAGS)
    return None if number is None or not 0 <= number <= 255 else ((number, number),)


_PAYLOAD: dict[tuple[str, str], tuple[str, Read]] = {
    ("ip", "saddr"): ("source", _addresses("ipv4")),
    ("ip", "daddr"): ("destination", _addresses("ipv4")),
    ("ip", "protocol"): ("protocol", _protocols),
    ("ip", "ttl"): ("hop_limit", _hop),
    ("ip6", "saddr"): ("source", _addresses("ipv6")),
    ("ip6", "daddr"): ("destination", _addresses("ipv6")),
    ("ip6", "nexthdr"): ("protocol", _protocols),
    ("ip6", "hoplimit"): ("hop_limit", _hop),
    ("icmp", "type"): ("icmp_type", _numbers(_ICMP, 255)),
    ("icmpv6", "type"): ("icmp_type", _numbers(_ICMPV6, 255)),
    ("igmp", "type"): ("icmp_type", _numbers(_IGMP, 255)),
    ("tcp", "flags"): ("tcp_flags", _flag_values),
    **_PORTS,
}
_IPV4, _IPV6 = frozenset({"ipv4"}), frozenset({"ipv6"})
_IMPLIED: dict[str, Box] = {
    "ip": {"family": _IPV4},
    "ip6": {"family": _IPV6},
    "icmp": {"family": _IPV4, "protocol": ((1, 1),)},
    "igmp": {"family": _IPV4, "protocol": ((2, 2),)},
    "icmpv6": {"family": _IPV6, "protocol": ((58, 58),)},
    **{
        name: {"protocol": ((number, number),)}
        for name, number in (("tcp", 6), ("udp", 17), ("dccp", 33), ("esp", 50), ("ah", 51))
    },
    **{name: {"protocol": ((number, number),)} for name, number in (("comp", 108), ("sctp", 132), ("udplite", 136))},
}
