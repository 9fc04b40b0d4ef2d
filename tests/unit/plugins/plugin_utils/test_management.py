# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import management


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (22,)),
        ({"ansible_port": "2222"}, (2222,)),
        ({"ansible_ssh_port": 2222}, (2222,)),
        ({"ansible_connection": "ansible.builtin.ssh", "ansible_winrm_port": 5985}, (22,)),
        ({"ansible_connection": "local"}, (22,)),
        ({"ansible_connection": "winrm"}, (3389, 5986)),
        ({"ansible_connection": "ansible.builtin.winrm", "ansible_winrm_scheme": "http"}, (3389, 5985)),
        ({"ansible_connection": "winrm", "ansible_port": 5985}, (3389, 5985)),
        ({"ansible_connection": "winrm", "ansible_winrm_port": 15986}, (3389, 15986)),
        ({"ansible_connection": "psrp", "ansible_psrp_protocol": "HTTP"}, (3389, 5985)),
        ({"ansible_connection": "psrp", "ansible_psrp_port": 3389}, (3389,)),
    ],
)
def test_ports(variables: dict, expected: tuple[int, ...]) -> None:
    assert management.ports(variables) == expected


def test_what_is_no_port() -> None:
    found = management.wrong("rs1", {"ansible_port": 70000, "ansible_winrm_port": "x", "ansible_psrp_port": 5986})
    assert [problem.text() for problem in found] == [
        "rs1.ansible_port: 70000 is not a port; allowed: 1 to 65535",
        "rs1.ansible_winrm_port: 'x' is not a port; allowed: 1 to 65535",
    ]
