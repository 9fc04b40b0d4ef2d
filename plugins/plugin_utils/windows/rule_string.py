# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules as Windows keeps them in the registry: ``v2.10|Action=Allow|Active=TRUE|Dir=In|...`` (MS-GPFAS 2.2.2)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from .model import ALL_PROFILES, ANY, ANY_PROTOCOL, PROFILES, WindowsRule

Choice = TypeVar("Choice")

#: The oldest version that has ranges of ports; every Windows from 7 and Server 2008 R2 reads it.
VERSION = "2.10"
#: Address keywords that a rule string has for each family by itself, and the generation of their key.
KEYWORDS = {
    **{word.lower(): (word, "") for word in ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway")},
    **{word.lower(): (word, "2") for word in ("IntrAnet", "IntErnet", "Ply2Renders", "RmtIntrAnet", "CaptivePortal")},
}
PORT_KEYS = {
    "iptlsin": "2_10",
    "iphttpsin": "2_10",
    "iptlsout": "2_10",
    "iphttpsout": "2_10",
    "dhcp": "2_20",
    "ply2disc": "2_20",
    "mdns": "2_24",
    "cortanaout": "2_28",
    "tcpcdpsvc": "2_29",
}
WITH_PORTS = (6, 17)
ICMP_KEYS = {1: "ICMP4", 58: "ICMP6"}

_VERSION = re.compile(r"v2\.(\d{1,3})", re.ASCII)
_PORT_KEY = re.compile(r"([lr])port(?:2_\d+)?", re.ASCII)
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?|[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_ICMP = re.compile(r"(\d{1,3}):(\d{1,3}|\*)", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_ACTIONS = {"allow": "allow", "block": "block", "bypass": "allow"}
_DIRECTIONS = {"in": "in", "out": "out"}
_PLAIN = {"name": "name", "desc": "description", "embedctxt": "group", "app": "program", "svc": "service"}
_ONCE = {"action", "active", "dir", "protocol", "edge", *_PLAIN}


def version(text: str) -> str:
    """Return the version of a rule string, such as ``2.31``; raises ValueError when it is none."""
    found = _VERSION.fullmatch(text.partition("|")[0])
    if not found or int(found[1]) > 255:
        raise ValueError(f"{text[:40]!r} is no rule string; allowed: v2.<number>|key=value|...")
    return f"2.{int(found[1])}"


def read(text: str, value_name: str = "") -> WindowsRule:
    """Return the rule of a rule string; ``value_name`` is the name of a rule that has none of its own.

    What the model has no field for is in ``others``. Raises ValueError, which names the key that is wrong.
    """
    version(text)
    pairs = list(_pairs(text))
    plain: dict[str, str] = {}
    profiles, icmp, interfaces, types, others = 0, [], [], [], []
    for key, value in pairs:
        known = key.lower()
        if known in _ONCE:
            if known in plain:
                raise ValueError(f"{key} is given twice; allowed: once")
            plain[known] = value
        elif known == "profile":
            profiles |= _choice(key, value, PROFILES)
        elif known in ("icmp4", "icmp6"):
            icmp.append(_icmp(key, value))
        elif known == "if":
            interfaces.append(value)
        elif known == "iftype":
            types.append(value)
        elif not _PORT_KEY.fullmatch(known) and known not in _ADDRESS_KEYS:
            others.append(f"{key}={value}")
    others += [f"{key}={value}" for key, value in pairs if _newer_port(key, value)]
    for key in ("action", "dir"):
        if key not in plain:
            raise ValueError(f"there is no {key.capitalize()}; allowed: Action and Dir in every rule string")
    if plain["action"].lower() == "bypass":
        others.append(f"Action={plain['action']}")
    return WindowsRule(
        **{"name": value_name, **{field: plain[key] for key, field in _PLAIN.items() if key in plain}},
        enabled=_choice("Active", plain.get("active", "FALSE"), _BOOLEANS),
        direction=_choice("Dir", plain["dir"], _DIRECTIONS),
        action=_choice("Action", plain["action"], _ACTIONS),
        protocol=_protocol(plain["protocol"]) if "protocol" in plain else ANY_PROTOCOL,
        local_ports=_read_ports(pairs, "l"),
        remote_ports=_read_ports(pairs, "r"),
        icmp=",".join(icmp) or ANY,
        local_addresses=_read_addresses(pairs, "la"),
        remote_addresses=_read_addresses(pairs, "ra"),
        profiles=profiles or ALL_PROFILES,
        interfaces=",".join(interfaces),
        interface_types=",".join(types) or "All",
        edge=_choice("Edge", plain.get("edge", "FALSE"), _BOOLEANS),
        others=tuple(others),
    )


def write(rule: WindowsRule, number: str = VERSION) -> str:
    """Return the rule string of a rule; raises ValueError, which names the rule and what no rule string can hold."""
    try:
        fields = "".join(f"{key}={_clean(key, value)}|" for key, value in _fields(rule))
    except ValueError as error:
        raise ValueError(f"rule {rule.name!r}: {error}") from None
    return f"v{number}|{fields}"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    fields = text.split("|")[1:]
    if not fields or fields.pop():
        raise ValueError("a rule string ends with |")
    for field in fields:
        key, equals, value = field.partition("=")
        if not equals or not _KEY.fullmatch(key):
            raise ValueError(f"{field[:40]!r}: allowed: key=value")
        yield key, value


def _choice(key: str, value: str, allowed: Mapping[str, Choice]) -> Choice:
    if value.lower() not in allowed:
        raise ValueError(f"{key}={value[:40]}; allowed: {', '.join(allowed)}")
    return allowed[value.lower()]


def _protocol(value: str) -> int:
    if not re.fullmatch(r"\d{1,3}", value, re.ASCII) or int(value) > 256:
        raise ValueError(f"Protocol={value[:40]}; allowed: 0 to 255")
    return int(value)


def _icmp(key: str, value: str) -> str:
    found = _ICMP.fullmatch(value)
    if not found or any(part != "*" and int(part) > 255 for part in found.groups()):
        raise ValueError(f"{key}={value[:40]}; allowed: type:code, each up to 255, or type:*")
    return value


# --- ports


def _read_ports(pairs: Iterable[tuple[str, str]], side: str) -> str:
    found = []
    for key, value in pairs:
        match = _PORT_KEY.fullmatch(key.lower())
        if match and match[1] == side:
            found.append(_ports(key, value))
    return ",".join(found) or ANY


def _ports(key: str, value: str) -> str:
    found = _PORTS.fullmatch(value)
    bounds = [int(part) for part in found.groups() if part] if found else [1, 0]
    if bounds != sorted(bounds) or any(bound > 65535 for bound in bounds):
        raise ValueError(f"{key}={value[:40]}; allowed: a port, a range of ports or a keyword")
    return value


def _newer_port(key: str, value: str) -> bool:
    """Tell whether this is a keyword for ports under a key that :func:`write` would not choose for it."""
    match = _PORT_KEY.fullmatch(key.lower())
    return match is not None and not value[:1].isdigit() and key.lower() != _port_key(match[1], value).lower()


def _port_key(side: str, token: str) -> str:
    return f"{side.upper()}Port{'2_10' if token[:1].isdigit() and '-' in token else PORT_KEYS.get(token.lower(), '')}"


def _port_fields(side: str, ports: str, others: Iterable[str]) -> Iterator[tuple[str, str]]:
    kept = {other.partition("=")[2] for other in others if _PORT_KEY.fullmatch(other.partition("=")[0].lower())}
    for token in ports.split(",") if ports != ANY else ():
        if token.lower() == "iphttps":  # one word in INetFwRule, two in a rule string
            way = "In" if side == "l" else "Out"
            yield f"{side.upper()}Port2_10", f"IPTLS{way}"
            yield f"{side.upper()}Port2_10", f"IPHTTPS{way}"
        elif token not in kept:
            yield _port_key(side, _ports("ports", token)), token


# --- addresses

_ADDRESS_KEYS = {f"{side}{family}{age}" for side in ("la", "ra") for family in "46" for age in ("", "2")}


def _read_addresses(pairs: list[tuple[str, str]], side: str) -> str:
    """Return both families' addresses; a keyword that only one family has ends with 4 or 6, as PowerShell writes it."""
    entries = [(key.lower()[2], value, key) for key, value in pairs if key.lower() in _ADDRESS_KEYS]
    entries = [entry for entry in entries if entry[2].lower().startswith(side)]
    families: dict[str, set[str]] = {}
    for family, value, _key in entries:
        families.setdefault(value.lower(), set()).add(family)
    found: dict[str, None] = {}
    for family, value, key in entries:
        if value.lower() in KEYWORDS:
            found.setdefault(value if len(families[value.lower()]) == 2 else value + family)
        else:
            _address(key, value, family)
            found.setdefault(value)
    return ",".join(found) or ANY


def _address(key: str, value: str, family: str = "") -> str:
    """Return the family of an address, a subnet or a range; raises ValueError when it is none, or not of ``family``."""
    try:
        found = _range_family(value) if "-" in value else _subnet_family(value)
    except ValueError:
        found = ""
    if not found or "%" in value or family not in ("", found):
        kind = {"4": "IPv4 ", "6": "IPv6 "}.get(family, "")
        raise ValueError(f"{key}={value[:60]}; allowed: an {kind}address, subnet or range, or a keyword")
    return found


def _range_family(value: str) -> str:
    first, last = map(ipaddress.ip_address, value.split("-", 1))
    return str(first.version) if first.version == last.version and int(first) <= int(last) else ""


def _subnet_family(value: str) -> str:
    found = ipaddress.ip_network(value, strict=False)
    mask = value.partition("/")[2]
    return "" if "." in mask and mask != str(found.netmask) else str(found.version)  # Python takes inverted masks too


def _address_fields(side: str, addresses: str) -> Iterator[tuple[str, str]]:
    for token in addresses.split(",") if addresses != ANY else ():
        word, families = token.lower(), "46"
        if word not in KEYWORDS and word[:-1] in KEYWORDS and word[-1] in families:
            word, families = word[:-1], word[-1]
        if word in KEYWORDS:
            for family in families:
                yield f"{side}{family}{KEYWORDS[word][1]}", token[: len(word)]
        else:
            family = _address("address", token)
            yield f"{side}{family}", _without_full_prefix(token, family)


def _without_full_prefix(token: str, family: str) -> str:
    """The grammar has prefixes below 32 and 128 only."""
    return token.removesuffix("/32" if family == "4" else "/128")


# --- writing


def _fields(rule: WindowsRule) -> Iterator[tuple[str, str]]:
    keys = [other.partition("=")[0].lower() for other in rule.others]
    if "action" not in keys:
        yield "Action", rule.action.capitalize()
    yield from (_pair(other) for other in rule.others if other.lower().startswith("action="))
    yield "Active", str(rule.enabled).upper()
    yield "Dir", rule.direction.capitalize()
    if rule.protocol != ANY_PROTOCOL:
        yield "Protocol", str(rule.protocol)
    if rule.profiles != ALL_PROFILES:
        yield from (("Profile", name.capitalize()) for name, bit in PROFILES.items() if rule.profiles & bit)
    if rule.icmp != ANY:
        if rule.protocol not in ICMP_KEYS:
            raise ValueError("ICMP types with another protocol; allowed: with protocol 1 or 58")
        yield from ((ICMP_KEYS[rule.protocol], _icmp("icmp", token)) for token in rule.icmp.split(","))
    ports = [*_port_fields("l", rule.local_ports, rule.others), *_port_fields("r", rule.remote_ports, rule.others)]
    if ports and rule.protocol not in WITH_PORTS:
        raise ValueError("ports with another protocol; allowed: with protocol 6 or 17")
    yield from ports
    yield from (("IF", token) for token in rule.interfaces.split(",") if token)
    if rule.interface_types != "All":
        yield from (("IFType", token) for token in rule.interface_types.split(","))
    yield from _address_fields("LA", rule.local_addresses)
    yield from _address_fields("RA", rule.remote_addresses)
    texts = (("App", rule.program), ("Svc", rule.service), ("Name", rule.name))
    yield from ((key, value) for key, value in (*texts, ("Desc", rule.description), ("EmbedCtxt", rule.group)) if value)
    if rule.edge:
        yield "Edge", "TRUE"
    yield from (_pair(other) for other in rule.others if not other.lower().startswith("action="))


def _pair(other: str) -> tuple[str, str]:
    key, equals, value = other.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise ValueError(f"{other[:40]!r}: allowed: key=value")
    return key, value


def _clean(key: str, value: str) -> str:
    if any(letter < " " or letter == "|" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{key}: allowed: text without | and control characters")
    return value
