# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page's script draws the map from: the results as numbers that point into lists of what repeats."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

from ..proof_groups import groups


def embedded(proof: Mapping[str, Any]) -> str:
    """Return JSON that can stand in a script element.

    ``rows``: four numbers for each row of results, into ``hosts`` (initiator, listener), ``ways`` and ``kinds``.
    """
    known = {host["name"] for host in proof["hosts"]}
    others = dict.fromkeys(row[end] for row in proof["results"] for end in ("initiator", "to") if row[end] not in known)
    strangers = [{"name": name, "site": "", "components": [], "state": "", "addresses": []} for name in others]
    hosts = {host["name"]: host for host in (*proof["hosts"], *strangers)}
    found = groups(hosts.values())
    order = [name for group in found for name in group.hosts]
    position = {name: number for number, name in enumerate(order)}
    ways, kinds = _Index(), _Index()
    rows: list[int] = []
    for row in proof["results"]:
        where = row["where"] or {}
        kind = (
            row["protocol"],
            ", ".join(row["ports"]),
            row["expected"],
            row["observed"],
            int(row["ok"]),
            row["service"],
            row["attempts"],
            row["detail"],
            where.get("sentence", ""),
            where.get("rule", ""),
        )
        rows += (
            position[row["initiator"]],
            position[row["to"]],
            ways.of((row["source"], row["address"])),
            kinds.of(kind),
        )
    flows = [
        [
            flow["id"],
            flow["description"],
            [
                [position[each["host"]], each["protocol"], ", ".join(each["ports"])]
                for each in flow["listeners"]
                if each["host"] in position
            ],
            [position[name] for name in flow["initiators"] if name in position],
        ]
        for flow in proof["flows"]
    ]
    data = {
        "hosts": [[name, hosts[name]["state"], " ".join(hosts[name]["addresses"])] for name in order],
        "groups": [[group.site, list(group.components), len(group.hosts)] for group in found],
        "ways": list(ways),
        "kinds": list(kinds),
        "rows": rows,
        "flows": flows,
    }
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


class _Index(dict[Hashable, int]):
    """Numbers values as they come."""

    def of(self, value: Hashable) -> int:
        """Return the value's number."""
        return self.setdefault(value, len(self))
