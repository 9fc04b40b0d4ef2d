# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets packets of one kind through a whole policy, and what stops them, cause by cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import (
    Policy,
    blocks_all,
    current,
    default_action,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.judged import Judge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import Profile, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import (
    UNKNOWN,
    Here,
    Packets,
    bypasses,
    region,
    whole,
)

OFF = "the firewall is off"
BY_DEFAULT = {"in": "what no rule blocks is let in by default", "out": "what no rule blocks is let out by default"}
NOTHING = {"in": "no rule lets it in", "out": "no rule lets it out"}
BLOCKED = "everything that comes in is blocked, whatever rules allow (BlockAllInboundTraffic)"
NOT_LOCAL = "group policy lets no local rule count (AllowLocalPolicyMerge)"


class Cause(NamedTuple):
    """A rule, or what the profile does by itself; ``rule`` is None then. ``store`` is ``local`` or ``group policy``."""

    text: str
    rule: WindowsRule | None = None
    store: str = ""


class Part(NamedTuple):
    """The packets of one cause: which are surely let through (or blocked), and which may be, the former among them."""

    cause: Cause
    sure: list[Box]
    possible: list[Box]


class Passage(NamedTuple):
    """``opened``: what is let through when all is said; ``closed``: what block rules match; ``otherwise``: why the rest is not."""

    opened: list[Part]
    closed: list[Part]
    otherwise: Cause


def passage(policy: Policy, packets: Packets, judge: Judge, here: Here) -> Passage:
    """Return what becomes of ``packets``; raises KeyError for an unknown profile."""
    profile = current(policy, packets)
    everything = whole(packets, here)
    if not profile.enabled:
        return unhindered(everything, OFF)
    allowing: list[Part] = []
    closed: list[Part] = []
    if default_action(profile, packets) == "allow":
        allowing.append(Part(Cause(BY_DEFAULT[packets.direction]), [everything], [everything]))
    for cause in _causes(policy, profile, packets.direction):
        rule = cause.rule and judge.judged(cause.rule, packets.protocol)
        found = region(rule, packets, UNKNOWN, here) if rule else None
        if rule and found and found.possible:
            sure = [found.sure] if found.sure and not bypasses(rule) else []
            stops = rule.action == "block" and not bypasses(rule)
            (closed if stops else allowing).append(Part(cause, sure, [found.possible]))
    otherwise = Cause(NOTHING[packets.direction] if profile.local_rules else NOT_LOCAL)
    if blocks_all(profile, packets):
        allowing = [part for part in allowing if part.cause.rule and bypasses(part.cause.rule)]
        otherwise = Cause(BLOCKED)
    perhaps = [box for part in closed for box in part.possible]
    surely = [box for part in closed for box in part.sure]
    opened = [
        Part(
            part.cause,
            boxes.without(part.sure, perhaps),
            part.possible if part.cause.rule and bypasses(part.cause.rule) else boxes.without(part.possible, surely),
        )
        for part in allowing
    ]
    return Passage(opened, closed, otherwise)


def unhindered(everything: Box, why: str) -> Passage:
    """Return that everything is let through."""
    return Passage([Part(Cause(why), [everything], [everything])], [], Cause(""))


def _causes(policy: Policy, profile: Profile, direction: str) -> Sequence[Cause]:
    stores = (("local", policy._replace(group_policy=())), ("group policy", policy._replace(local=())))
    return [
        Cause(described(rule, store), rule, store)
        for store, some in stores
        for rule in some.in_force(profile, direction)
    ]


def described(rule: WindowsRule, store: str) -> str:
    """Return what to call a rule."""
    whose = {"local": "the rule", "group policy": "the rule of group policy"}[store]
    program = f" for {rule.program}" if rule.program else ""
    service = f" for the service {rule.service}" if rule.service else ""
    blocks = " (it blocks)" if rule.action == "block" else ""
    return f"{whose} {rule.name!r}{program}{service}{blocks}"
