# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof does not ask of Windows hosts: that ports of services are shut whose rules are never touched.

Remote desktop, WinRM, ssh and file sharing stay as open as Windows' own rules have them, so a packet that gets there is no difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import Known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import known as knowledge


def asked(
    expectations: Iterable[Mapping[str, Any]], windows: Collection[str], known: Known | None = None
) -> list[dict[str, Any]]:
    """Return the expectations without such ports among what must be shut on the hosts of ``windows``; entries left with no port go."""
    untouched = ranges.union(*(each.ports for each in (known or knowledge()).untouched))
    out = []
    for entry in expectations:
        shut = entry["shut"]
        if entry["to"] in windows:
            shut = [port for port in shut if not ranges.contains(untouched, port)]
        if shut or entry["open"]:
            out.append({**entry, "shut": shut})
    return out
