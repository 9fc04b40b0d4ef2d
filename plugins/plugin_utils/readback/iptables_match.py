# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule of iptables-save asks of a packet. Whatever is not understood makes the rule uncertain, never wider or narrower."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import conditions, ipset_save
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.conditions import (
    ANY,
    NONE,
    UNCERTAIN,
    Condition,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_words import (
    ICMP_TYPES,
    PROTOCOLS,
    WITH_PORTS,
    protocol_number,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NAMES

_NUMBER = re.compile(r"[0-9]+")
_NUMBERS_WITH_PORTS = frozenset(PROTOCOLS[name] for name in WITH_PORTS)
_STATES = {name.upper(): name for name in ("new", "established", "related", "invalid", "untracked")}
_PACKET_TYPES = {"unicast": "unicast", "host": "unicast", "broadcast": "broadcast", "multicast": "multicast"}
#: What the routing table says of a destination. What arrives for the host and is not LOCAL goes to many.
_ADDRESS_TYPES = {
    "ipv4": {"LOCAL": "unicast", "BROADCAST": "broadcast", "MULTICAST": "multicast"},
    "ipv6": {"LOCAL": "unicast", "UNICAST": "unicast", "MULTICAST": "multicast"},
}
_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0}
_ARRIVING = frozenset({"prerouting", "input"})
#: What asks for an extension header of IPv6.
_HEADERS = frozenset({"ah", "frag", "mh", "rt", "srh"})


class About(NamedTuple):
    """What a rule is understood by. ``hooks`` are those that lead to its chain, ``interfaces`` all that the host has."""

    family: str
    hooks: frozenset[str]
    interfaces: frozenset[str]
    sets: Mapping[str, ipset_save.IpSet]


class Asked(NamedTuple):
    """What a rule asks. ``odd``: only packets match that no policy speaks of, such as fragments and those with extension headers."""

    condition: Condition
    odd: bool


_Read = Callable[[list[str], bool, About], Condition]


def asked(words: list[str], about: About) -> Asked:
    """Return what the words of a rule before its target ask."""
    found: list[Condition] = []
    module, odd, ports, position = "", False, False, 0
    while position < len(words):
        inverted = words[position] == "!"
        position += inverted
        option = words[position] if position < len(words) else ""
        position += 1
        if option == "-m" and not inverted and position < len(words):
            module = words[position]
            position += 1
            odd = odd or (about.family == "ipv6" and module in _HEADERS)
            found.append(ANY if module in _MODULES else UNCERTAIN)
            continue
        # After a module that is not understood, any word may be an argument of its options.
        known = {**_OPTIONS, **_MODULES[module]} if module in _MODULES else {}
        arity, read = known.get(option, (0, _not_understood))
        arguments = words[position : position + arity]
        position += arity
        if option == "-p":
            ports = not inverted and protocol_number("".join(arguments)) in _NUMBERS_WITH_PORTS
        odd = odd or ((option, module) in _ODD and not inverted)
        if read in _OF_PORTS and not ports:
            read = _not_understood
        found.append(read(arguments, inverted, about) if len(arguments) == arity else UNCERTAIN)
    return Asked(conditions.all_of(found), odd)


def _not_understood(_arguments: list[str], _inverted: bool, _about: About) -> Condition:
    return UNCERTAIN


def _fragments(_arguments: list[str], inverted: bool, _about: About) -> Condition:
    return ANY if inverted else UNCERTAIN


def _nothing(_arguments: list[str], inverted: bool, _about: About) -> Condition:
    return UNCERTAIN if inverted else ANY


def _protocol(arguments: list[str], inverted: bool, _about: About) -> Condition:
    if arguments[0] in ("all", "0"):
        return NONE if inverted else ANY
    number = protocol_number(arguments[0])
    return UNCERTAIN if number is None else conditions.numbers("protocol", [(number, number)], inverted)


def _address(dimension: str) -> _Read:
    def read(arguments: list[str], inverted: bool, about: About) -> Condition:
        found = conditions.network(arguments[0], about.family)
        return UNCERTAIN if found is None else conditions.numbers(dimension, [found], inverted)

    return read


def _interface(dimension: str) -> _Read:
    def read(arguments: list[str], inverted: bool, about: About) -> Condition:
        name = arguments[0]
        if name == "+":
            return NONE if inverted else ANY
        named = {known for known in about.interfaces if known.startswith(name[:-1])} if name.endswith("+") else {name}
        return conditions.names(dimension, named, inverted, about.interfaces | {""})

    return read


def _ports(dimension: str) -> _Read:
    def read(arguments: list[str], inverted: bool, _about: About) -> Condition:
        ranges = _port_ranges(arguments[0])
        return UNCERTAIN if ranges is None else conditions.numbers(dimension, ranges, inverted)

    return read


def _either_ports(arguments: list[str], inverted: bool, about: About) -> Condition:
    both = [_source_ports(arguments, inverted, about), _destination_ports(arguments, inverted, about)]
    return conditions.all_of(both) if inverted else conditions.any_of(both)


def _port_ranges(text: str) -> list[tuple[int, int]] | None:
    out = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        ends = (first or "0", (last or "65535") if colon else first)
        if not all(_NUMBER.fullmatch(end) for end in ends) or not int(ends[0]) <= int(ends[1]) <= 65535:
            return None
        out.append((int(ends[0]), int(ends[1])))
    return out


def _icmp_type(arguments: list[str], inverted: bool, about: About) -> Condition:
    text, slash, _code = arguments[0].partition("/")
    if text == "any" or (text == "255" and about.family == "ipv4"):  # the kernel's own sign for any
        return NONE if inverted else ANY
    number = int(text) if _NUMBER.fullmatch(text) else ICMP_TYPES[about.family].get(text)
    if number is None or number > 255 or (slash and inverted):
        return UNCERTAIN
    return conditions.numbers("icmp_type", [(number, number)], inverted)._replace(certain=not slash)


def _hop_limit(ends: Callable[[int], tuple[int, int]]) -> _Read:
    def read(arguments: list[str], inverted: bool, _about: About) -> Condition:
        if not _NUMBER.fullmatch(arguments[0]) or int(arguments[0]) > 255:
            return UNCERTAIN
        first, last = ends(int(arguments[0]))
        return conditions.numbers("hop_limit", [(first, last)] if first <= last else [], inverted)

    return read


def _state(arguments: list[str], inverted: bool, _about: About) -> Condition:
    # What is in the state DNAT, the rule that translated it has decided already.
    wanted = [name for name in arguments[0].split(",") if name != "DNAT"]
    if not set(wanted) <= set(_STATES):
        return UNCERTAIN
    return conditions.names("state", [_STATES[name] for name in wanted], inverted, _STATES.values())


def _packet_type(arguments: list[str], inverted: bool, about: About) -> Condition:
    cast = _PACKET_TYPES.get(arguments[0])
    if cast is None or not about.hooks <= _ARRIVING:
        return UNCERTAIN  # the kernel calls everything unicast that leaves
    return conditions.names("cast", [cast], inverted, NAMES["cast"])


def _destination_type(arguments: list[str], inverted: bool, about: About) -> Condition:
    types, wanted = _ADDRESS_TYPES[about.family], arguments[0].upper().split(",")
    if not set(wanted) <= set(types) or (about.family == "ipv6" and len(wanted) > 1):
        return UNCERTAIN  # several are all asked for with IPv6
    if "LOCAL" in wanted and not about.hooks <= _ARRIVING:
        return UNCERTAIN
    return conditions.names("cast", [types[name] for name in wanted], inverted, NAMES["cast"])


def _tcp_flags(arguments: list[str], inverted: bool, _about: About) -> Condition:
    asked, found = (text.split(",") for text in arguments)
    if not set(asked + found) <= set(_FLAGS):
        return UNCERTAIN
    mask, wanted = (functools.reduce(operator.or_, map(_FLAGS.__getitem__, flags)) for flags in (asked, found))
    matching = [(flags, flags) for flags in range(256) if flags & mask == wanted]
    return conditions.numbers("tcp_flags", matching, inverted)


def _set(arguments: list[str], inverted: bool, about: About) -> Condition:
    name, directions = arguments
    return ipset_save.asked(about.sets, name, directions.split(","), about.family, inverted)


_source_ports = _ports("source_port")
_destination_ports = _ports("destination_port")
_OF_PORTS = (_source_ports, _destination_ports, _either_ports)

#: An option and its module that only packets meet that are not ordinary.
_ODD = frozenset({("-f", ""), ("--invert", "rpfilter")})
_OPTIONS: dict[str, tuple[int, _Read]] = {
    "-f": (0, _fragments),
    "-p": (1, _protocol),
    "-s": (1, _address("source")),
    "-d": (1, _address("destination")),
    "-i": (1, _interface("input_interface")),
    "-o": (1, _interface("output_interface")),
}
_HOPS = {
    "eq": (1, _hop_limit(lambda number: (number, number))),
    "lt": (1, _hop_limit(lambda number: (0, number - 1))),
    "gt": (1, _hop_limit(lambda number: (number + 1, 255))),
}
_PORT_OPTIONS: dict[str, tuple[int, _Read]] = {"--sport": (1, _source_ports), "--dport": (1, _destination_ports)}
#: Module -> its options that are understood. One that is not here is uncertain, with all that it asks.
_MODULES: dict[str, dict[str, tuple[int, _Read]]] = {
    "": _PORT_OPTIONS,
    **dict.fromkeys(sorted(WITH_PORTS), _PORT_OPTIONS),
    "tcp": {**_PORT_OPTIONS, "--tcp-flags": (2, _tcp_flags)},
    "multiport": {
        "--sports": (1, _source_ports),
        "--dports": (1, _destination_ports),
        "--ports": (1, _either_ports),
    },
    "icmp": {"--icmp-type": (1, _icmp_type)},
    "icmp6": {"--icmpv6-type": (1, _icmp_type)},
    "hl": {f"--hl-{how}": read for how, read in _HOPS.items()},
    "ttl": {f"--ttl-{how}": read for how, read in _HOPS.items()},
    "state": {"--state": (1, _state)},
    "conntrack": {"--ctstate": (1, _state)},
    "pkttype": {"--pkt-type": (1, _packet_type)},
    "addrtype": {"--dst-type": (1, _destination_type)},
    "iprange": {"--src-range": (1, _address("source")), "--dst-range": (1, _address("destination"))},
    "set": {"--match-set": (2, _set)},
    "comment": {"--comment": (1, _nothing)},
}
