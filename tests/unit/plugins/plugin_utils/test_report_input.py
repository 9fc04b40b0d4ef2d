# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report_input import read

OWN = {
    "id": "own.recording.web",
    "from": "milestone_event_server",
    "to": "milestone_recording_server",
    "protocol": "tcp",
    "port": 8443,
}
HOSTVARS: dict[str, dict[str, Any]] = {
    "rs1": {
        "group_names": ["milestone_recording_server"],
        "ansible_host": "10.0.0.11",
        "portmatrix_site": "hq",
        "portmatrix_networks": {"milestone_smart_client": "10.0.10.0/24"},
        "portmatrix_networks_more": {"milestone_smart_client": ["10.0.11.7"]},
        "portmatrix_flows_web": [OWN],
    },
    "es1": {"group_names": ["milestone_event_server"], "ansible_host": "10.0.0.12", "portmatrix_site": "hq"},
    "localhost": {},
}


def test_policies_know_their_site_and_networks() -> None:
    policies, _matrix = read(HOSTVARS)
    assert list(policies) == ["es1", "rs1"]
    assert policies["rs1"]["site"] == "hq"
    assert policies["rs1"]["networks"] == {"milestone_smart_client": ["10.0.10.0/24", "10.0.11.7/32"]}
    assert any(rule["flows"] == ["own.recording.web"] for rule in policies["rs1"]["rules"])


def test_components_are_those_that_nothing_else_brings_along() -> None:
    hosts = {
        **HOSTVARS,
        "cam1": {"group_names": ["camera", "dmz", "hikvision_camera"], "ansible_host": "10.0.0.13"},
        "all": {"group_names": ["milestone_sql_server", "milestone_log_server"], "ansible_host": "10.0.0.14"},
    }
    policies, _matrix = read(hosts)
    assert policies["rs1"]["components"] == ["milestone_recording_server"]
    assert policies["cam1"]["components"] == ["hikvision_camera"]
    assert policies["all"]["components"] == ["milestone_log_server", "milestone_sql_server"]


def test_the_matrix_has_the_sites_own_flows() -> None:
    _policies, matrix = read(HOSTVARS)
    flows = [flow["id"] for flow in matrix["flows"]]
    assert flows[-1] == "own.recording.web"
    assert len(flows) > 100
    assert {"documents", "components"} <= matrix.keys()


def test_wrong_input_is_refused() -> None:
    with pytest.raises(AnsibleError, match="portmatrix_site"):
        read({"rs1": {"group_names": ["milestone_recording_server"], "portmatrix_site": ["hq"]}})
