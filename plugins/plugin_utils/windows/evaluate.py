# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows does with packets: profiles, default actions, allow rules that add up, and block rules that win over them.

The hardening of Windows' own services is not looked at, neither is what goes on within the host. As Microsoft documents it; no
Windows host has been seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import (
    DEFAULT_PROFILES,
    PROFILES,
    Profile,
    WindowsRule,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import (
    ANYWHERE,
    UNKNOWN,
    Here,
    Listener,
    Packets,
    Region,
    bypasses,
    region,
    whole,
)


class Policy(NamedTuple):
    """A host's rules: its own, and those of group policy, which count whatever a profile says of local rules."""

    local: Sequence[WindowsRule] = ()
    group_policy: Sequence[WindowsRule] = ()
    profiles: Sequence[Profile] = DEFAULT_PROFILES

    def in_force(self, profile: Profile, direction: str) -> Iterator[WindowsRule]:
        """Yield the enabled rules of a direction that count while a profile is the current one."""
        bit = PROFILES[profile.name]
        for rule in (*self.group_policy, *(self.local if profile.local_rules else ())):
            if rule.enabled and rule.direction == direction and rule.profiles & bit:
                yield rule


class Accepted(NamedTuple):
    """What is surely let through, and what may be."""

    sure: list[Box]
    possible: list[Box]


def accepted(policy: Policy, packets: Packets, listener: Listener = UNKNOWN, here: Here = ANYWHERE) -> Accepted:
    """Return which of ``packets`` the whole policy lets through; raises KeyError for an unknown profile."""
    profile = current(policy, packets)
    everything = whole(packets, here)
    if not profile.enabled:
        return Accepted([everything], [everything])
    opened = [Region(everything, everything)] if default_action(profile, packets) == "allow" else []
    closed: list[Region] = []
    bypassing: list[Box] = []
    for rule in policy.in_force(profile, packets.direction):
        found = region(rule, packets, listener, here)
        if bypasses(rule):
            bypassing.append(found.possible)
        elif found.possible:
            (closed if rule.action == "block" else opened).append(found)
    if blocks_all(profile, packets):
        opened = []
    sure = boxes.without((each.sure for each in opened), (each.possible for each in closed))
    possible = boxes.without((each.possible for each in opened), (each.sure for each in closed))
    return Accepted(sure, boxes.merged((*possible, *bypassing)))


def verdict(
    policy: Policy,
    packets: Packets,
    packet: tuple[int, int, int, int],
    listener: Listener = UNKNOWN,
    here: Here = ANYWHERE,
) -> tuple[str, str]:
    """Return ``allow``, ``block`` or ``unknown`` for one packet (a value for each part of a Box), and the rule that decides.

    The rule's name is empty where the profile decides.
    """
    profile = current(policy, packets)
    if not profile.enabled:
        return "allow", ""
    deciding: dict[str, str] = {"sure allow": ""} if default_action(profile, packets) == "allow" else {}
    if blocks_all(profile, packets):
        deciding = {"sure block": ""}
    for rule in policy.in_force(profile, packets.direction):
        found = region(rule, packets, listener, here)
        if found.possible.contains(packet):
            sure = "sure" if found.sure.contains(packet) else "possible"
            deciding.setdefault("bypass" if bypasses(rule) else f"{sure} {rule.action}", rule.name)
    if "sure block" in deciding:
        return ("unknown", deciding["bypass"]) if "bypass" in deciding else ("block", deciding["sure block"])
    if "sure allow" in deciding:
        doubt = deciding.get("possible block")
        return ("allow", deciding["sure allow"]) if doubt is None else ("unknown", doubt)
    for doubtful in ("possible allow", "bypass"):
        if doubtful in deciding:
            return "unknown", deciding[doubtful]
    return "block", ""


def current(policy: Policy, packets: Packets) -> Profile:
    """Return the profile of these packets; raises KeyError for an unknown one."""
    return {profile.name: profile for profile in policy.profiles}[packets.profile]


def default_action(profile: Profile, packets: Packets) -> str:
    """Return what becomes of packets that no rule is for: allow or block."""
    return profile.default_inbound if packets.direction == "in" else profile.default_outbound


def blocks_all(profile: Profile, packets: Packets) -> bool:
    """Tell whether packets are blocked whatever rules allow."""
    return profile.block_all_inbound and packets.direction == "in"


def faults(profiles: Iterable[Profile]) -> list[str]:
    """Return a sentence for each profile that makes rules meaningless, or is not there."""
    found = {profile.name: profile for profile in profiles}
    out = []
    for name in PROFILES:
        profile = found.get(name)
        if profile is None:
            out.append(f"The {name} profile is not known.")
        elif not profile.enabled:
            out.append(f"The {name} profile is off: everything is let in and out.")
        elif profile.block_all_inbound:
            out.append(f"The {name} profile lets nothing in, whatever rules allow (BlockAllInboundTraffic).")
        elif profile.default_inbound == "allow":
            out.append(f"The {name} profile lets in by default: only block rules restrict anything.")
        if profile and not profile.local_rules:
            out.append(f"Group policy lets no local rule count in the {name} profile (AllowLocalPolicyMerge).")
    return out
