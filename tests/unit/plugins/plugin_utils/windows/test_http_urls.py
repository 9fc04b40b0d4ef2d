# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import http_urls
from ansible_collections.vidnet.portmatrix.tests.windows.recordings import ports

STATE = """
Server session ID: FF00000420000001
    URL groups:
    URL group ID: FE00000440000001
        Request queue name: Request queue is unnamed.
            Registered URLs:
                HTTP://+:9000/

    URL group ID: FE00000440000002
        Request queue name: DefaultAppPool
            Registered URLs:
                HTTPS://MS1.EXAMPLE.COM:443/IDP/
                HTTP://*:80:10.0.0.10/API/
                HTTP://*:80:[::1]/API/
                HTTP://[FE80::1]:8081/
"""


def test_addresses_with_their_queue() -> None:
    found = http_urls.read(STATE)
    assert [(url.secure, url.host, url.port, url.path, url.queue) for url in found] == [
        (False, "+", 9000, "/", ""),
        (True, "MS1.EXAMPLE.COM", 443, "/IDP/", "DefaultAppPool"),
        (False, "10.0.0.10", 80, "/API/", "DefaultAppPool"),
        (False, "[::1]", 80, "/API/", "DefaultAppPool"),
        (False, "[FE80::1]", 8081, "/", "DefaultAppPool"),
    ]
    assert [url.local for url in found] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("HTTP://LOCALHOST:8080/", True),
        ("HTTP://127.0.0.1:8080/x/", True),
        ("HTTP://[::1]:80/", True),
        ("HTTP://+:80/", False),
    ],
)
def test_what_only_the_host_itself_reaches(text: str, local: bool) -> None:
    assert [url.local for url in http_urls.read(text)] == [local]


def test_in_any_language() -> None:
    assert [url.port for url in http_urls.read(STATE.replace("Registered URLs", "Registrierte URLs"))] == [
        9000,
        443,
        80,
        80,
        8081,
    ]
    assert [url.queue for url in http_urls.read(STATE.replace("Request queue name", "Name der Warteschlange"))] == [
        ""
    ] * 5


@pytest.mark.parametrize(
    "text", ["", "no such command", "HTTP://+:0/", "HTTP://+:70000/", "ftp://+:21/", "Version: 2.0"]
)
def test_what_is_no_address(text: str) -> None:
    assert http_urls.read(text) == []


def test_an_address_is_named_once() -> None:
    assert len(http_urls.read("HTTP://+:9000/\nhttp://+:9000/")) == 1


LATER = """
Snapshot of HTTP service state (Request Queue View):
-----------------------------------------------------

Request queue name: Request queue is unnamed.
    Controller process ID: 999
    Processes:
        ID: 2100, image: C:\\Program Files\\Milestone\\XProtect Recording Server\\VideoOS.Recorder.Service.exe
        ID: 2101, image: C:\\other.exe
    Registered URLs:
        HTTP://+:9001/

Request queue name: Other
    Registered URLs:
        HTTP://+:9002/
"""


def test_the_process_of_a_queue() -> None:
    first, second = http_urls.read(LATER)
    assert (first.pid, first.program) == (
        2100,
        r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe",
    )
    assert (second.pid, second.program, second.queue) == (0, "", "Other")


def test_a_number_elsewhere_is_no_process() -> None:
    assert [url.pid for url in http_urls.read(STATE)] == [0] * 5


def test_the_recordings_have_the_form_that_is_read() -> None:
    held = [("Pool", 17, "HTTPS://*:443/IDP/"), (ports.UNNAMED, 18, "HTTP://+:9001/")]
    assert [(url.queue, url.pid, url.text) for url in http_urls.read(ports.servicestate(held))] == [
        ("Pool", 17, "HTTPS://*:443/IDP/"),
        ("", 18, "HTTP://+:9001/"),
    ]
