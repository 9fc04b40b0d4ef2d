# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import unasked


def entry(to: str, opened: list[int], shut: list[int]) -> dict[str, Any]:
    return {"to": to, "source": "10.0.0.5", "address": "10.0.0.1", "protocol": "tcp", "open": opened, "shut": shut}


def test_ports_of_windows_own_services_are_not_asked_to_be_shut() -> None:
    given = [
        entry("rs1", [5986, 7563], [22, 445, 3389, 5985, 5987, 7562]),
        entry("rs2", [], [22, 3389]),
        entry("linux", [], [22]),
    ]
    assert unasked.asked(given, ["rs1", "rs2"]) == [entry("rs1", [5986, 7563], [5987, 7562]), entry("linux", [], [22])]
