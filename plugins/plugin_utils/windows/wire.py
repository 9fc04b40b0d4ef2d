# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a Windows host as the module win_firewall_policy gives and takes it: numbers and texts of Windows' own interfaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import normal, rule_string
from .evaluate import Policy
from .model import PROFILES, Profile, WindowsRule
from .rule_files import BLOCKS, OLD_PROFILE, PROFILE_KEYS

DIRECTIONS = {1: "in", 2: "out"}
ACTIONS = {0: "block", 1: "allow"}
#: Fields of a selector: what rules of others are chosen by, for names are not unique.
SELECTOR = ("name", "program", "service", "protocol", "local_ports", "direction")
#: What can be set of a profile.
SETTINGS = ("enabled", "default_inbound", "default_outbound", "log_allowed", "log_dropped")
#: Where rules do not count either: what else ``default_inbound`` can be.
BLOCK_ALL = "block_all"
#: Setting -> the value of group policy that decides it.
DECIDED_BY = {
    "enabled": "EnableFirewall",
    "default_inbound": "DefaultInboundAction",
    "default_outbound": "DefaultOutboundAction",
    "log_allowed": "LogSuccessfulConnections",
    "log_dropped": "LogDroppedPackets",
}
_SPELLED = {name.lower(): name for name in (*DECIDED_BY.values(), "AllowLocalPolicyMerge", "DoNotAllowExceptions")}
_NUMBERS = {name: number for number, name in DIRECTIONS.items()}
_ACTION_NUMBERS = {name: number for number, name in ACTIONS.items()}
#: SecureFlags of INetFwRule3 as a rule string has them (MS-GPFAS 2.2.2.19).
_SECURE = {
    1: "Security2_9=An-NoEncap",
    2: "Security=Authenticate",
    3: "Security2=AnE-Nego",
    4: "Security=AuthenticateEncrypt",
}
_OTHERS = (
    ("package", "AppPkgId"),
    ("owner", "LUOwn"),
    ("local_users", "LUAuth"),
    ("remote_users", "RUAuth"),
    ("remote_computers", "RMAuth"),
)
#: EdgeTraversalOptions of INetFwRule2: let in, and left to the program or the user.
_EDGE, _DEFER = 1, {2: "Defer=App", 3: "Defer=User"}

Selector = dict[str, Any]
Key = tuple[Any, ...]


class Host(NamedTuple):
    """``policy`` is what is in force, group policy's settings of profiles included; ``settings`` of each profile are the host's own.

    ``by_policy``: profile -> value name -> number, as group policy has them, those of its logging included. ``current``: names of the
    current profiles, all where Windows names none. ``unread``: a sentence for each rule of group policy that cannot be read. ``raw`` is
    what the module gave.
    """

    policy: Policy
    settings: Mapping[str, Mapping[str, Any]]
    by_policy: Mapping[str, Mapping[str, int]]
    current: tuple[str, ...]
    unread: tuple[str, ...]
    raw: Mapping[str, Any]


def firewall(state: Mapping[str, Any]) -> Host:
    """Return the firewall of a host from ``state`` of the module; raises KeyError where that is not its form."""
    by_group, unread = _group_policy(state["group_policy"].get("rules") or {})
    by_policy = _by_policy(state["group_policy"].get("values") or {})
    local = _local([rule_of(row) for row in state["rules"]], by_group)
    current = tuple(name for name, bit in PROFILES.items() if state["current_profiles"] & bit) or tuple(PROFILES)
    settings = {name: _settings(state["profiles"][name], by_policy[name]) for name in PROFILES}
    profiles = tuple(_profile(name, state["profiles"][name], by_policy[name]) for name in PROFILES)
    return Host(Policy(local, by_group, profiles), settings, by_policy, current, tuple(unread), state)


def rule_of(row: Mapping[str, Any]) -> WindowsRule:
    """Return the rule of one row; its texts stay as Windows writes them."""
    return WindowsRule(
        row["name"],
        row["group"],
        row["description"],
        row["enabled"],
        DIRECTIONS[row["direction"]],
        ACTIONS[row["action"]],
        row["protocol"],
        row["local_ports"],
        row["remote_ports"],
        row["icmp"],
        row["local_addresses"],
        row["remote_addresses"],
        row["profiles"],
        row["program"],
        row["service"],
        ",".join(row["interfaces"] or ()),
        row["interface_types"],
        row["edge"] or row.get("edge_options") == _EDGE,
        tuple(_others(row)),
    )


