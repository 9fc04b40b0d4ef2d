# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import probe_wire
from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder import Endpoint, ResponderError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import probing, responding

RULES = [
    {"direction": "in", "protocol": "tcp", "ports": ["7563"]},
    {"direction": "in", "protocol": "udp", "ports": ["53"]},
    {"direction": "out", "protocol": "tcp", "ports": ["80"]},
]
ASKED = {"state": "started", "run": "run-1", "host": "rs1", "rules": RULES, "addresses": ["10.0.0.5"], "seconds": 60}
TCP = {"address": "10.0.0.5", "protocol": "tcp", "port": 7563}
UDP = {"address": "10.0.0.5", "protocol": "udp", "port": 53}
NOTHING = {"changed": False, "listening": [], "occupied": [], "pid": None}


class Host:
    """As win_port_listen is: one responder of a name; ``refused``: number of the endpoint -> reason."""

    def __init__(self, refused=(), dies=""):
        self.refused = dict(refused)
        self.dies = dies
        self.record = None
        self.calls = []

    def execute(self, arguments, seconds):
        self.calls.append((arguments["operation"], seconds))
        return getattr(self, f"_{arguments['operation']}")(arguments)

    def _serve(self, arguments):
        self.given = arguments
        if not self.dies and (self.record or {}).get("serves") != arguments["serves"]:
            refused = [{"number": number, "reason": reason} for number, reason in self.refused.items()]
            self.record = {"pid": 4711, "refused": refused, "start": arguments["start"], "serves": arguments["serves"]}
        return {"changed": True, "started": 1, "results_file": "C:\\job"}

    def _look(self, arguments):
        self.look = arguments
        return {"record": json.dumps(self.record) if self.record else "", "job": self.dies}

    def _stop(self, _arguments):
        was_running, self.record = self.record is not None, None
        return {"changed": was_running, "was_running": was_running}

    def ensured(self, check=False, **changes):
        self.calls.clear()
        return responding.ensured(self.execute, {**ASKED, **changes}, check)


def test_it_is_started_in_two_calls_the_first_under_async():
    host = Host()
    assert host.ensured() == {"changed": True, "listening": [TCP, UDP], "occupied": [], "pid": 4711}
    assert host.calls == [("serve", 60 + responding.LATE), ("look", 0)]
    assert host.given["seconds"] == 60
    assert (host.look["job"], host.look["wait_seconds"]) == ("C:\\job", responding.START_SECONDS)
    assert host.look["start"] == host.given["start"] and host.look["name"] == host.given["name"]


def test_one_that_serves_the_same_is_left_alone_and_another_is_replaced():
    host = Host()
    host.ensured()
    first = host.record["start"]
    assert not host.ensured()["changed"] and host.record["start"] == first
    assert host.ensured(rules=RULES[:1])["listening"] == [TCP]
    assert host.record["start"] != first


def test_what_the_host_says_is_what_every_responder_says():
    host = Host()
    host.ensured()
    greetings = [base64.b64decode(each["greeting"]) for each in host.given["endpoints"]]
    assert [greeting + b"10.0.0.1\n" for greeting in greetings] == [
        probe_wire.greeting("run-1", "rs1", "10.0.0.5", port, "10.0.0.1") for port in (7563, 53)
    ]
    assert [{key: each[key] for key in TCP} for each in host.given["endpoints"]] == [TCP, UDP]
    request = base64.b64decode(host.given["request"])
    assert probe_wire.request("run-1").startswith(request) and not probe_wire.request("run-12").startswith(request)
    assert len(probe_wire.request("run-1")) == host.given["request_size"]


@pytest.mark.parametrize("reason", ["AddressAlreadyInUse", "AccessDenied"])
def test_a_port_that_something_holds_is_occupied(reason):
    host = Host({0: reason})
    assert host.ensured() == {"changed": True, "listening": [UDP], "occupied": [TCP], "pid": 4711}


def test_nothing_is_left_running_where_everything_is_occupied():
    host = Host({0: "AccessDenied", 1: "AddressAlreadyInUse"})
    assert host.ensured() == {"changed": False, "listening": [], "occupied": [TCP, UDP], "pid": None}
    assert host.calls[-1] == ("stop", 0) and host.record is None


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("AddressNotAvailable", "addresses: 10.0.0.5; allowed is an address of this host"),
        ("AddressFamilyNotSupported", "addresses: 10.0.0.5; allowed is an address of this host"),
        ("NoBufferSpaceAvailable", "cannot listen on 10.0.0.5 udp 53: NoBufferSpaceAvailable"),
    ],
)
def test_anything_else_is_a_failure_that_leaves_nothing_running(reason, message):
    host = Host({1: reason})
    with pytest.raises(ResponderError) as caught:
        host.ensured()
    assert str(caught.value) == message
    assert host.record is None


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("\ufeff" + json.dumps({"finished": 1, "failed": True, "msg": "no room"}), "no room"),
        ("not JSON", "not JSON"),
        (json.dumps({"finished": 0, "started": 1}), "nothing within 60 s"),
    ],
)
def test_a_responder_that_does_not_start(job, reason):
    with pytest.raises(ResponderError) as caught:
        Host(dies=job).ensured()
    assert str(caught.value) == f"the responder did not start: {reason}"


def test_it_is_stopped():
    host = Host()
    host.ensured()
    assert host.ensured(state="stopped", rules=None, addresses=None) == {**NOTHING, "changed": True}
    assert host.ensured(state="stopped", rules=None, addresses=None) == NOTHING
    assert host.calls == [("stop", 0)]


def test_without_rules_there_is_nothing_to_listen_on():
    host = Host()
    host.ensured()
    assert host.ensured(rules=[]) == NOTHING
    assert host.record is None


def test_check_mode_only_looks():
    host = Host()
    assert host.ensured(check=True) == {"changed": True, "listening": [TCP, UDP], "occupied": [], "pid": None}
    assert not host.ensured(check=True, state="stopped")["changed"]
    host.ensured()
    assert not host.ensured(check=True)["changed"]
    assert host.ensured(check=True, state="stopped")["changed"]
    assert host.record and host.calls == [("look", 0)]


@pytest.mark.parametrize("result", [{"failed": True, "msg": "no PowerShell"}, {"unreachable": True, "msg": "gone"}])
def test_a_module_that_failed(result):
    with pytest.raises(probing.ModuleFailed) as caught:
        responding.ensured(lambda *_: result, ASKED)
    assert caught.value.result == result


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": "../run"}, "run: '../run'; allowed are 1 to 64 letters, digits and hyphens"),
        ({"host": "a b"}, "host: 'a b'; allowed is a name without spaces, at most 253 bytes long"),
        ({"seconds": 0}, "seconds: 0; allowed is 1 to 3600"),
        ({"addresses": ["::"]}, "addresses[0]: '::'; allowed is an IPv4 or IPv6 address of this host"),
    ],
)
def test_wrong_input_reaches_no_host(changes, message):
    host = Host()
    with pytest.raises(ValueError) as caught:
        host.ensured(**changes)
    assert str(caught.value) == message
    assert host.calls == []


def test_only_the_same_endpoints_have_the_same_fingerprint():
    one, two = Endpoint("10.0.0.5", "tcp", 80), Endpoint("10.0.0.5", "udp", 80)
    assert responding.fingerprint([one]) == responding.fingerprint([Endpoint(*one)])
    assert len({responding.fingerprint(each) for each in ([one], [two], [one, two])}) == 3
