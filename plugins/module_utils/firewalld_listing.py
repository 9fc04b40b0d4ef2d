# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in force, against what is wanted, for people: texts, and flows by their ids."""

from __future__ import annotations

_TITLES = {"in": "inbound", "out": "outbound"}


def as_text(contents):
    """Return direction -> `Content` (or None) as readable text, "" when there is none at all."""
    out = []
    for direction, content in contents.items():
        if content is not None:
            out.append("%s:" % _TITLES[direction])
            out.extend("\t" + rule for rule in sorted(content.rules))
            out.extend("\t%s: %s" % other for other in content.others)
    return "".join(line + "\n" for line in out)


def flow_changes(before, after, record, origins):
    """Return ``{"added": [...], "removed": [...], "changed": [...]}``: flow ids.

    ``before`` and ``after`` are direction -> `Content` or None. ``record`` and ``origins`` map (direction, rule's text) to
    flow ids: the former what was noted when rules were loaded, the latter what is wanted. A rule of which nothing was noted
    counts for the flows that want it now.
    """
    old = _by_flow(before, {**origins, **record})
    new = _by_flow(after, origins)
    return {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "changed": sorted(flow for flow in set(old) & set(new) if old[flow] != new[flow]),
    }


def _by_flow(contents, flows):
    found = {}
    for direction, content in contents.items():
        for rule in content.rules if content else ():
            for flow in flows.get((direction, rule), ()):
                found.setdefault(flow, set()).add((direction, rule))
    return found
