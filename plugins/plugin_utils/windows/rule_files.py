# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a Windows host as a file has it: a ``.reg`` export, a Registry.pol, or LGPO text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import lgpo, reg_file, registry_pol, rule_string
from .model import DEFAULT_PROFILES, Profile, WindowsRule
from .registry import LOCAL_KEY, MOST_BYTES, POLICY_KEY, RULES_KEY, Value, decoded, number_of, remaining, text_of

LOCAL, POLICY = "local", "policy"
#: Profile -> its key in group policy, and in the host's own settings.
PROFILE_KEYS = {
    "domain": ("DomainProfile", "DomainProfile"),
    "private": ("PrivateProfile", "StandardProfile"),
    "public": ("PublicProfile", "PublicProfile"),
}
#: What group policy says for the private and public profile when it has a key for neither.
OLD_PROFILE = "StandardProfile"
BLOCKS = {0: "allow", 1: "block"}

_CONTROL_SET = re.compile(r"system\\controlset\d{3}\\", re.IGNORECASE)


class Stored(NamedTuple):
    """A rule where it was found: ``store`` is local or policy, ``value_name`` the name of its value, ``version`` that of its rule string."""

    rule: WindowsRule
    store: str
    value_name: str
    version: str


class Unread(NamedTuple):
    """A value among the rules that is none, and why."""

    store: str
    value_name: str
    reason: str


class Firewall(NamedTuple):
    """What files say of a host's firewall. Profiles that they say nothing of (``silent``) are as Windows has them from the start."""

    rules: list[Stored]
    profiles: tuple[Profile, ...]
    silent: list[str]
    unread: list[Unread]


def values(content: bytes) -> list[Value]:
    """Return the values of a file in any of the forms; raises ValueError, which says where the file is wrong."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"has more than {MOST_BYTES:,} bytes; allowed: only the keys of the firewall")
    if content.startswith(registry_pol.SIGNATURE):
        return registry_pol.read(content)
    text = decoded(content)
    if reg_file.is_one(text):
        return reg_file.read(content)
    if lgpo.is_one(text):
        return lgpo.read(content)
    raise ValueError("is none of the forms; allowed: a .reg file, Registry.pol, LGPO text")


def firewall(given: Iterable[Value]) -> Firewall:
    """Return the firewall of one host from the values of its files, of which the later win.

    Raises ValueError where there is no key of the firewall, or a profile's setting is no number.
    """
    found = remaining(
        value._replace(key=_CONTROL_SET.sub(r"SYSTEM\\CurrentControlSet\\", value.key, count=1)) for value in given
    )
    stores = ((LOCAL, LOCAL_KEY), (POLICY, POLICY_KEY))
    if not any(key.startswith(base.lower()) for key in found for _store, base in stores):
        raise ValueError(
            f"has no key of the firewall; allowed: HKEY_LOCAL_MACHINE\\{LOCAL_KEY} or \\{POLICY_KEY}, or keys below"
        )
    rules: list[Stored] = []
    unread: list[Unread] = []
    for store, base in stores:
        for value in found.get(f"{base}\\{RULES_KEY}".lower(), {}).values():
            try:
                text = text_of(value)
                rule = rule_string.read(text, value.name)
                rules.append(Stored(rule, store, value.name, rule_string.version(text)))
            except ValueError as error:
                unread.append(Unread(store, value.name, str(error)))
    return Firewall(rules, _profiles(found), _silent(found), unread)


def _silent(found: Mapping[str, Mapping[str, Value]]) -> list[str]:
    """Return the profiles for which no key of the host's own or of group policy says whether they are on."""
    keys = {
        profile: [f"{POLICY_KEY}\\{policy}", f"{LOCAL_KEY}\\{local}"]
        for profile, (policy, local) in PROFILE_KEYS.items()
    }
    return [
        profile
        for profile, places in keys.items()
        if all(_setting(found, place, "EnableFirewall") is None for place in places)
    ]


def _profiles(found: Mapping[str, Mapping[str, Value]]) -> tuple[Profile, ...]:
    old = not any(f"{POLICY_KEY}\\{PROFILE_KEYS[name][0]}".lower() in found for name in ("private", "public"))
    profiles = []
    for profile in DEFAULT_PROFILES:
        policy, local = PROFILE_KEYS[profile.name]
        profile = _profile(profile, found, f"{LOCAL_KEY}\\{local}")
        if old and profile.name != "domain":
            profile = _profile(profile, found, f"{POLICY_KEY}\\{OLD_PROFILE}")
        profile = _profile(profile, found, f"{POLICY_KEY}\\{policy}")
        merge = _setting(found, f"{POLICY_KEY}\\{policy}", "AllowLocalPolicyMerge")
        profiles.append(profile if merge is None else profile._replace(local_rules=bool(merge)))
    return tuple(profiles)


def _profile(profile: Profile, found: Mapping[str, Mapping[str, Value]], key: str) -> Profile:
    enabled = _setting(found, key, "EnableFirewall")
    inbound = _setting(found, key, "DefaultInboundAction")
    outbound = _setting(found, key, "DefaultOutboundAction")
    return profile._replace(
        enabled=profile.enabled if enabled is None else bool(enabled),
        default_inbound=profile.default_inbound if inbound is None else BLOCKS[bool(inbound)],
        default_outbound=profile.default_outbound if outbound is None else BLOCKS[bool(outbound)],
    )


def _setting(found: Mapping[str, Mapping[str, Value]], key: str, name: str) -> int | None:
    value = found.get(key.lower(), {}).get(name.lower())
    try:
        return None if value is None else number_of(value)
    except ValueError as error:
        raise ValueError(f"{key}\\{name} {error}") from None
