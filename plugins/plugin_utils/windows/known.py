# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose rule a rule is: programs of vendors, ports that Windows itself holds, and what is never touched, read from known.yml."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import yaml_file
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule

FILE = Path(__file__).with_name("known.yml")
#: The program that stands for the kernel, in lower case; HTTP.sys listens as it.
SYSTEM = "system"


class Owner(NamedTuple):
    """The product whose program or service a rule is for; ``components`` are those of the program, none where it is not listed."""

    product: str
    components: frozenset[str] = frozenset()

    def may_hold(self, product: str, components: frozenset[str]) -> bool:
        """Tell whether the owner may listen on ports of a product, for those of its components that are known."""
        unknown = not (self.components and components)
        return self.product == product and (unknown or not self.components.isdisjoint(components))


class Untouched(NamedTuple):
    """Rules that are left alone, by what they are for; everything is in lower case."""

    name: str
    groups: frozenset[str]
    services: frozenset[str]
    programs: frozenset[str]
    ports: Ranges


class Product(NamedTuple):
    """How programs and services of a product are recognised; everything is in lower case."""

    name: str
    directories: tuple[str, ...]
    services: tuple[str, ...]
    programs: Mapping[str, frozenset[str]]


class Known(NamedTuple):
    """What known.yml holds; ``held_by_system`` has patterns of flow ids, each with the ports meant."""

    products: Sequence[Product]
    held_by_system: Sequence[tuple[str, Ranges]]
    untouched: Sequence[Untouched]

    def owner(self, rule: WindowsRule) -> Owner | None:
        """Return whose program or service a rule is for, or None."""
        path = values.program(rule.program)
        service = values.service(rule.service)
        name = path.rpartition("\\")[2]
        below = path[2:] if path[1:2] == ":" else path
        for product in self.products:
            if name in product.programs:
                return Owner(product.name, product.programs[name])
            if any(below.startswith(directory) for directory in product.directories):
                return Owner(product.name)
            if service and any(fnmatch.fnmatchcase(service, pattern) for pattern in product.services):
                return Owner(product.name)
        return None

    def system_ports(self, flow: str, ports: Ranges) -> Ranges:
        """Return those of a flow's ports that the kernel itself holds."""
        return ranges.union(
            *(
                ranges.intersect(ports, some)
                for pattern, some in self.held_by_system
                if fnmatch.fnmatchcase(flow, pattern)
            )
        )

    def left_alone(self, rule: WindowsRule) -> str:
        """Return what a rule that is never touched is for; empty for other rules.

        It is one by its group, its service or program, or because it names a port of such a service.
        """
        group, service = rule.group.strip().lower(), values.service(rule.service)
        name = values.program(rule.program).rpartition("\\")[2]
        ports = values.ports(rule.local_ports).ranges if rule.protocol in (6, 17) else ()
        named = () if ports == values.ALL_PORTS else ports
        for each in self.untouched:
            if group in each.groups or service in each.services or name in each.programs:
                return each.name
            if any(ranges.contains(each.ports, first) and first == last for first, last in named):
                return each.name
        return ""


@functools.lru_cache(maxsize=1)
def known() -> Known:
    """Return what the shipped file holds."""
    return read(yaml_file.read(FILE))


def read(data: Mapping[str, Any]) -> Known:
    """Return what a file's data holds."""
    return Known(
        products=tuple(
            Product(
                name,
                tuple(directory.lower() for directory in given["directories"]),
                tuple(pattern.lower() for pattern in given["services"]),
                {program.lower(): frozenset(components) for program, components in given["programs"].items()},
            )
            for name, given in data["products"].items()
        ),
        held_by_system=tuple((each["flow"], _ports(each.get("ports", ["*"]))) for each in data["held_by_system"]),
        untouched=tuple(
            Untouched(
                name,
                _lower(given.get("groups", ())),
                _lower(given.get("services", ())),
                _lower(given.get("programs", ())),
                _ports(given.get("ports", [])),
            )
            for name, given in data["untouched"].items()
        ),
    )


def _lower(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)


def _ports(texts: Sequence[str]) -> Ranges:
    return values.ports(",".join(texts)).ranges if texts else ()
