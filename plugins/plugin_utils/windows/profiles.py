# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be set of a host's profiles, and what they get back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .evaluate import Policy, faults
from .intent import Intent
from .model import PROFILES, Profile
from .note import Note
from .wire import BLOCK_ALL, DECIDED_BY, SETTINGS, Host

_DEFAULTS = {"default_inbound", "default_outbound"}
AUDIT = {"log_allowed": True, "log_dropped": True}
_WORDS: dict[str, dict[Any, str]] = {
    "enabled": {True: "on", False: "off"},
    "default_inbound": {
        "block": "blocks inbound",
        "allow": "allows inbound",
        BLOCK_ALL: "blocks inbound, whatever rules allow",
    },
    "default_outbound": {"block": "blocks outbound", "allow": "allows outbound"},
    "log_allowed": {True: "logs what is let in", False: "does not log what is let in"},
    "log_dropped": {True: "logs what is dropped", False: "does not log what is dropped"},
}


class Profiles(NamedTuple):
    """``settings``: of every profile, as they are to be. ``changed``: profile -> settings that differ now. ``former``: what to remember."""

    settings: Mapping[str, Mapping[str, Any]]
    changed: Mapping[str, tuple[str, ...]]
    former: Mapping[str, Mapping[str, Any]]
    drift: tuple[str, ...]
    warnings: tuple[str, ...]

    def entries(self) -> list[dict[str, Any]]:
        """Return what the module is to set."""
        return [{"name": name, **self._to_set(name)} for name in self.changed]

    def _to_set(self, name: str) -> dict[str, Any]:
        """Return what differs; both defaults go together, as netsh sets them."""
        changed = set(self.changed[name])
        if changed & _DEFAULTS:
            changed |= _DEFAULTS
        return {setting: value for setting, value in self.settings[name].items() if setting in changed}


def profiles(host: Host, intent: Intent, note: Note) -> Profiles:
    """Return what a host's profiles are to be; what group policy decides is left, and what blocks even more than is wanted."""
    settings: dict[str, dict[str, Any]] = {}
    changed: dict[str, tuple[str, ...]] = {}
    former: dict[str, dict[str, Any]] = {}
    drift = []
    for name in PROFILES:
        now, given = host.settings[name], host.by_policy[name]
        wanted = {setting: value for setting, value in _wanted(intent).items() if DECIDED_BY.get(setting) not in given}
        before = {**now, **note.profiles.get(name, {})}
        if now["default_inbound"] == BLOCK_ALL and "default_inbound" in wanted:
            wanted["default_inbound"] = BLOCK_ALL
        settings[name] = {**before, **wanted}
        differs = tuple(setting for setting in SETTINGS if settings[name][setting] != now[setting])
        kept = {setting: before[setting] for setting, value in wanted.items() if before[setting] != value}
        if differs:
            changed[name] = differs
        if kept:
            former[name] = kept
        for setting in differs:
            if setting in kept and setting in note.profiles.get(name, {}):
                drift.append(f"Somebody changed the {name} profile back: it {_is(setting, now[setting])} again.")
    return Profiles(settings, changed, former, tuple(drift), tuple(_warnings(host, intent)))


def after(policy: Policy, found: Profiles) -> Policy:
    """Return the policy with the profiles as they will be."""
    return policy._replace(
        profiles=[
            _after(profile, {name: found.settings[profile.name][name] for name in found.changed.get(profile.name, ())})
            for profile in policy.profiles
        ]
    )


def _after(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    inbound = changes.get("default_inbound")
    if inbound is not None:
        profile = profile._replace(
            default_inbound="allow" if inbound == "allow" else "block", block_all_inbound=inbound == BLOCK_ALL
        )
    return profile._replace(**{name: changes[name] for name in ("enabled", "default_outbound") if name in changes})


def texts(settings: Mapping[str, Any], of: tuple[str, ...]) -> list[str]:
    """Return some settings of a profile in words."""
    return [_WORDS[setting][settings[setting]] for setting in of]


def _wanted(intent: Intent) -> dict[str, Any]:
    if not intent.present:
        return {}
    if intent.mode == "audit":
        return AUDIT
    if intent.profiles != "enforce":
        return {}
    outbound = {"default_outbound": "block"} if intent.egress == "enforce" else {}
    return {"enabled": True, "default_inbound": "block", **outbound}


def _warnings(host: Host, intent: Intent) -> Iterator[str]:
    if intent.present and not (intent.enforced and intent.profiles == "enforce"):
        yield from faults(host.policy.profiles)
    for setting, value in _wanted(intent).items():
        if setting in AUDIT:
            for name in PROFILES:
                if host.by_policy[name].get(DECIDED_BY[setting], value) != value:
                    yield f"Group policy keeps the {name} profile from logging ({DECIDED_BY[setting]} is 0)."


def _is(setting: str, value: Any) -> str:
    word = _WORDS[setting][value]
    return f"is {word}" if setting == "enabled" else word
