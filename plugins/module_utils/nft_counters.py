# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel has counted, from the text that ``nft list table`` prints."""

from __future__ import annotations

import re

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_audit, nft_listing
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import CHAINS, OWN
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import FLOW_ID

ACCEPT = " counter accept"
_COUNT = re.compile(r"counter packets (\d+) bytes (\d+)")
_HIDDEN = re.compile(r" \+(\d+)$")
_INVALID = "ct state invalid"


def counters(listing):
    """Return ``{mode, egress, seen, rules, overflow, invalid}`` in plain data for our table's ``listing`` (text).

    ``rules``: a dict for each accept rule with a flow; ``hidden`` is the number of flows that its comment had no room for.
    ``overflow`` and ``invalid``: packets.
    """
    found = {"mode": "enforce", "egress": "allow", "seen": [], "rules": [], "overflow": 0, "invalid": 0}
    for opening, lines in nft_listing.blocks(listing):
        kind, _space, name = opening.rpartition(" ")
        if kind == "set" and name in nft_audit.NAMES:
            found["seen"] += [seen._asdict() for seen in nft_audit.seen(name, lines)]
        elif kind == "chain" and name in CHAINS:
            _chain(found, name, lines)
    found["seen"].sort(key=lambda row: (row["direction"], row["peer"], row["protocol"], row["port"], row["cast"]))
    return found


def match_of(line):
    """Return what a rule (`Line`) matches, without its counter and verdict, or None when it accepts nothing."""
    return line.body[: -len(ACCEPT)].strip() if (" " + line.body).endswith(ACCEPT) else None


def _chain(found, name, lines):
    if name == "output":
        found["egress"] = "enforce"
    for statement in lines:
        if name == "input" and statement.startswith("type ") and "policy accept;" in statement:
            found["mode"] = "audit"
        count = _COUNT.search(statement)
        if count:
            line = nft_listing.read_rule(_COUNT.sub("counter", statement))
            packets, size = map(int, count.groups())
            if line.comment == OWN + nft_audit.NO_ROOM:
                found["overflow"] += packets
            elif line.body.startswith(_INVALID):
                found["invalid"] += packets
            elif match_of(line) is not None and not line.comment.startswith(OWN):
                found["rules"] += _rules(CHAINS[name], line, packets, size)


def _rules(direction, line, packets, size):
    """Yield the rule when its comment has flows; one made by hand has none."""
    hidden = _HIDDEN.search(line.comment)
    shown = line.comment[: hidden.start()] if hidden else line.comment
    flows = [flow for flow in shown.split(", ") if FLOW_ID.match(flow)]
    if flows:
        yield {
            "direction": direction,
            "match": match_of(line),
            "flows": flows,
            "hidden": int(hidden.group(1)) if hidden else 0,
            "packets": packets,
            "bytes": size,
        }
