# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import in_use
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_use import Here
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.tests.windows.recordings import ports

MEDIA = MatrixPort(6, ((7563, 7563),), "milestone.recording.media", frozenset({"milestone_recording_server"}))
API = MatrixPort(6, ((9001, 9001),), "milestone.recording.management_api", frozenset({"milestone_recording_server"}))
ALERTS = MatrixPort(6, ((5432, 5432),), "milestone.recording.device_alerts")
VALUES = {
    "milestone_media_port": ((7563, 7563),),
    "milestone_rs_api_port": ((9001, 9001),),
    "milestone_alert_port": ((5432, 5432),),
    "milestone_ms_api_port": ((9000, 9000),),
    "milestone_mobile_ports": ((8081, 8082),),
    "milestone_log_port": ((22337, 22337),),
    "milestone_web_ports": ((80, 80), (443, 443)),
}
RECORDER = Here(
    frozenset({"milestone_recording_server"}),
    frozenset(),
    (MEDIA, API, ALERTS),
    (MEDIA, API),
    VALUES,
    {("milestone_management_server", "milestone_ms_api_port"): [((9000, 9000),)]},
)


def recorder(http: str = "", listening: tuple[dict[str, Any], ...] = (), **given: int) -> dict[str, Any]:
    return {
        "files": [{"path": ports.RECORDER, "text": ports.recorder_config(**given)}],
        "http": http,
        "listening": list(listening),
    }


def states(result: dict[str, Any], source: str) -> dict[str, str]:
    return {row["place"].rpartition(" ")[2]: row["state"] for row in result["ports"] if row["source"] == source}


