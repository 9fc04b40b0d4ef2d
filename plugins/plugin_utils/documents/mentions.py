# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds ports and the protocols beside them: in a cell ("443/TCP, 161/UDP") and in sentences ("uses TCP port 443")."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import protocols

_NAME = r"(?:tcp|udp|igmp)(?:/ip)?"
_NAMES = rf"{_NAME}(?: ?(?:/|&|\+|,|and|or|\|) ?{_NAME})*"
_DASH = "[-\u2010-\u2015]"
_PORTS = rf"(?<![\w.])\d{{1,6}}(?: ?(?:{_DASH}|to|through) ?\d{{1,6}}(?:\+\([a-z]-1\))?)?(?!\d|\.\d|\w)"
_LIST = rf"{_PORTS}(?: ?(?:,(?: and| or)?|and|or|&|;) ?(?:ports? )?{_PORTS}){{0,40}}"
_IN_CELL = re.compile(rf"(?<![a-z0-9]){_NAMES}(?![a-z0-9])")
_IN_PROSE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![a-z0-9])(?P<protocol>{_NAMES})(?:[ -]ports?)?(?: numbers?| range)?(?: from)?[ :/]{{0,2}}\(?(?P<ports>{_LIST})",
        rf"(?P<ports>{_LIST}) ?/ ?(?P<protocol>{_NAMES})(?![a-z0-9])",
        rf"(?P<ports>{_LIST}) ?\(?(?P<protocol>{_NAMES})(?![a-z0-9])",
        rf"\bports?(?: numbers?| range| no\.?)?(?: from| is| are)?[ :#]{{0,3}}(?P<ports>{_LIST})"
        rf"(?:,? ?\(?(?:(?:over|via|using|on|with|by|for|of) )?(?P<protocol>{_NAMES}))?",
        rf"(?<![a-z0-9])(?P<application>[a-z]{{2,8}}) ?\((?:ports? )?(?P<ports>{_LIST})\)",
    )
)


class Group(NamedTuple):
    """A text that holds ports, and the transport protocols that stand beside it."""

    protocols: list[str]
    ports: str


def split(cell: str) -> list[Group]:
    """Return the groups of a port cell: its protocols precede the ports they go with ("TCP 80, UDP 53"), or follow them."""
    plain = " ".join(cell.replace("\u00a0", " ").lower().split("\n")) if "/" in cell else cell.lower()
    marks = list(_IN_CELL.finditer(plain))
    if not marks:
        return [Group([], cell)]
    groups: list[Group] = []
    if re.search(r"\d", plain[: marks[0].start()]) or not re.search(r"\d", plain[marks[0].end() :]):
        edges = [0, *(mark.end() for mark in marks)]
        for number, mark in enumerate(marks):
            groups.append(Group(protocols.of(mark[0]), plain[edges[number] : mark.start()].strip(" ,;/()\n")))
        rest = plain[edges[-1] :].strip(" ,;/()\n")
        if re.search(r"\d", rest):
            groups.append(Group([], rest))
    else:
        edges = [*(mark.start() for mark in marks), len(plain)]
        for number, mark in enumerate(marks):
            groups.append(Group(protocols.of(mark[0]), plain[mark.end() : edges[number + 1]].strip(" ,;:/()\n")))
    merged: list[Group] = []
    for group in groups:
        if not re.search(r"\d|\?|depend", group.ports) and len(groups) > 1:
            if merged:  # "443 TCP (UDP)": the same ports once more
                last = merged.pop()
                merged.append(Group(_union(last.protocols, group.protocols), last.ports))
        else:
            merged.append(group)
    return merged or [Group(_union(*(group.protocols for group in groups)), cell)]


def _union(*lists: list[str]) -> list[str]:
    found = {name for names in lists for name in names}
    return [name for name in protocols.ORDER if name in found]


def of(text: str) -> list[Group]:
    """Return the groups that sentences name, in order, each port once."""
    plain = " ".join(text.replace("\u00a0", " ").lower().split())
    found: list[tuple[int, Group]] = []
    for pattern in _IN_PROSE:
        for match in pattern.finditer(plain):
            named = match.groupdict().get("protocol") or match.groupdict().get("application") or ""
            group = Group(protocols.of(named), match["ports"])
            if match.groupdict().get("application") and not group.protocols:
                continue
            found.append((match.start("ports"), group))
        plain = _blank(pattern, plain)
    return [group for _start, group in sorted(found, key=lambda entry: entry[0])]


def _blank(pattern: re.Pattern[str], plain: str) -> str:
    """Blank out what a pattern has found, so that the next one does not find it again."""
    return pattern.sub(lambda match: " " * len(match[0]), plain)
