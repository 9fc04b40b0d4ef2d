# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import host_ports

HOSTVARS: dict[str, dict[str, Any]] = {
    "rs1": {
        "group_names": ["milestone_recording_server"],
        "groups": {"milestone_management_server": ["ms1", "ms2"]},
        "portmatrix_parameters": {"milestone_media_port": 7573},
        "portmatrix_parameters_more": {"milestone_alert_port": 5433},
        "portmatrix_features": ["device_alerts"],
        "portmatrix_rules": [
            {
                "direction": "in",
                "protocol": "tcp",
                "ports": ["8443"],
                "peers": ["10.0.0.5/32"],
                "flows": ["site.backup"],
                "reason": "Ours",
            }
        ],
        "portmatrix_recorded_by": ["nobody of this play"],
        "ansible_connection": "psrp",
    },
    "ms1": {"group_names": ["milestone_management_server"], "portmatrix_parameters": {"milestone_ms_api_port": 9100}},
    "ms2": {"group_names": ["milestone_management_server"]},
    "other": {"group_names": ["milestone_log_server"], "portmatrix_parameters": {"no such": 1}},
}


def test_what_the_matrix_has_for_a_host() -> None:
    here = host_ports.here(HOSTVARS, "rs1")
    assert here.components == {"milestone_recording_server"}
    assert here.features == {"device_alerts"}
    assert here.parameters["milestone_media_port"] == ((7573, 7573),)
    assert here.parameters["milestone_alert_port"] == ((5433, 5433),)
    assert here.parameters["milestone_web_ports"] == ((80, 80), (443, 443))
    assert [(port.flow, port.ports) for port in here.opened] == [("site.backup", ((8443, 8443),))]
    listened = {port.flow: port.ports for port in here.ports}
    assert listened["milestone.recording.media"] == ((7573, 7573),)
    assert listened["site.backup"] == ((8443, 8443),)
    assert here.called == {("milestone_management_server", "milestone_ms_api_port"): [((9100, 9100),), ((9000, 9000),)]}


def test_a_wrong_variable_is_named() -> None:
    wrong = {**HOSTVARS, "rs1": {**HOSTVARS["rs1"], "portmatrix_parameters": {"milestone_media_port": "many"}}}
    with pytest.raises(AnsibleError) as raised:
        host_ports.here(wrong, "rs1")
    assert "milestone_media_port" in str(raised.value)
