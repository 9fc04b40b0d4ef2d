# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a Windows host as in windows_host.json, spread over profiles and users as Windows does: some 600 of its own and ten of an
installer. Written after documentation; no host was asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ALL_PROFILES, WindowsRule

DATA = json.loads(Path(__file__).with_name("windows_host.json").read_text(encoding="utf-8"))
DOMAIN, PRIVATE, PUBLIC = 1, 2, 4
#: How a group's rules are spread: profiles, and who may come.
VARIANTS = {
    "all": [(ALL_PROFILES, "*")],
    "scoped": [(DOMAIN, "*"), (PRIVATE | PUBLIC, "LocalSubnet")],
    "split": [(DOMAIN, "*"), (PRIVATE, "*"), (PUBLIC, "LocalSubnet")],
}


def own() -> list[WindowsRule]:
    """Return Windows' own rules."""
    return [*_services(), *_packages()]


def installer() -> list[WindowsRule]:
    """Return what an installer like XProtect's and a person added."""
    return [WindowsRule(group="", **given) for given in DATA["installer"]]


def _services() -> Iterator[WindowsRule]:
    for group in DATA["groups"]:
        for values in group["rules"]:
            given: dict[str, Any] = dict(zip(DATA["columns"], values))
            for profiles, peers in VARIANTS[group["variants"]]:
                yield WindowsRule(
                    **{**given, "name": f"{group['title']} ({given['name']})"},
                    group=group["group"],
                    enabled=group["enabled"],
                    profiles=profiles,
                    remote_addresses=peers,
                )


def _packages() -> Iterator[WindowsRule]:
    """Yield rules for packaged applications: for any program and port, but for what stands in other fields."""
    for user in DATA["users"]:
        for number, package in enumerate(DATA["packages"]):
            for direction in ("in", "out"):
                yield WindowsRule(
                    name=package,
                    group=f"@{{{package}}}",
                    direction=direction,
                    others=(f"LUOwn={user}", f"AppPkgId=S-1-15-2-{number}"),
                )
