# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two places for each direction's policy, and the steps from what is in force to what is wanted: pure functions.

firewalld changes a running policy rule by rule, but puts a whole policy in force, or out of it, in one transaction. So
each direction has two policy objects. The one that is not in force is filled, put in force, and then the other is put out
of it; that one keeps its rules, and going back is one switch. While both are in force the front one is asked first, so when
it drops what it does not accept, it alone decides.
"""

from __future__ import annotations

from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_rules

BEHIND, FRONT = 0, 1
NAMES = {"in": ("portmatrix-in-a", "portmatrix-in-b"), "out": ("portmatrix-out-a", "portmatrix-out-b")}
PRIORITIES = (-10000, -10001)
"""After those of firewalld's own objects, before the zones and what users commonly write."""
TARGET = "CONTINUE"
ZONES = {"in": ("ANY", "HOST"), "out": ("HOST", "ANY")}
"""direction -> where its packets come from, and where they go."""

Content = namedtuple("Content", "rules others")
"""rules: frozenset of texts. others: sorted (key, values) of all other settings, which we leave empty."""
Slot = namedtuple("Slot", "content on")
Step = namedtuple("Step", "slot content on")
"""slot: BEHIND or FRONT. content: what it shall hold, None to leave it. on: whether it shall be in force."""

EMPTY = Content(frozenset(), ())
_TAIL = firewalld_rules.text(firewalld_rules.TAIL)
_TEXTS = ("version", "short", "description", "target", "priority")


def content(rich_rules):
    """Return the `Content` of these rules (`Rich`) and nothing else, None for None."""
    return None if rich_rules is None else Content(frozenset(map(firewalld_rules.text, rich_rules)), ())


def slot(direction, settings):
    """Return the `Slot` for a policy object's settings (dict, as firewalld has them)."""
    zones = tuple(settings["ingress_zones"]), tuple(settings["egress_zones"])
    others = {
        key: value
        for key, value in settings.items()
        if value and key not in _TEXTS and key not in ("rich_rules", "ingress_zones", "egress_zones")
    }
    on = all(zones)
    if on and zones != tuple((zone,) for zone in ZONES[direction]):
        others["zones"] = zones
    texts = tuple(sorted((key, str(value)) for key, value in others.items()))
    return Slot(Content(frozenset(settings["rich_rules"]), texts), on)


def usable(number, settings):
    """Tell whether a policy object (dict, or None) is one that we made: what cannot be set while it runs is right."""
    return bool(settings) and settings["priority"] == PRIORITIES[number] and settings["target"] == TARGET


def enforces(wanted):
    """Tell whether a `Content` drops what it does not accept."""
    return _TAIL in wanted.rules


def in_force(slots):
    """Return the `Content` that decides for a direction, None when there is none."""
    behind, front = slots
    if behind.on and front.on and not enforces(front.content):
        both = behind.content.rules | front.content.rules
        return Content(both, tuple(sorted(set(behind.content.others + front.content.others))))
    return front.content if front.on else behind.content if behind.on else None


def steps(slots, wanted):
    """Return the list of `Step` that puts ``wanted`` (`Content`, None for nothing) in force.

    After each step what is in force is the old or the new, whole. (Between two policies that drop nothing there is a
    moment at which either accepts.)
    """
    slots, done = list(slots), []

    def step(number, what, on):
        done.append(Step(number, what, on))
        slots[number] = Slot(slots[number].content if what is None else what, on)

    def take_over(number, what):
        if slots[number].content != what:
            step(number, what, False)
        step(number, None, True)
        step(1 - number, None, False)

    if slots[BEHIND].on and slots[FRONT].on:
        step(BEHIND if enforces(slots[FRONT].content) else FRONT, None, False)
    current = next((number for number in (BEHIND, FRONT) if slots[number].on), None)
    if wanted is None:
        if current is not None:
            step(current, None, False)
    elif current is None:
        number = min((BEHIND, FRONT), key=lambda one: len(slots[one].content.rules ^ wanted.rules))
        if slots[number].content != wanted:
            step(number, wanted, False)
        step(number, None, True)
    elif slots[current].content != wanted:
        if current == _place(slots[current].content, wanted):
            take_over(1 - current, slots[current].content)
            current = 1 - current
        take_over(1 - current, wanted)
    return done


def _place(old, new):
    """Return where ``new`` must be, for one of them alone to decide while both are in force; None when either will do."""
    if enforces(new) == enforces(old):
        return None
    return FRONT if enforces(new) else BEHIND
