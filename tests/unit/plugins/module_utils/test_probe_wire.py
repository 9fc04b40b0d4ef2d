# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import probe_wire as wire

LONGEST = "h" * wire.HOST_SIZE


def test_a_greeting_is_read_back():
    line = wire.greeting("run-1", "rs1.example.com", "2001:db8::11", 7563, "2001:db8::5")
    assert line == b"portmatrix run-1 rs1.example.com 2001:db8::11 7563 2001:db8::5\n"
    assert wire.parse_greeting(line) == ("run-1", "rs1.example.com", "2001:db8::11", 7563, "2001:db8::5")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\xff\xfe\x00",
        b"portmatrix run-1 rs1 10.0.0.5 80\n",
        b"portmatrix run-1 rs1 10.0.0.5 http 10.0.0.1\n",
        b"portmatrix run-1 rs1 10.0.0.5 80 81 10.0.0.1\n",
        b"otherword run-1 rs1 10.0.0.5 80 10.0.0.1\n",
    ],
)
def test_what_is_not_a_greeting(data):
    assert wire.parse_greeting(data) is None


def test_only_a_request_of_the_run_is_one():
    assert wire.is_request(wire.request("run-1"), "run-1")
    assert not wire.is_request(wire.request("run-12"), "run-1")
    assert not wire.is_request(wire.request("run-1").rstrip(), "run-1")
    assert not wire.is_request(b"x" * wire.REQUEST_SIZE, "run-1")


def test_no_answer_is_as_long_as_a_request_nor_taken_for_one():
    address = "2001:db8:1111:2222:3333:4444:5555:6666"
    answer = wire.greeting("r" * 64, LONGEST, address, 65535, address)
    assert len(answer) < wire.REQUEST_SIZE
    assert not wire.is_request(answer, "r" * 64)


@pytest.mark.parametrize("run", ["1", "run-1", "A" * 64])
def test_runs(run):
    assert wire.checked_run(run) == run


@pytest.mark.parametrize("run", ["", "run 1", "run_1", "run/1", "run-1\n", "A" * 65])
def test_what_is_not_a_run(run):
    with pytest.raises(ValueError, match=r"^run: .*allowed are 1 to 64 letters, digits and hyphens"):
        wire.checked_run(run)


@pytest.mark.parametrize("host", ["rs1", "rs1.example.com", "2001:db8::11", "enregistreur-é", LONGEST])
def test_hosts(host):
    assert wire.checked_host(host) == host


@pytest.mark.parametrize("host", ["", "rs 1", " rs1", "rs1\n", "rs\x001", LONGEST + "h", "é" * 127])
def test_what_is_not_a_host(host):
    with pytest.raises(ValueError, match=r"^to: .*allowed is a name without spaces, at most 253 bytes long"):
        wire.checked_host(host, "to")
