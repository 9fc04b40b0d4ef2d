# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary to Ansible: its values as plain Python, its templates resolved, its lines in our errors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from . import management, site_schema
from .problems import InputError, Problem

#: Variables of Ansible's own that say where a host is and how it is reached.
CONNECTION = ("ansible_host", *management.VARIABLES)
#: Variables of ours that hold results, not input.
RESULTS = (
    "portmatrix_rules",
    "portmatrix_unresolved",
    "portmatrix_expectations",
    "portmatrix_asked",
    "portmatrix_listened",
)

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # ansible-core before 2.19 keeps the line on the value itself
    Origin = None

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 has no such mark

    def trust_as_template(value: str) -> str:
        return value


def is_ours(name: str) -> bool:
    """Return whether the compiler reads a variable of this name."""
    return (name.startswith(site_schema.PREFIX) and name not in RESULTS) or name in CONNECTION


def plain(value: Any) -> Any:
    """Return a copy in exact built-in types, so that nothing is lazy or tagged any more."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


def has_template(value: Any) -> bool:
    """Return whether a plain value holds a Jinja2 template."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        return any(has_template(key) or has_template(entry) for key, entry in value.items())
    return isinstance(value, list) and any(has_template(entry) for entry in value)


def trusted(value: Any) -> Any:
    """Return a copy of our results whose texts are not marked as unsafe where Ansible prints them.

    They come from the user's own files, and the schemas let no template through.
    """
    if isinstance(value, str):
        return _trusted_text(value)
    if isinstance(value, dict):
        return {key: trusted(entry) for key, entry in value.items()}
    return [trusted(entry) for entry in value] if isinstance(value, list) else value


@functools.cache
def _trusted_text(value: str) -> str:
    text: str = trust_as_template(value)
    return text


def origin(value: Any) -> str:
    """Return ``file:line:column`` of a value that Ansible loaded, or an empty text."""
    position = getattr(value, "ansible_pos", None)
    if position and position[0]:
        return ":".join(str(part) for part in position)
    tag = Origin.get_tag(value) if Origin is not None else None
    return str(tag) if tag is not None and getattr(tag, "path", None) else ""


def placed(error: InputError, raw: Callable[[str, str], Any]) -> InputError:
    """Add to each problem the line where the user wrote it; ``raw(host, variable)`` is the value as Ansible has it.

    What many hosts have from one line of a group's variables is reported once.
    """

    def of(problem: Problem) -> Problem:
        if problem.place or len(problem.path) < 2:
            return problem
        value = raw(str(problem.path[0]), str(problem.path[1]))
        place = origin(value)
        for key in problem.path[2:]:
            try:
                value = value[key]
            except (LookupError, TypeError):
                break
            place = origin(value) or place
        return problem._replace(place=place)

    once: dict[tuple[str, ...], Problem] = {}
    for problem in map(of, error.problems):
        once.setdefault((problem.place or problem.text(), problem.what, problem.allowed), problem)
    return InputError(once.values())


def refusal(error: InputError) -> AnsibleError:
    """Return the error that Ansible shows: every problem on a line of its own."""
    count = len(error.problems)
    return AnsibleError(
        f"vidnet.portmatrix: {count} problem{'s' if count > 1 else ''} in your input, nothing was applied:\n"
        + str(error)
    )
