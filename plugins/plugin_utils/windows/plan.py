# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must change on a Windows host so that it has its policy: decided here, from what the host is read to be; carried out there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import evaluate, flows, note, plan_text, profiles, refusals, wire
from .difference import Difference, difference
from .foreign import Foreign, foreign
from .intent import Intent, WindowsError
from .model import GROUP, WindowsRule
from .note import Note
from .profiles import Profiles
from .wire import Host

__all__ = ["Intent", "Plan", "WindowsError", "plan"]


class Plan(NamedTuple):
    """What is to change on one host; ``after`` is its policy as it will be."""

    host: Host
    intent: Intent
    own: Difference
    foreign_rules: Foreign
    profiles: Profiles
    remembered: Note
    note: str
    drift: list[str]
    warnings: list[str]
    after: evaluate.Policy

    @property
    def changed(self) -> bool:
        """Whether anything is to change."""
        forgets = bool(self.host.raw["note"]) and not self.note
        return bool(
            self.own or self.foreign_rules.disable or self.foreign_rules.enable or self.profiles.changed or forgets
        )

    @property
    def foreign(self) -> list[dict[str, Any]]:
        """What others left open: rows of left_open.py, each with its ``disposition``."""
        return self.foreign_rules.rows

    @property
    def flows(self) -> dict[str, list[str]]:
        """Flows by ``added``, ``removed`` and ``changed``."""
        if not self.own:
            return {"added": [], "removed": [], "changed": []}
        return flows.differences((*self.own.keep, *self.own.remove), (*self.own.keep, *self.own.add))

    @property
    def diff(self) -> list[dict[str, str]]:
        """Before and after, as Ansible shows them."""
        return plan_text.diff(self.host, self.own, self.foreign_rules, self.profiles)

    def request(self) -> dict[str, Any]:
        """Return what the module is to apply."""
        return {
            "remove_before": self.own.before(),
            "add": [wire.add_row(rule) for rule in self.own.add],
            "remove_after": self.own.after(),
            "disable": list(self.foreign_rules.disable),
            "enable": list(self.foreign_rules.enable),
            "profiles": self.profiles.entries(),
            "note": self.note,
        }

    def unmet(self, state_after: Mapping[str, Any]) -> list[str]:
        """Return a sentence for all that a host, read again after the change, still has otherwise."""
        # With what both notes remember: what is to be given back is in the former only.
        both = note.write(note.both(self.remembered, note.read(self.note)))
        return list(_unmet(plan({**state_after, "note": both}, self.intent)))


def plan(state: Mapping[str, Any], intent: Intent) -> Plan:
    """Return the plan for a host from its ``state``, as the module win_firewall_policy reads it.

    Raises WindowsError where the host's own rules would mean nothing, and policy_rules.RuleError for wrong rules of the intent.
    """
    refusals.check_service(state)
    host = wire.firewall(state)
    warnings = refusals.check(host, intent)
    remembered = note.read(state["note"] or "")
    wanted, ports = intent.own_rules(), intent.matrix_ports()
    existing = [rule for rule in host.policy.local if rule.group == GROUP]
    own = difference(wanted, existing)
    others = foreign(host, intent, ports, (*existing, *wanted), remembered)
    settings = profiles.profiles(host, intent, remembered)
    digest = intent.digest(wanted, ports)
    return Plan(
        host,
        intent,
        own,
        others,
        settings,
        remembered,
        _note(intent, others, settings, digest),
        list(_drift(own, others, settings, wanted, again=remembered.intent == digest)),
        [*warnings, *settings.warnings, *others.warnings, *(host.unread if intent.present else ())],
        profiles.after(host.policy._replace(local=[*wanted, *others.rules]), settings),
    )


def _note(intent: Intent, others: Foreign, settings: Profiles, digest: str) -> str:
    return note.write(Note(others.held, settings.former, digest)) if intent.present else ""


def _drift(
    own: Difference, others: Foreign, settings: Profiles, wanted: Sequence[WindowsRule], again: bool
) -> Iterator[str]:
    """Yield what somebody else changed; ``again``: the host was brought to the very same before, so all that differs is."""
    names = {rule.name for rule in wanted}
    removed = [rule.name for rule in own.remove]
    for rule in own.add:
        if rule.name in removed:
            yield f"Somebody changed the rule {rule.name!r}."
        elif again:
            yield f"Somebody removed the rule {rule.name!r}."
    kept = {rule.name for rule in own.keep}
    for name in dict.fromkeys(removed):
        if name in kept or (again and name not in names):
            yield f"Somebody added a rule {name!r} to the group {GROUP}."
    yield from (
        f"Somebody enabled the rule {name!r} again, which was disabled for what it lets in." for name in others.back
    )
    if again:
        back = set(others.back)
        for each in others.disable:
            if each["name"] not in back:
                yield f"Somebody added or enabled the rule {each['name']!r} since this host was last brought to its policy."
    yield from settings.drift


def _unmet(rest: Plan) -> Iterator[str]:
    for rule in rest.own.add:
        yield f"The rule {rule.name!r} is not there as it was written."
    added = {rule.name for rule in rest.own.add}
    for name in dict.fromkeys(rule.name for rule in rest.own.remove):
        if name not in added:
            yield f"The rule {name!r} is still there."
    yield from (f"The rule {each['name']!r} is still enabled." for each in rest.foreign_rules.disable)
    yield from (f"The rule {each['name']!r} is still disabled." for each in rest.foreign_rules.enable)
    for name, settings in rest.profiles.changed.items():
        yield f"The {name} profile still {_and(profiles.texts(rest.host.settings[name], settings))}."


def _and(texts: Sequence[str]) -> str:
    return " and ".join(f"is {text}" if text in ("on", "off") else text for text in texts)
