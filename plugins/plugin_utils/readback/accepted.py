# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact set of packets that the rules in force let through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import places, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import scene as scenes
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.area import bits
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.circumstances import (
    SOURCE_PORTS,
    WITH_PORTS,
    circumstances,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.difference import networks, protocol_text
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import Ruleset
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import ruleset as rules_in_force
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.walk import End, walk


def accepted(
    ruleset: Mapping[str, Any], state: str = "new", cast: str = "unicast", verdict: str = "accept"
) -> list[dict[str, Any]]:
    """Return what the rules in force let in and out of a host, besides the loopback, as ranges.

    ``ruleset`` is the result of that name of the module policy_readback. ``cast`` is ``unicast``, ``multicast`` or
    ``broadcast``. ``source_ports`` is there only where not all are let through. With another ``verdict`` (``drop``,
    ``unknown``) it is what ends that way. Raises ValueError where the ruleset is something else.
    """
    in_force = rules_in_force(ruleset)
    return [
        row
        for direction in ("in", "out")
        for family in ("ipv4", "ipv6")
        for row in _rows(in_force, direction, family, (state, cast, verdict))
    ]


def _rows(in_force: Ruleset, direction: str, family: str, wanted: tuple[str, str, str]) -> list[dict[str, Any]]:
    state, cast, verdict = wanted
    kinds = [one for one in places.places(direction, family, in_force.host) if not one.loopback and one.cast == cast]
    if not kinds:
        return []
    possible = ranges.union(*(kind.peers for kind in kinds))
    stage = scenes.scene(in_force.tables, direction, family, possible)
    known: dict[tuple[int, int, int], list[End]] = {}
    found: dict[tuple[Ranges, Ranges], dict[int, int]] = {}
    for about in circumstances(stage, in_force.host, kinds):
        key = about.boxes, about.early, about.peers
        if about.kind.state != state:
            continue
        if key not in known:
            known[key] = walk(stage, *key)
        for end in known[key]:
            if end.verdict == verdict:
                cells = found.setdefault((about.kind.protocols, about.kind.source_ports), {})
                for port in bits(end.ports):
                    cells[port] = cells.get(port, 0) | end.peers
    out = []
    for (protocols, source_ports), cells in sorted(found.items()):
        groups: dict[int, int] = {}
        for port, peers in cells.items():
            groups[peers] = groups.get(peers, 0) | 1 << port
        for peers, ports in groups.items():
            has_ports = protocols[0][0] in WITH_PORTS
            row: dict[str, Any] = {
                "direction": direction,
                "family": family,
                "protocol": protocol_text(protocols),
                "ports": ranges.texts(scenes.values(stage.ports, ports)) if has_ports else [],
                "peers": networks(family, scenes.values(stage.peers, peers), possible),
            }
            if has_ports and source_ports != SOURCE_PORTS:
                row["source_ports"] = ranges.texts(source_ports)
            out.append(row)
    return out
