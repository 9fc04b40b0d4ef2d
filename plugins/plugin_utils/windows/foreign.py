# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Others' rules that leave ports of the matrix open beyond the policy: which are disabled, and which get back what they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import known as knowledge
from .intent import Intent
from .left_open import with_rules
from .matrix_ports import MatrixPort
from .model import GROUP, WindowsRule
from .note import Note
from .wire import Host, Key, Selector, key_of, key_of_rule, selector

DISABLED, LEFT, UNTOUCHED, REPORTED, GROUP_POLICY = "disabled", "left", "untouched", "reported", "group policy"
REPORT = "report"


class Foreign(NamedTuple):
    """``rows`` are those of left_open.py as if nothing were disabled yet, each with its ``disposition``.

    ``held``: selectors of all rules that are to be disabled, to be remembered. ``disable`` and ``enable``: those of rules that differ now.
    ``rules``: others' rules in the local store as they will be. ``back``: names of rules that somebody enabled again.
    """

    rows: list[dict[str, Any]]
    held: tuple[Selector, ...]
    disable: tuple[Selector, ...]
    enable: tuple[Selector, ...]
    rules: list[WindowsRule]
    back: tuple[str, ...]
    warnings: tuple[str, ...]


def foreign(host: Host, intent: Intent, ports: Sequence[MatrixPort], own: Iterable[WindowsRule], note: Note) -> Foreign:
    """Return what is to become of others' rules; it does not depend on which of those remembered are disabled by now.

    ``own``: the rules of this collection's own, as they are and as they will be.
    """
    theirs = [rule for rule in host.policy.local if rule.group != GROUP]
    remembered = {key_of(each): each for each in note.rules}
    before = [_enabled(rule, remembered) for rule in theirs]
    found = [(rule, row, _disposition(row, intent)) for rule, row in _left_open(host, intent, ports, before)]
    held = {key_of_rule(rule): selector(rule) for rule, _row, disposition in found if disposition == DISABLED}
    stuck = _stuck(held, (*before, *own)) if held else {}
    for key in stuck:
        del held[key]
    rows = [
        {**row, "disposition": LEFT if disposition == DISABLED and key_of_rule(rule) in stuck else disposition}
        for rule, row, disposition in found
    ]
    now: dict[Key, set[bool]] = {}
    for rule in theirs if held or remembered else ():
        now.setdefault(key_of_rule(rule), set()).add(rule.enabled)
    return Foreign(
        rows,
        tuple(held.values()),
        tuple(each for key, each in held.items() if True in now[key]),
        tuple(each for key, each in remembered.items() if key not in held and False in now.get(key, ())),
        [rule._replace(enabled=False) if held and key_of_rule(rule) in held else rule for rule in before],
        tuple(each["name"] for key, each in held.items() if key in remembered and True in now[key]),
        (*dict.fromkeys(stuck.values()), *_by_group_policy(rows)),
    )


def _enabled(rule: WindowsRule, remembered: Mapping[Key, Selector]) -> WindowsRule:
    if rule.enabled or not remembered or key_of_rule(rule) not in remembered:
        return rule
    return rule._replace(enabled=True)


def _left_open(
    host: Host, intent: Intent, ports: Sequence[MatrixPort], before: Sequence[WindowsRule]
) -> Iterator[tuple[WindowsRule, dict[str, Any]]]:
    """Yield rules and rows; our own rules in a group policy are judged as any other, for they may be of a former policy."""
    if not intent.present:
        return iter(())
    by_group = [rule._replace(group="") if rule.group == GROUP else rule for rule in host.policy.group_policy]
    return with_rules(host.policy._replace(local=before, group_policy=by_group), list(intent.rules), ports)


def _disposition(row: Mapping[str, Any], intent: Intent) -> str:
    if row["store"] != "local":
        return GROUP_POLICY
    if row["untouched"]:
        return UNTOUCHED
    if not intent.enforced or intent.foreign == REPORT:
        return REPORTED
    return LEFT if intent.leaves(row["rule"]) else DISABLED


def _stuck(held: Mapping[Key, Selector], rules: Iterable[WindowsRule]) -> dict[Key, str]:
    """Return why a rule cannot be disabled: another has the same selector, and is not to be switched with it, or back on with it."""
    alike: dict[Key, list[Key]] = {}
    for key in held:
        alike.setdefault(_folded(key), []).append(key)
    out: dict[Key, str] = {}
    for rule in rules:
        keys = alike.get(_folded(key_of_rule(rule)))
        other = _other(rule) if keys else ""
        if keys and other:
            why = (
                f"The rule {rule.name!r} is left as it is: {other} has the same name, program, service, protocol, ports and"
                " direction, so one cannot be switched without the other. Rename or delete one of them."
            )
            out.update(dict.fromkeys(keys, why))
    return out


def _folded(key: Key) -> Key:
    """Return a key without the case of letters, in which Windows' own tools see no difference."""
    return tuple(part.lower() if isinstance(part, str) else part for part in key)


def _other(rule: WindowsRule) -> str:
    if rule.group == GROUP:
        return "a rule of this collection's own"
    if rule.action == "block":
        return "a block rule"
    if not rule.enabled:
        return "a rule that is disabled"
    spared = knowledge.known().left_alone(rule)
    return f"a rule for {spared}" if spared else ""


def _by_group_policy(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        f"{row['sentence']} It comes by group policy, so it can only be changed there."
        for row in rows
        if row["disposition"] == GROUP_POLICY
    ]
