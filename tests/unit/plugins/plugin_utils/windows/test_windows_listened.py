# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of the matrix that a Windows host listens on, as the compiler gives them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import compile_inventory
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import listened
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort

OWN = {"id": "site.sync", "from": "offices", "to": "milestone_recording_server", "protocol": "udp", "port": 4000}
HOSTS = {
    "rs1": {
        "groups": ["milestone_recording_server"],
        "vars": {
            "ansible_host": "10.0.0.1",
            "ansible_connection": "winrm",
            "portmatrix_flows": [OWN],
            "portmatrix_parameters": {"milestone_media_port": 7600},
        },
    },
    "sc1": {"groups": ["milestone_smart_client"], "vars": {"ansible_host": "10.0.0.2"}},
    "office": {"groups": ["offices"], "vars": {"ansible_host": "10.0.0.3"}},
}


def compiled(**variables: Any) -> dict[str, Any]:
    rs1 = {**HOSTS["rs1"], "vars": {**HOSTS["rs1"]["vars"], **variables}}  # type: ignore[dict-item]
    return compile_inventory({**HOSTS, "rs1": rs1}, ".")


def test_the_ports_of_every_flow_also_where_nobody_may_come() -> None:
    rows = compiled()["rs1"]["listened"]
    assert json.loads(json.dumps(rows)) == rows
    found = {row["flow"]: row for row in rows}
    assert found["milestone.recording.media"] == {
        "protocol": "tcp",
        "ports": ["7600"],
        "flow": "milestone.recording.media",
        "components": ["milestone_recording_server"],
    }
    assert found["site.sync"] == {
        "protocol": "udp",
        "ports": ["4000"],
        "flow": "site.sync",
        "components": ["milestone_recording_server"],
    }
    assert "milestone.recording.failover_status" in found  # no failover server in the site
    assert "portmatrix.management" not in found
    ports = listened.parsed(rows)
    assert MatrixPort(17, ((4000, 4000),), "site.sync", frozenset({"milestone_recording_server"})) in ports


def test_only_managed_windows_hosts_have_them() -> None:
    found = compiled()
    assert [name for name, policy in found.items() if "listened" in policy] == ["rs1"]
    assert "listened" not in compiled(portmatrix_managed=False)["rs1"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ansible_connection": "winrm"}, True),
        ({"ansible_connection": "ansible.builtin.psrp"}, True),
        ({"ansible_connection": "ssh", "ansible_shell_type": "powershell"}, True),
        ({"ansible_connection": "ssh", "ansible_shell_type": "cmd"}, True),
        ({"ansible_shell_type": "ansible.builtin.cmd"}, True),
        ({"ansible_connection": "ssh"}, False),
        ({"ansible_connection": "ssh", "ansible_shell_type": "sh"}, False),
        ({}, False),
    ],
)
def test_who_is_a_windows_host(variables: dict[str, str], expected: bool) -> None:
    assert listened.is_windows(variables) == expected
