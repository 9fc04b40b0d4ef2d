# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one rule leaves open, as rows for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, normal, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import NAMES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.grants import FAMILIES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import Known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ANY_PROTOCOL, PROFILES, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.reach import Reach

_MOST_SHOWN = 4

#: Family -> addresses.
Peers = Mapping[str, Ranges]
#: A range of ports -> who reaches it.
Cells = Mapping[tuple[int, int], Peers]


def rows(
    rule: WindowsRule,
    protocol: int,
    reached: Sequence[Reach],
    rest: Mapping[str, Mapping[str, Sequence[Box]]],
    known: Known,
) -> list[dict[str, Any]]:
    """Return a row for each set of peers; ``rest``: family -> profile -> the packets that nothing else shuts or grants."""
    cells: dict[tuple[int, int], dict[str, Ranges]] = {}
    profiles: set[str] = set()
    for family, by_profile in rest.items():
        profiles.update(profile for profile, left in by_profile.items() if left)
        for cell, peers in _by_ports(boxes.merged(box for left in by_profile.values() for box in left)).items():
            cells.setdefault(cell, {})[family] = peers
    groups: dict[tuple[tuple[str, Ranges], ...], list[tuple[int, int]]] = {}
    for cell, open_to in _aligned(cells).items():
        groups.setdefault(tuple(sorted(open_to.items())), []).append(cell)
    ordered = [name for name in PROFILES if name in profiles]
    return [
        _row(rule, protocol, reached, ranges.union(group), dict(peers), ordered, known)
        for peers, group in groups.items()
    ]


def _by_ports(rest: Sequence[Box]) -> dict[tuple[int, int], Ranges]:
    """Return the peers of each range of ports whose peers are the same."""
    cuts = sorted({edge for box in rest for first, last in box.ports for edge in (first, last + 1)})
    out = {}
    for first, following in zip(cuts, cuts[1:]):
        peers = ranges.union(*(box.peers for box in rest if ranges.contains(box.ports, first)))
        if peers:
            out[first, following - 1] = peers
    return out


def _aligned(cells: Cells) -> dict[tuple[int, int], dict[str, Ranges]]:
    """Return cells of both families cut at the same places."""
    cuts = sorted({edge for first, last in cells for edge in (first, last + 1)})
    out: dict[tuple[int, int], dict[str, Ranges]] = {}
    for first, following in zip(cuts, cuts[1:]):
        for (low, high), found in cells.items():
            if low <= first <= high:
                out.setdefault((first, following - 1), {}).update(found)
    return out


def _row(
    rule: WindowsRule,
    protocol: int,
    reached: Sequence[Reach],
    ports: Ranges,
    beyond: Peers,
    profiles: list[str],
    known: Known,
) -> dict[str, Any]:
    touching = [found for found in reached if ranges.intersect(found.ports, ports)]
    opened = ranges.union(*(found.ports for found in reached))
    return {
        "rule": rule.name,
        "group": rule.group,
        "program": rule.program,
        "service": rule.service,
        "local_ports": rule.local_ports,
        "direction": rule.direction,
        "how": touching[0].how,
        "protocol": NAMES[protocol],
        "ports": ranges.texts(ports),
        "peers": _peers(rule.remote_addresses),
        "beyond": _texts(beyond),
        "profiles": profiles,
        "flows": sorted({found.port.flow for found in touching if found.port.flow}),
        "untouched": known.left_alone(rule),
        "wider": rule.protocol == ANY_PROTOCOL or bool(ranges.subtract(values.ports(rule.local_ports).ranges, opened)),
    }


def _peers(text: str) -> list[str]:
    found = values.addresses(text)
    if found._replace(keywords=frozenset()) == values.EVERYWHERE:
        return ["any"]
    return [*_texts({"ipv4": found.ipv4, "ipv6": found.ipv6}), *normal.spelled(found.keywords)]


def _texts(peers: Peers) -> list[str]:
    if all(peers.get(family) == ranges.EVERY[family] for family in FAMILIES):
        return ["any"]
    return [address_ranges.range_text(int(family[-1]), pair) for family in FAMILIES for pair in peers.get(family, ())]


def sentence(row: Mapping[str, Any]) -> str:
    """Return one sentence for people."""
    what = {
        "port": "",
        "program": f" for {row['program']}",
        "service": f" for the service {row['service']}",
        "anything": " for any program and port",
    }[row["how"]]
    by_keyword = any(peer[0].isalpha() and ":" not in peer and peer != "any" for peer in row["peers"])
    whom = _short(row["peers"] if by_keyword else row["beyond"])
    may = "lets" if row["sure"] else "may let"
    ports = f"{row['protocol'].upper()} {_short(row['ports'])}"
    ending = f"; it is for {row['untouched']}, and left alone" if row["untouched"] else ""
    return f"The rule {row['rule']!r}{what} {may} in {ports} from {whom}, which the policy does not{ending}."


def _short(texts: Sequence[str]) -> str:
    if list(texts) == ["any"]:
        return "anywhere"
    shown = ", ".join(texts[:_MOST_SHOWN])
    return f"{shown} and {len(texts) - _MOST_SHOWN} more" if len(texts) > _MOST_SHOWN else shown