def test_a_host_that_is_as_the_matrix_has_it() -> None:
    result = in_use.compare(ports.found(RECORDER.components), RECORDER)
    assert (result["differences"], result["suggested"], result["idle"], result["remarks"]) == (
        [
            r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe (process 2100, service Milestone "
            f"XProtect Recording Server) listens on TCP {port}, which the matrix does not have on this host."
            for port in (5210, 11000)
        ],
        {},
        [],
        [],
    )
    assert states(result, "file") == {
        "/recorderconfig/webserver/port": "matrix",
        "/recorderconfig/webapi/port": "matrix",
        "/recorderconfig/driverservices/alert/port": "off",
        "/recorderconfig/server/webapiport": "calls",
    }
    assert states(result, "http") == {
        "HTTP://+:5985/WSMAN/": "other",
        "HTTP://+:47001/WSMAN/": "other",
        "HTTP://+:9001/": "matrix",
    }


def test_a_port_that_was_moved() -> None:
    result = in_use.compare(recorder(media=7573), RECORDER)
    assert result["suggested"] == {"portmatrix_parameters": {"milestone_media_port": 7573}}
    assert result["differences"] == [
        f"{ports.RECORDER} /recorderconfig/webserver/port: 7573; the matrix has 7563 (milestone_media_port)."
    ]
    assert states(result, "file")["/recorderconfig/webserver/port"] == "differs"


def test_a_moved_port_that_is_listened_on_is_said_once() -> None:
    result = in_use.compare(
        {**recorder(media=7573), "listening": ports.found(RECORDER.components, 7573)["listening"]}, RECORDER
    )
    assert sum("7573" in sentence for sentence in result["differences"]) == 1
    assert result["idle"] == ["Nothing listens now on TCP 7563 (milestone.recording.media)."]


def test_a_listener_whose_feature_is_off() -> None:
    result = in_use.compare(recorder(alert=5432), RECORDER)
    assert result["suggested"] == {"portmatrix_features": ["device_alerts"]}
    assert result["differences"][0].endswith("is 5432, but the feature device_alerts is not on, so no rule opens it.")
    both = in_use.compare(recorder(alert=5433), RECORDER._replace(features=frozenset({"multicast"})))
    assert both["suggested"] == {
        "portmatrix_features": ["device_alerts", "multicast"],
        "portmatrix_parameters": {"milestone_alert_port": 5433},
    }


@pytest.mark.parametrize("feature", ["device_alerts", "all"])
def test_a_listener_whose_feature_is_on(feature: str) -> None:
    here = RECORDER._replace(features=frozenset({feature}))
    assert in_use.compare(recorder(alert=5432), here)["differences"] == []


def test_a_feature_that_is_on_and_nobody_listens() -> None:
    result = in_use.compare(recorder(), RECORDER._replace(features=frozenset({"device_alerts"})))
    assert result["differences"] == [
        f"{ports.RECORDER} /recorderconfig/driverservices/alert/port is 0, which is off, though the feature device_alerts is on."
    ]


def test_another_host_called_on_another_port() -> None:
    (sentence,) = in_use.compare(recorder(management=9100), RECORDER)["differences"]
    assert "calls the milestone_management_server on 9100, for which the matrix has 9000" in sentence
    assert in_use.compare(recorder(management=9100), RECORDER)["suggested"] == {}
    assert in_use.compare(recorder(management=9100), RECORDER._replace(called={}))["differences"] == []


def test_a_file_of_another_component() -> None:
    result = in_use.compare(recorder(), RECORDER._replace(components=frozenset({"milestone_log_server"})))
    assert len(result["differences"]) == 2
    assert "but the host is no milestone_failover_server or milestone_recording_server" in result["differences"][0]
    assert result["suggested"] == {}


def test_several_ports_of_one_parameter() -> None:
    here = RECORDER._replace(components=frozenset({"milestone_mobile_server"}))
    moved = {"files": [{"path": ports.MOBILE, "text": ports.mobile_config(8081, 8443)}]}
    result = in_use.compare(moved, here)
    assert result["suggested"] == {"portmatrix_parameters": {"milestone_mobile_ports": "8081, 8443"}}
    assert len(result["differences"]) == 1
    off = {"files": [{"path": ports.MOBILE, "text": ports.mobile_config(0, 8082)}]}
    assert in_use.compare(off, here)["suggested"] == {"portmatrix_parameters": {"milestone_mobile_ports": 8082}}


def test_an_address_that_is_known_by_its_path() -> None:
    here = RECORDER._replace(components=frozenset({"milestone_log_server"}))
    result = in_use.compare({"http": "HTTP://*:22437/LOGSERVER/"}, here)
    assert result["suggested"] == {"portmatrix_parameters": {"milestone_log_port": 22437}}
    assert result["differences"] == [
        "HTTP.sys HTTP://*:22437/LOGSERVER/: 22437; the matrix has 22337 (milestone_log_port)."
    ]
    assert in_use.compare({"http": "HTTP://*:22437/LOGSERVERS/"}, here)["suggested"] == {}
    assert in_use.compare({"http": "HTTP://*:22437/LOGSERVER/"}, RECORDER)["suggested"] == {}
    assert in_use.compare({"http": "HTTP://127.0.0.1:22437/LOGSERVER/"}, here)["suggested"] == {}


def test_an_address_that_is_missing_is_no_difference() -> None:
    here = RECORDER._replace(components=frozenset({"milestone_management_server"}))
    assert in_use.compare({"http": "HTTPS://*:443/IDP/"}, here)["differences"] == []


def test_an_address_of_a_program_that_the_matrix_does_not_have() -> None:
    found = ports.found(RECORDER.components)
    found["http"] = ports.servicestate(
        [(ports.UNNAMED, 2100, "HTTP://+:9010/"), (ports.UNNAMED, 1300, "HTTP://+:9011/")]
    )
    result = in_use.compare(found, RECORDER)
    assert states(result, "http") == {"HTTP://+:9010/": "unknown", "HTTP://+:9011/": "other"}
    assert [each for each in result["differences"] if "9010" in each] == [
        r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe (process 2100, service Milestone XProtect "
        "Recording Server) has HTTP://+:9010/ of HTTP.sys, which the matrix does not have on this host."
    ]
    (row,) = [row for row in result["ports"] if row["place"].endswith(":9010/")]
    assert row["services"] == ["Milestone XProtect Recording Server"]


def test_an_address_that_a_file_has_is_not_named_again() -> None:
    found = {**ports.found(RECORDER.components), **recorder(api=9010)}
    found["http"] = ports.servicestate([(ports.UNNAMED, 2100, "HTTP://+:9010/")])
    result = in_use.compare(found, RECORDER)
    assert [each for each in result["differences"] if "9010" in each] == [
        f"{ports.RECORDER} /recorderconfig/webapi/port: 9010; the matrix has 9001 (milestone_rs_api_port)."
    ]


def test_a_parameter_that_nobody_has_set() -> None:
    here = RECORDER._replace(parameters={})
    (first, second) = in_use.compare(recorder(), here)["differences"]
    assert first.endswith("7563; the matrix has none (milestone_media_port).")
    assert second.endswith("9001; the matrix has none (milestone_rs_api_port).")


def test_files_that_cannot_be_read() -> None:
    files = [
        {"path": ports.RECORDER, "text": "<", "error": ""},
        {"path": ports.MANAGEMENT, "text": "", "error": "Access is denied."},
    ]
    result = in_use.compare({"files": files}, RECORDER)
    assert result["remarks"][0].startswith(f"{ports.RECORDER} is no XML")
    assert result["remarks"][1] == f"{ports.MANAGEMENT} could not be read: Access is denied."
    assert result["ports"] == []


def test_without_the_package_the_rest_is_still_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "defusedxml", None)
    result = in_use.compare(recorder(http="HTTP://+:9001/"), RECORDER)
    assert "defusedxml" in result["remarks"][0]
    assert states(result, "http") == {"HTTP://+:9001/": "matrix"}


def test_a_range_of_which_some_are_in_use_is_not_idle() -> None:
    pushed = MatrixPort(6, ((40001, 40009),), "milestone.mobile.video_push")
    one = {"protocol": "tcp", "address": "::", "port": 40003, "pid": 1, "process": "x", "path": "", "services": []}
    here = RECORDER._replace(ports=(pushed,), opened=(pushed,))
    assert in_use.compare({"listening": [one]}, here)["idle"] == []
    other = {**one, "port": 1}
    assert in_use.compare({"listening": [other]}, here)["idle"] == [
        "Nothing listens now on TCP 40001-40009 (milestone.mobile.video_push)."
    ]
    assert in_use.compare({"listening": [{**one, "address": "127.0.0.1"}]}, here)["idle"] != []


def test_nothing_at_all() -> None:
    assert in_use.compare({}, RECORDER) == {"ports": [], "differences": [], "suggested": {}, "idle": [], "remarks": []}
