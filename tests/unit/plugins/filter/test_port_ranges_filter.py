# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.port_ranges import FilterModule

port_ranges = FilterModule().filters()["port_ranges"]


@pytest.mark.parametrize(
    ("expression", "keywords", "expected"),
    [
        (7563, {}, ["7563"]),
        ("443 and 80", {}, ["80", "443"]),
        ("554 to 554+(x-1)", {"x": 4}, ["554-557"]),
        ("554 to 554+(x-1)", {"parameters": {"x": "1"}}, ["554"]),
        ("40001 (40002, 40003, if many devices are present)", {}, ["40001"]),
        ("40001 (40002, 40003, if many devices are present)", {"x": 3}, ["40001-40003"]),
        (["80", "81-90"], {}, ["80-90"]),
        ("N/A", {}, []),
    ],
)
def test_ranges(expression: object, keywords: dict, expected: list[str]) -> None:
    assert port_ranges(expression, **keywords) == expected


@pytest.mark.parametrize(
    ("expression", "keywords", "error"),
    [
        ("?", {}, "port_ranges: '?' names no port"),
        ("554 to 554+(x-1)", {}, "port_ranges: '554 to 554+(x-1)' needs x, such as port_ranges(x=4)"),
        ("554 to 554+(x-1)", {"x": "many"}, "port_ranges: x is 'many'; allowed: a whole number"),
        ("70000", {}, "port_ranges: 70000 is outside 1-65535"),
        ({}, {}, "port_ranges: {} is not a port expression; allowed: a port (7563)"),
    ],
)
def test_errors(expression: object, keywords: dict, error: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        port_ranges(expression, **keywords)
    assert error in str(raised.value)
