# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import listening
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort

MEDIA = MatrixPort(6, ((7563, 7563),), "milestone.recording.media", frozenset({"milestone_recording_server"}))
VIDEO = MatrixPort(17, ((6000, 7000),), "milestone.multicast.video")
NAMES = MatrixPort(6, ((53, 53),), "common.dns")
RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"


def socket(port: int, path: str = RECORDER, **given: Any) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "address": "0.0.0.0",
        "port": port,
        "pid": 2100,
        "process": "",
        "path": path,
        "services": [],
        **given,
    }


def judged(row: dict[str, Any], *ports: MatrixPort) -> tuple[str, list[str]]:
    (read,) = listening.read([row])
    found, sentences = listening.judged(read, ports or (MEDIA, VIDEO, NAMES))
    return found["state"], sentences


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (socket(7563), "matrix"),
        (socket(7563, address="127.0.0.1"), "local"),
        (socket(7563, address="127.3.2.1"), "local"),
        (socket(7563, address="::1"), "local"),
        (socket(7563, address="fe80::1%4"), "matrix"),
        (socket(7563, "", pid=4, process="System"), "matrix"),
        (socket(7563, "", process="VideoOS.Recorder.Service"), "matrix"),
        (socket(7563, "", services=["Milestone XProtect Recording Server"]), "matrix"),
        (socket(7563, ""), "matrix"),
        (socket(7563, r"C:\other\web.exe"), "taken"),
        (socket(53, r"C:\Windows\System32\dns.exe"), "matrix"),
        (socket(7564), "unknown"),
        (socket(7564, r"D:\vms\ImageServer.exe"), "unknown"),
        (socket(7564, r"C:\other\web.exe"), "other"),
        (socket(50000), "other"),
        (socket(6500), "unknown"),
        (socket(6500, protocol="udp"), "matrix"),
        (socket(5985, "", pid=4, process="System"), "other"),
    ],
)
def test_states(row: dict[str, Any], state: str) -> None:
    found, sentences = judged(row)
    assert found == state
    assert bool(sentences) == (state in ("taken", "unknown"))


def test_sentences_name_who_holds_the_port() -> None:
    _state, (sentence,) = judged(socket(7564, services=["Milestone XProtect Recording Server"]))
    assert sentence == (
        f"{RECORDER} (process 2100, service Milestone XProtect Recording Server) listens on TCP 7564, "
        "which the matrix does not have on this host."
    )
    _state, (sentence,) = judged(socket(7563, r"C:\other\web.exe"))
    assert (
        sentence
        == r"C:\other\web.exe (process 2100) holds TCP 7563, which the matrix has for milestone.recording.media."
    )


def test_a_product_that_the_host_does_not_have_is_nothing() -> None:
    assert judged(socket(7564), NAMES) == ("other", [])


def test_what_a_file_said_is_not_said_again() -> None:
    (read,) = listening.read([socket(7564)])
    row, sentences = listening.judged(read, [MEDIA], [((7564, 7564),)])
    assert (row["state"], sentences) == ("unknown", [])


def test_rows_that_are_not_whole() -> None:
    found = listening.read([{"protocol": "TCP", "port": "445"}, {"protocol": "raw", "port": 1}, {}])
    assert [(each.protocol, each.port, each.services) for each in found] == [("tcp", 445, ())]
    assert found[0].place() == "a program (process 0) on *"
    assert judged({"protocol": "tcp", "port": 445}) == ("other", [])
