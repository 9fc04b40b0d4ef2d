# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each target is asked once, however many there are: a service that accepts and says nothing costs the whole time-out each time."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import service_probes


@pytest.fixture
def services() -> Iterator[list[socket.socket]]:
    """Six services on loopback that accept and say nothing, like a web server that waits for its request."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _number in range(6)]


def calls(service: socket.socket) -> int:
    """Return how many connections a service was made since this was asked last."""
    service.setblocking(False)
    number = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            service.accept()[0].close()
            number += 1
    return number


def targets(services: list[socket.socket]) -> list[list[object]]:
    ports = [service.getsockname()[1] for service in services]
    return service_probes.answered(
        [{"to": "here", "source": "127.0.0.1", "address": "127.0.0.1", "protocol": "tcp", "open": ports, "shut": []}]
    )


def test_each_service_is_asked_once(services: list[socket.socket]) -> None:
    found = targets(services)
    assert len(found) == 6
    assert [calls(service) for service in services] == [1] * 6
    assert service_probes.silent(found) == []
    assert [calls(service) for service in services] == [1] * 6
