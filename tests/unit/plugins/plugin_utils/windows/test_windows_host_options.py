# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options as a Windows host gets them, and what none can have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import host_options, waiting
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.clients import Client
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort

GIVEN: dict[str, Any] = {
    "backend": "auto",
    "rules": [{"direction": "in", "protocol": "tcp", "ports": ["7563"], "peers": ["10.0.0.1"]}],
    "state": "present",
    "mode": "enforce",
    "egress": "allow",
    "persist": True,
    "policy": None,
    "confirm_timeout": 90,
    "probes": [],
    "foreign": "disable",
    "profiles": "enforce",
    "ports": [],
    "client": None,
    "by": "bob",
}


def wanted(**options: Any) -> Any:
    return host_options.wanted({**GIVEN, **options}, 5986, "10.0.0.250")


def test_what_the_options_want() -> None:
    found = wanted(
        foreign=["A rule"],
        profiles="report",
        ports=[{"protocol": "udp", "ports": ["9", "20-30"], "flow": "own.x", "components": ["c"]}],
    )
    assert found.intent.foreign == ("A rule",) and found.intent.profiles == "report"
    assert list(found.intent.ports) == [MatrixPort(17, ((9, 9), (20, 30)), "own.x", frozenset({"c"}))]
    assert (found.intent.management_port, found.own, found.seconds, found.by, found.client) == (
        5986,
        "10.0.0.250",
        90,
        "bob",
        None,
    )
    named = wanted(client={"address": "192.0.2.1", "port": 22}, backend="windows")
    assert named.client == Client(("192.0.2.1",), 22) and named.intent.management_port == 22
    assert wanted(rules=None, state="absent").intent.rules == []


def test_the_targets_are_the_declared_tcp_ports_once() -> None:
    probes = [
        {"address": "10.0.0.1", "protocol": "tcp", "open": [80, 81], "shut": [82]},
        {"address": "10.0.0.1", "protocol": "tcp", "open": [80], "shut": []},
        {"address": "10.0.0.1", "protocol": "udp", "open": [53], "shut": []},
    ]
    assert wanted(probes=probes).probes == [{"address": "10.0.0.1", "port": 80}, {"address": "10.0.0.1", "port": 81}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"backend": "ufw"},
            "backend (portmatrix_backend) is 'ufw', which no Windows host has; allowed: auto, windows",
        ),
        ({"policy": "previous"}, "former policies are not kept on Windows hosts"),
        ({"confirm_timeout": 3601}, "confirm_timeout: 3601; allowed are 0 to 3600 seconds"),
        ({"rules": [{"direction": "in"}]}, "wrong rules, nothing was changed: rules[0]"),
        (
            {"foreign": "remove"},
            "foreign (portmatrix_windows_foreign) is 'remove'; allowed: disable, report, or a list",
        ),
        ({"foreign": [1]}, "foreign (portmatrix_windows_foreign) is [1]"),
        ({"foreign": None}, "foreign (portmatrix_windows_foreign) is None"),
        (
            {"ports": [{"protocol": "tcp", "ports": ["9-1"]}]},
            "ports[0].ports: ['9-1']; allowed: a list of ports and ranges",
        ),
        ({"ports": [{"protocol": "igmp", "ports": []}]}, "ports[0].protocol: 'igmp'; allowed: tcp, udp"),
    ],
)
def test_what_no_windows_host_can_have(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as error:
        wanted(**options)
    assert str(error.value).startswith(message)


def test_what_means_nothing_on_windows_is_said() -> None:
    assert host_options.remarks(GIVEN) == []
    assert "portmatrix_persist" in host_options.remarks({**GIVEN, "persist": False})[0]


@pytest.mark.parametrize(
    ("until", "now", "expected"),
    [
        ("2001-09-09T01:46:40Z", 1e9 + 59, False),
        ("2001-09-09T01:46:40Z", 1e9 + 61, True),
        ("2001-09-09T01:46:40", 1e9 + 61, True),
        ("2001-09-09T03:46:40+02:00", 1e9 + 61, True),
        ("", 9e9, False),
        (None, 9e9, False),
    ],
)
def test_when_a_change_is_overdue(until: Any, now: float, expected: bool) -> None:
    assert waiting.overdue({"until": until}, now) == expected


def test_whose_a_change_is() -> None:
    assert waiting.whose({"by": "ann", "until": "noon"}) == "a change by ann waits to be confirmed until noon"
    assert waiting.whose({"by": "", "until": ""}) == "another run changes this host at this moment"
