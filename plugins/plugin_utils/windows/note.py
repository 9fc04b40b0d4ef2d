# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's state directory remembers of it: how others' rules and the profiles were before this collection changed them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .intent import WindowsError
from .wire import SELECTOR, SETTINGS, Selector

VERSION = 1


class Note(NamedTuple):
    """``rules`` are selectors of rules that were enabled; ``profiles``: name -> former settings. ``intent``: digest of what was wanted."""

    rules: tuple[Selector, ...] = ()
    profiles: Mapping[str, Mapping[str, Any]] = {}
    intent: str = ""


def read(text: str) -> Note:
    """Return the note of a host, an empty one where there is none; raises WindowsError where it cannot be understood."""
    if not text.strip():
        return Note()
    try:
        given = json.loads(text)
        if given["version"] != VERSION:
            raise ValueError(f"version {given['version']}; allowed: {VERSION}")
        rules = tuple({field: rule[field] for field in SELECTOR} for rule in given["rules"])
        profiles = {
            name: {setting: former[setting] for setting in SETTINGS if setting in former}
            for name, former in given["profiles"].items()
        }
        return Note(rules, profiles, str(given.get("intent", "")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WindowsError(
            f"note.json in this collection's directory on the host cannot be understood ({error}). It says how others' rules and the"
            " profiles were before. Bring it back, or delete it to take what is now for what was before"
        ) from None


def write(note: Note) -> str:
    """Return the text of a note."""
    return json.dumps(
        {
            "version": VERSION,
            "rules": [{**rule, "was": True} for rule in note.rules],
            "profiles": note.profiles,
            "intent": note.intent,
        },
        sort_keys=True,
    )


def both(former: Note, later: Note) -> Note:
    """Return what either remembers; where both do, the former counts."""
    names = [*former.profiles, *later.profiles]
    profiles = {name: {**later.profiles.get(name, {}), **former.profiles.get(name, {})} for name in names}
    return Note((*former.rules, *later.rules), profiles, later.intent)
