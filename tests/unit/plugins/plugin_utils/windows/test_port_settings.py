# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, yaml_file
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import port_settings
from ansible_collections.vidnet.portmatrix.tests.windows.recordings import ports

BOMB = """<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><recorderconfig><webserver><port>&c;</port></webserver></recorderconfig>"""
FILE_READER = """<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><recorderconfig><webserver><port>&b;</port></webserver></recorderconfig>"""


def of(path: str, text: str) -> dict[str, int | None]:
    return {setting.place.at: setting.port for setting in port_settings.settings(path, text)}


def test_a_recording_server() -> None:
    assert of(ports.RECORDER, ports.recorder_config(media=7573, api=9011, alert=5432, management=9100)) == {
        "/recorderconfig/webserver/port": 7573,
        "/recorderconfig/webapi/port": 9011,
        "/recorderconfig/driverservices/alert/port": 5432,
        "/recorderconfig/server/webapiport": 9100,
    }


def test_a_port_that_is_off() -> None:
    assert of(ports.RECORDER, ports.recorder_config(alert=0))["/recorderconfig/driverservices/alert/port"] is None


def test_a_management_server() -> None:
    assert of(ports.MANAGEMENT, ports.server_config(9100)) == {"/server/WebApiConfig/Port": 9100}


def test_a_mobile_server() -> None:
    found = of(ports.MOBILE, ports.mobile_config(8083, 8084))
    assert sorted(port for port in found.values() if port) == [8083, 8084]
    assert all("MetaChannel" in place for place in found)


def test_other_letters_and_slashes_in_the_path() -> None:
    assert of(ports.RECORDER.upper().replace("\\", "/"), ports.recorder_config())


def test_places_that_are_not_there_are_nothing() -> None:
    assert of(ports.RECORDER, "<recorderconfig><webserver><port> </port></webserver></recorderconfig>") == {}
    assert of(ports.RECORDER, "<other><webserver><port>1</port></webserver></other>") == {}
    assert of(r"C:\other.xml", "no XML") == {}


def test_a_mark_and_another_encoding_in_front() -> None:
    text = ports.recorder_config().replace("utf-8", "utf-16")
    assert of(ports.RECORDER, f"\ufeff{text}") == of(ports.RECORDER, ports.recorder_config())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no XML"),
        ("<recorderconfig>", "is no XML"),
        (BOMB, "document type"),
        (FILE_READER, "document type"),
        (
            "<recorderconfig><webserver><port>web</port></webserver></recorderconfig>",
            "webserver/port holds 'web', which is no port",
        ),
        ("<recorderconfig><webserver><port>70000</port></webserver></recorderconfig>", "holds 70000"),
        ("<recorderconfig><webserver><port>0</port></webserver></recorderconfig>", "holds 0"),
        ("<recorderconfig><webserver><port>-1</port></webserver></recorderconfig>", "holds '-1'"),
        ("x" * (port_settings.MOST_CHARACTERS + 1), "has more than 4,000,000 characters"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(text: str, says: str) -> None:
    with pytest.raises(ValueError) as raised:
        port_settings.settings(ports.RECORDER, text)
    assert says in str(raised.value)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "defusedxml", None)
    with pytest.raises(RuntimeError) as raised:
        port_settings.settings(ports.RECORDER, ports.recorder_config())
    assert "defusedxml" in str(raised.value)


def test_what_a_host_is_asked_for() -> None:
    wanted = port_settings.wanted()
    assert [path.rpartition("\\")[2] for path in wanted["files"]] == [
        "RecorderConfig.xml",
        "ServerConfig.xml",
        "VideoOS.MobileServer.Service.exe.config",
    ]
    assert [set(each) for each in wanted["registered"]] == [{"key", "value", "suffix"}]


def test_a_file_found_twice_counts_once() -> None:
    files = [{"path": ports.MOBILE}, {"path": ports.MOBILE.lower()}, {"path": r"D:\mobile.config"}]
    assert list(port_settings.once(files)) == [files[0], files[2]]


def test_the_shipped_file_speaks_of_the_matrix() -> None:
    known, data = matrix.load(), yaml_file.read(port_settings.FILE)
    entries = [*(setting for file in data["files"] for setting in file["settings"]), *data["urls"]]
    for entry in entries:
        assert known.parameters[entry["parameter"]]["type"] == "ports"
        assert entry["source"] and set(entry["source"]) <= set(data["documents"])
        assert entry.get("feature", "device_alerts") in known.features
        assert entry.get("calls", "milestone_management_server") in known.components
    for owned in (*data["files"], *data["urls"]):
        assert set(owned["components"]) <= set(known.components)