def _others(row: Mapping[str, Any]) -> Iterator[str]:
    for field, key in _OTHERS:
        if row.get(field):
            yield f"{key}={row[field]}"
    if row.get("edge_options") in _DEFER:
        yield _DEFER[row["edge_options"]]
    secure = row.get("secure")
    if secure:
        yield _SECURE.get(secure, f"Security={secure}")
        # Whether such a rule overrides block rules is in no field of these interfaces, so it is taken to.
        if row.get("remote_computers") and row["action"] == _ACTION_NUMBERS["allow"]:
            yield "Action=ByPass"


def add_row(rule: WindowsRule) -> dict[str, Any]:
    """Return a rule to be added."""
    ported = rule.protocol in normal.WITH_PORTS
    return {
        "name": rule.name,
        "description": rule.description,
        "group": rule.group,
        "direction": _NUMBERS[rule.direction],
        "protocol": rule.protocol,
        "local_ports": rule.local_ports if ported else "",
        "remote_ports": rule.remote_ports if ported else "",
        "local_addresses": rule.local_addresses,
        "remote_addresses": rule.remote_addresses,
        "profiles": rule.profiles,
        "action": _ACTION_NUMBERS[rule.action],
        "enabled": rule.enabled,
    }


def selector(rule: WindowsRule) -> Selector:
    """Return what a host's rule is chosen by; other rules may have the same."""
    return dict(zip(SELECTOR, key_of_rule(rule)))


def key_of(chosen: Mapping[str, Any]) -> Key:
    """Return a selector as a key of dictionaries."""
    return tuple(chosen[field] for field in SELECTOR)


def key_of_rule(rule: WindowsRule) -> Key:
    """Return the key of a rule's selector."""
    return rule.name, rule.program, rule.service, rule.protocol, rule.local_ports, _NUMBERS[rule.direction]


def _settings(given: Mapping[str, Any], by_policy: Mapping[str, int]) -> dict[str, Any]:
    # What is read is what is in force: where group policy blocks all, the host itself need not.
    blocks_all = given["block_all_inbound"] and not by_policy.get("DoNotAllowExceptions")
    return {
        "enabled": bool(given["enabled"]),
        "default_inbound": BLOCK_ALL if blocks_all else ACTIONS[given["default_inbound"]],
        "default_outbound": ACTIONS[given["default_outbound"]],
        "log_allowed": bool(given["log_allowed"]),
        "log_dropped": bool(given["log_dropped"]),
    }


def _profile(name: str, own: Mapping[str, Any], given: Mapping[str, int]) -> Profile:
    return Profile(
        name,
        enabled=bool(given.get("EnableFirewall", own["enabled"])),
        default_inbound=_default(given.get("DefaultInboundAction"), ACTIONS[own["default_inbound"]]),
        default_outbound=_default(given.get("DefaultOutboundAction"), ACTIONS[own["default_outbound"]]),
        local_rules=bool(given.get("AllowLocalPolicyMerge", 1)),
        block_all_inbound=bool(own["block_all_inbound"] or given.get("DoNotAllowExceptions", 0)),
    )


def _default(given: int | None, own: str) -> str:
    return own if given is None else BLOCKS[bool(given)]


def _by_policy(values: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    keys: dict[str, dict[str, int]] = {}
    for key, found in values.items():
        numbers = {_SPELLED.get(name.lower(), name): value for name, value in found.items() if isinstance(value, int)}
        keys.setdefault(key.lower().removesuffix("\\logging"), {}).update(numbers)
    old = {} if {"privateprofile", "publicprofile"} & keys.keys() else keys.get(OLD_PROFILE.lower(), {})
    return {
        name: {**(old if name != "domain" else {}), **keys.get(policy.lower(), {})}
        for name, (policy, _own) in PROFILE_KEYS.items()
    }


def _group_policy(given: Mapping[str, str]) -> tuple[list[WindowsRule], list[str]]:
    rules, unread = [], []
    for name, text in given.items():
        try:
            rules.append(rule_string.read(text, name))
        except ValueError as error:
            unread.append(f"The rule {name} of group policy cannot be read, so it is left out: {error}")
    return rules, unread


def _local(rules: Sequence[WindowsRule], by_group: Iterable[WindowsRule]) -> list[WindowsRule]:
    """Return the rules that are the host's own: should the list have group policy's as well, each is left out once."""
    theirs = Counter(_same(rule) for rule in by_group)
    if not theirs:
        return list(rules)
    names = {key[0] for key in theirs}
    out = []
    for rule in rules:
        for name in (rule.name, ""):
            if name in names and theirs[_same(rule, name)] > 0:
                theirs[_same(rule, name)] -= 1
                break
        else:
            out.append(rule)
    return out


def _same(rule: WindowsRule, name: str | None = None) -> tuple[Any, ...]:
    """Return what the same rule has in both lists; a name that is a resource reads otherwise there."""
    if name is None:
        name = "" if rule.name.startswith("@") else rule.name
    return normal.key(rule._replace(name=name, group="", description=""))
