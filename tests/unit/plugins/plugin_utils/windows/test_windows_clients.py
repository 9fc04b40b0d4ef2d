# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host sees the connection come from, by what it says of its connections."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.clients import (
    Client,
    client,
    own_address,
    plain_address,
    port_of,
)


def connection(remote: str, port: int = 5986, local: str = "10.0.0.1") -> dict[str, Any]:
    return {"local_address": local, "local_port": port, "remote_address": remote}


def state(*connections: dict[str, Any], ssh: str = "") -> dict[str, Any]:
    return {"ssh_connection": ssh, "connections": list(connections)}


@pytest.mark.parametrize(
    ("found", "own", "expected"),
    [
        (state(connection("10.0.0.9")), "", Client(("10.0.0.9",), 5986)),
        (
            state(connection("10.0.0.9"), connection("10.0.0.8"), connection("10.0.0.9")),
            "",
            Client(("10.0.0.8", "10.0.0.9"), 5986),
        ),
        (state(connection("10.0.0.9"), connection("10.0.0.8")), "10.0.0.8", Client(("10.0.0.8",), 5986)),
        (state(connection("10.0.0.9"), connection("10.0.0.8")), "192.0.2.1", Client(("10.0.0.8", "10.0.0.9"), 5986)),
        # Behind a gateway that maps ports, the host's own port is the usual one.
        (state(connection("10.0.0.9", port=5985)), "", Client(("10.0.0.9",), 5985)),
        (state(connection("10.0.0.9", port=22), connection("10.0.0.8")), "", Client(("10.0.0.8",), 5986)),
        (state(connection("10.0.0.1"), connection("::1", local="::1")), "", Client((), 5986)),
        (state(connection("10.0.0.9", port=8080)), "", Client((), 5986)),
        (state(connection("::ffff:10.0.0.9", local="::ffff:10.0.0.1")), "10.0.0.9", Client(("10.0.0.9",), 5986)),
        (state(connection("fe80::9%12", local="fe80::1%12")), "", Client(("fe80::9",), 5986)),
        (state(connection("10.0.0.9"), ssh="10.0.0.7 50000 10.0.0.1 2222"), "", Client(("10.0.0.7",), 2222)),
        (state(ssh="::1 50000 ::1 22"), "", Client((), 22)),
        ({"ssh_connection": None, "connections": None}, "", Client((), 5986)),
    ],
)
def test_the_other_end(found: dict[str, Any], own: str, expected: Client) -> None:
    assert client(found, 5986, own) == expected


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("winrm", {"port": 5985}, 5985),
        ("winrm", {"port": "55986"}, 55986),
        ("winrm", {}, 5986),
        ("ansible.builtin.winrm", {"scheme": "http"}, 5985),
        ("psrp", {"protocol": "http"}, 5985),
        ("psrp", {"protocol": "https"}, 5986),
        ("psrp", {}, 5986),
        ("ssh", {}, 22),
        ("ssh", {"port": 2222}, 2222),
        ("community.aws.aws_ssm", {}, 22),
    ],
)
def test_the_port_of_a_connection(kind: str, options: dict[str, Any], expected: int) -> None:
    assert port_of(kind, options.get) == expected


def test_the_controllers_own_address() -> None:
    assert own_address("127.0.0.1", 5986) == "127.0.0.1"
    assert own_address("no.such.host.invalid", 5986) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("name", "name")],
)
def test_an_address_as_it_is(text: str, expected: str) -> None:
    assert plain_address(text) == expected
