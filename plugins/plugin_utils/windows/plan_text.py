# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan changes, as texts of before and after for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges

from . import normal, profiles, values
from .build import NAMES
from .difference import Difference
from .flows import flows_of
from .foreign import DISABLED, Foreign
from .model import ANY_PROTOCOL, WindowsRule
from .profiles import Profiles
from .wire import Host, Selector

_NAMES = {**NAMES, ANY_PROTOCOL: "any protocol"}

Part = dict[str, str]


def diff(host: Host, own: Difference, foreign: Foreign, settings: Profiles) -> list[Part]:
    """Return before and after of what changes: own rules, others' rules, profiles."""
    parts = (
        ("rules of vidnet.portmatrix", _rules(own.remove), _rules(own.add)),
        ("rules of others", _others(foreign, now=True), _others(foreign, now=False)),
        ("profiles", _profiles(host.settings, settings), _profiles(settings.settings, settings)),
    )
    return [
        {"before_header": name, "after_header": name, "before": before, "after": after}
        for name, before, after in parts
        if before != after
    ]


def _rules(rules: Iterable[WindowsRule]) -> str:
    return "".join(sorted(map(rule_text, rules)))


def rule_text(rule: WindowsRule) -> str:
    """Return a rule as a line, with a line for each of its peers."""
    inbound = rule.direction == "in"
    ports = values.ports(rule.local_ports if inbound else rule.remote_ports)
    shown = f" {normal.ports_text(ports)}" if rule.protocol in normal.WITH_PORTS else ""
    unusual = "".join(
        text for text, wrong in ((" (disabled)", not rule.enabled), (" (block)", rule.action == "block")) if wrong
    )
    head = f"{rule.direction} {_NAMES.get(rule.protocol, rule.protocol)}{shown}{unusual}: {', '.join(flows_of(rule)) or rule.name}"
    way = "from" if inbound else "to"
    return "".join(f"{line}\n" for line in (head, *(f"  {way} {peer}" for peer in _peers(rule.remote_addresses))))


def _peers(text: str) -> Iterator[str]:
    found = values.addresses(text)
    if found == values.EVERYWHERE:
        yield "any"
        return
    for family, ranges in ((4, found.ipv4), (6, found.ipv6)):
        yield from (address_ranges.range_text(family, pair) for pair in ranges)
    yield from normal.spelled(found.keywords)


def _others(foreign: Foreign, now: bool) -> str:
    sentences: dict[str, list[str]] = {}
    for row in foreign.rows:
        if row["disposition"] == DISABLED:
            sentences.setdefault(row["rule"], []).append(row["sentence"])
    lines = []
    for each in foreign.disable:
        lines.append(_line(each, enabled=now))
        lines += [f"  {sentence}" for sentence in sentences.get(each["name"], ())] if now else []
    lines += [_line(each, enabled=not now) for each in foreign.enable]
    return "".join(f"{line}\n" for line in lines)


def _line(chosen: Selector, enabled: bool) -> str:
    return f"{chosen['name']!r} is {'enabled' if enabled else 'disabled'}"


def _profiles(settings: Mapping[str, Mapping[str, Any]], found: Profiles) -> str:
    return "".join(
        f"{name}: {text}\n" for name, of in found.changed.items() for text in profiles.texts(settings[name], of)
    )
