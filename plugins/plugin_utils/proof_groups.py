# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of a proof that are the same: of one site, with the same components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

NUMBER = re.compile(r"(\d+)")


class Group(NamedTuple):
    """Names of hosts, in the order that people count in."""

    site: str
    components: tuple[str, ...]
    hosts: tuple[str, ...]


def groups(hosts: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Return the groups of a proof's ``hosts`` by site and components; those without a component are last in their site."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for host in hosts:
        found.setdefault((host["site"], tuple(host["components"])), []).append(host["name"])
    keys = sorted(found, key=lambda key: (_natural(key[0]), not key[1], key[1]))
    return [Group(*key, tuple(sorted(found[key], key=_natural))) for key in keys]


def together(found: Iterable[Group]) -> list[Group]:
    """Return the groups as if all sites were one, which has no name."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for group in found:
        alike.setdefault(group.components, []).extend(group.hosts)
    return [Group("", components, tuple(alike[components])) for components in sorted(alike, key=lambda c: (not c, c))]


def _natural(name: str) -> tuple[list[str | int], str]:
    """Return a key that puts cam10 after cam9."""
    return [int(part) if part.isdecimal() and part.isascii() else part for part in NUMBER.split(name)], name
