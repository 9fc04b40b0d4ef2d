# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a recorded host as rows of win_firewall_policy: those of a plain Windows Server 2019, and an installer's.

Made after Microsoft's and the vendor's documentation; no host was asked. Which rules a release has, and which of them are enabled,
differs. The facts are in windows_host.json of the unit tests, which have the same rules as a registry holds them.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host

INSTALLER = Path(__file__).with_name("installer.yml")
DIRECTIONS = {"in": 1, "out": 2}
ACTIONS = {"allow": 1, "block": 0}
PORTED = (6, 17)
WITH_TYPES = (1, 58)
TITLES = {group["group"]: group["title"] for group in windows_host.DATA["groups"]}


def own() -> list[dict[str, Any]]:
    """Return Windows' own rules, about 600."""
    return [row(rule._replace(description=_purpose(rule))) for rule in windows_host.own()]


def installer(components: Collection[str]) -> list[dict[str, Any]]:
    """Return an installer's rules for a host of these components; all ten where it has all of them."""
    return [
        row(WindowsRule(**given["rule"]))
        for given in yaml.safe_load(INSTALLER.read_text(encoding="utf-8"))
        if not given.get("components") or set(given["components"]) & set(components)
    ]


def row(rule: WindowsRule) -> dict[str, Any]:
    """Return a rule as Windows gives it back: no ports where the protocol has none, nothing where there is no condition."""
    ported = rule.protocol in PORTED
    others = dict(other.split("=", 1) for other in rule.others)
    return {
        "name": rule.name,
        "description": rule.description,
        "group": rule.group,
        "program": rule.program,
        "service": rule.service,
        "protocol": rule.protocol,
        "local_ports": rule.local_ports if ported else "",
        "remote_ports": rule.remote_ports if ported else "",
        "local_addresses": rule.local_addresses,
        "remote_addresses": rule.remote_addresses,
        "icmp": rule.icmp if rule.protocol in WITH_TYPES else "",
        "direction": DIRECTIONS[rule.direction],
        "interfaces": [],
        "interface_types": rule.interface_types,
        "enabled": rule.enabled,
        "profiles": rule.profiles,
        "action": ACTIONS[rule.action],
        "edge": rule.edge,
        "edge_options": 0,
        "package": others.get("AppPkgId", ""),
        "owner": others.get("LUOwn", ""),
        "local_users": "",
        "remote_users": "",
        "remote_computers": "",
        "secure": 0,
    }


def _purpose(rule: WindowsRule) -> str:
    title = TITLES.get(rule.group)
    whose = f"the group {title}" if title else f"the application {rule.name}"
    return f"Lets {'in' if rule.direction == 'in' else 'out'} what {whose} needs."
