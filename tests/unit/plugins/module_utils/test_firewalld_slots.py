# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step from one policy to another leaves one of them in force, whole: all small cases, tried out."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_slots
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_slots import BEHIND, FRONT, Content, Slot

TAIL = 'rule priority="32767" drop'
PACKETS = ("p", "q")
CONTENTS = [
    Content(frozenset(accepted).union([TAIL] if drops else []), ())
    for size in range(len(PACKETS) + 1)
    for accepted in itertools.combinations(PACKETS, size)
    for drops in (False, True)
]
SETTINGS = {
    "version": "",
    "short": "",
    "description": "",
    "target": "CONTINUE",
    "priority": -10000,
    "rich_rules": [],
    "services": [],
    "masquerade": False,
    "ingress_zones": [],
    "egress_zones": [],
}


def verdicts(slots):
    """Return what becomes of each packet: the front policy is asked first, and what none decides is up to the zones."""
    asked = [slots[number].content.rules for number in (FRONT, BEHIND) if slots[number].on]
    return tuple(
        next((packet in rules for rules in asked if packet in rules or TAIL in rules), None) for packet in PACKETS
    )


def alone(content):
    return verdicts([Slot(firewalld_slots.EMPTY, False) if content is None else Slot(content, True), Slot(None, False)])


def by_hand(slots):
    """Tell whether both are in force in a way that no step of ours leads to: the front one lets pass what it does not accept."""
    return slots[FRONT].on and slots[BEHIND].on and not firewalld_slots.enforces(slots[FRONT].content)


STARTS = [
    [Slot(behind, behind_on), Slot(front, front_on)]
    for behind, front in itertools.product(CONTENTS, repeat=2)
    for behind_on, front_on in itertools.product((False, True), repeat=2)
]


@pytest.mark.parametrize("wanted", [None, *CONTENTS], ids=lambda each: "+".join(sorted(each.rules)) if each else "none")
def test_every_step_leaves_the_old_or_the_new(wanted) -> None:
    for start in STARTS:
        slots, old, new = list(start), verdicts(start), alone(wanted)
        before = firewalld_slots.in_force(start)
        drops = any(content and firewalld_slots.enforces(content) for content in (before, wanted))
        for step in firewalld_slots.steps(start, wanted):
            if step.content is not None:
                assert not slots[step.slot].on, "a policy in force would change rule by rule"
                assert not step.on
            slots[step.slot] = Slot(slots[step.slot].content if step.content is None else step.content, step.on)
            if before and wanted and not drops:
                assert False not in verdicts(slots), "policies that drop nothing make one that does"
            elif not by_hand(start):
                assert verdicts(slots) in (old, new), (start, slots)
        assert verdicts(slots) == new
        assert firewalld_slots.in_force(slots) == wanted
        assert not firewalld_slots.steps(slots, wanted)


def test_what_was_in_force_stays_in_the_other_place_so_going_back_is_one_switch() -> None:
    slots = [Slot(CONTENTS[3], True), Slot(firewalld_slots.EMPTY, False)]
    for step in firewalld_slots.steps(slots, CONTENTS[5]):
        slots[step.slot] = Slot(slots[step.slot].content if step.content is None else step.content, step.on)
    assert all(step.content is None for step in firewalld_slots.steps(slots, CONTENTS[3]))


def test_settings_made_by_hand_are_seen() -> None:
    hand = dict(SETTINGS, services=["http"], ingress_zones=["public"], egress_zones=["HOST"])
    found = firewalld_slots.slot("in", hand)
    assert found.on
    assert found.content.others == (("services", "['http']"), ("zones", "(('public',), ('HOST',))"))
    ours = firewalld_slots.slot("in", dict(SETTINGS, ingress_zones=["ANY"], egress_zones=["HOST"]))
    assert ours == Slot(firewalld_slots.EMPTY, True)


def test_a_policy_without_both_its_ends_is_not_in_force() -> None:
    assert not firewalld_slots.slot("in", dict(SETTINGS, ingress_zones=["ANY"])).on


def test_what_cannot_be_set_while_it_runs_must_be_right() -> None:
    assert firewalld_slots.usable(BEHIND, SETTINGS)
    assert not firewalld_slots.usable(FRONT, SETTINGS)
    assert not firewalld_slots.usable(BEHIND, dict(SETTINGS, target="ACCEPT"))
    assert not firewalld_slots.usable(BEHIND, None)
