# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a Windows host's sockets, and what is made of what they saw; the sockets are in tests/windows."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import Probe
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_requests import question
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import REQUEST_SIZE, greeting, request
from ansible_collections.vidnet.portmatrix.plugins.module_utils.prober import ProbeError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import probing

RUN = "run-1"
EXPECTATION = {
    "to": "rs1",
    "source": "10.0.0.1",
    "address": "10.0.0.5",
    "protocol": "tcp",
    "open": [7563],
    "shut": [7562],
}


def b64(data):
    return base64.b64encode(data).decode()


def saw(stage="read", error="", *answers):
    return {"stage": stage, "error": error, "answers": [b64(answer) for answer in answers]}


def hello(to="rs1", address="10.0.0.5", port=7563, peer="10.0.0.1", run=RUN):
    return greeting(run, to, address, port, peer)


class Host:
    """Answers with what ``see(target, round)`` returns, and keeps what it was given."""

    def __init__(self, see):
        self.see = see
        self.rounds = []

    def execute(self, arguments):
        self.rounds.append(arguments)
        seen = [self.see(target, len(self.rounds)) for target in arguments["targets"]]
        return {"changed": False, "observations": seen, "seconds": 0.5}

    def verify(self, *expectations, timeout=1.0, concurrency=2048, retries=1):
        return probing.verify(self.execute, RUN, expectations or (EXPECTATION,), timeout, concurrency, retries)


def verdict(observation, protocol="tcp", port=7563, source="10.0.0.1", address="10.0.0.5", speaks=""):
    probe = Probe("rs1", source, address, protocol, port, "open", speaks)
    return tuple(probing.verdict(probe, question(probe), observation, RUN))


NOTHING = "the way is open, nothing listens there"
SILENT = ("filtered", "no answer", "")
OTHER = ("open", "another service", "service")


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (saw("connect"), SILENT),
        (saw("connect", "TimedOut"), SILENT),
        (saw("connect", "ConnectionRefused"), ("refused", NOTHING, "nothing")),
        (saw("connect", "AccessDenied"), ("filtered", "dropped before leaving", "")),
        (saw("connect", "NetworkReset"), ("unreachable", "time exceeded on the way", "")),
        (saw("connect", "Shutdown"), ("error", "Shutdown", "")),
        (saw("read"), OTHER),
        (saw("read", "ConnectionReset"), OTHER),
        (saw("read", "", b"220 mail\r\n"), OTHER),
        (saw("read", "", hello()), ("open", "answered", "responder")),
        (saw("read", "", hello(run="old")), ("open", "answered by run old", "responder")),
        (saw("read", "", hello(to="rs2")), ("wrong_host", "answered by rs2", "responder")),
        (
            saw("read", "", hello(peer="10.9.9.9")),
            ("open", "answered, to 10.9.9.9: translated on the way", "responder"),
        ),
        (
            saw("read", "", hello(port=80)),
            ("wrong_host", "answered by rs1 on 10.0.0.5 port 80: translated on the way", "responder"),
        ),
    ],
)
def test_connections(observation, expected):
    assert verdict(observation) == expected


@pytest.mark.parametrize("error", ["HostUnreachable", "NetworkUnreachable", "HostDown", "NetworkDown"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_no_way(error, protocol):
    observed, detail, service = verdict(saw("connect", error), protocol)
    assert (observed, service) == ("unreachable", "")
    assert detail.startswith("E")


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (saw(), SILENT),
        (saw("read", "ConnectionReset"), tuple(probing.REFUSED_DATAGRAM)),
        (saw("read", "ConnectionRefused"), tuple(probing.REFUSED_DATAGRAM)),
        (saw("send", "AccessDenied"), ("filtered", "dropped before leaving", "")),
        (saw("read", "", hello()), ("open", "answered", "responder")),
        (saw("read", "", b"what?", hello()), ("open", "answered", "responder")),
        (saw("read", "ConnectionReset", b"what?"), OTHER),
    ],
)
def test_datagrams(observation, expected):
    assert verdict(observation, "udp") == expected


def test_systems_may_write_an_address_in_their_own_way():
    observation = saw("read", "", greeting(RUN, "rs1", "fd77::5", 7563, "fd77:0:0:1::1"))
    assert verdict(observation, source="fd77:0:0:1::1", address="fd77::5") == ("open", "answered", "responder")
    observation = saw("read", "", greeting(RUN, "rs1", "fd77::5", 7563, "FD77:0:0:1:0:0:0:1"))
    assert verdict(observation, source="fd77:0:0:1::1", address="fd77::5") == ("open", "answered", "responder")


def test_the_host_is_told_everything_that_it_sends():
    host = Host(lambda target, _round: saw("read", "", hello(port=target["port"])))
    host.verify(
        {**EXPECTATION, "open": [554, 8554, 7563], "shut": [], "speaks": {"8554": "rtsp"}},
        {**EXPECTATION, "protocol": "udp", "open": [53], "shut": []},
    )
    (given,) = host.rounds
    targets = {(target["protocol"], target["port"]): target for target in given["targets"]}
    assert base64.b64decode(given["request"]) == request(RUN) and len(request(RUN)) == REQUEST_SIZE
    assert (given["word"], given["milliseconds"], given["concurrency"]) == ("portmatrix", 3000, 2048)
    assert targets["tcp", 7563] == {"source": "10.0.0.1", "address": "10.0.0.5", "protocol": "tcp", "port": 7563}
    assert base64.b64decode(targets["tcp", 8554]["question"]).startswith(b"OPTIONS rtsp://10.0.0.5:8554/")
    assert [targets["tcp", port]["at_once"] for port in (554, 8554)] == [False, True]
    assert len(base64.b64decode(targets["udp", 53]["question"])) == 17


def test_a_service_is_known_by_the_answer_to_the_question_of_its_own_round():
    def see(target, _round):
        asked = base64.b64decode(target["question"])
        number = next(line for line in asked.split(b"\r\n") if line.startswith(b"CSeq"))
        return saw("read", "", b"RTSP/1.0 200 OK\r\n" + number + b"\r\n\r\n")

    (row,) = Host(see).verify({**EXPECTATION, "open": [554], "shut": []})["results"]
    assert (row["observed"], row["service"], row["detail"]) == ("open", "service", "RTSP/1.0 200")


def test_the_result_is_that_of_the_module_for_linux():
    def see(target, _round):
        return saw("read", "", hello()) if target["port"] == 7563 else saw("connect")

    place = {"to": "rs1", "source": "10.0.0.1", "address": "10.0.0.5", "protocol": "tcp", "attempts": 1, "ok": True}
    shut = {"port": 7562, "expected": "shut", "observed": "filtered", "service": "", "detail": "no answer"}
    answered = {"port": 7563, "expected": "open", "observed": "open", "service": "responder", "detail": "answered"}
    assert Host(see).verify() == {
        "results": [{**place, **shut}, {**place, **answered}],
        "differences": [],
        "counts": {"open": 1, "refused": 0, "filtered": 1, "unreachable": 0, "wrong_host": 0, "error": 0},
        "probes": 2,
        "retried": 0,
        "seconds": 0.5,
    }


def test_only_what_must_be_open_and_was_not_is_tried_again():
    def see(target, number):
        return saw("read", "", hello()) if number == 2 else saw("connect")

    host = Host(see)
    found = host.verify(retries=3)
    assert [[target["port"] for target in given["targets"]] for given in host.rounds] == [[7562, 7563], [7563]]
    assert [(row["attempts"], row["ok"]) for row in found["results"]] == [(1, True), (2, True)]
    assert (found["retried"], found["seconds"]) == (1, 1.0)
    assert len(Host(lambda *_: saw("connect")).verify(retries=0)["differences"]) == 1


def test_addresses_take_turns():
    host = Host(lambda *_: saw("connect"))
    host.verify(*({**EXPECTATION, "address": f"10.0.0.{last}"} for last in (5, 6)), retries=0)
    assert [target["address"] for target in host.rounds[0]["targets"]] == ["10.0.0.5", "10.0.0.6"] * 2


def test_a_longer_timeout_holds():
    host = Host(lambda *_: saw("connect"))
    host.verify(timeout=7.5, retries=0)
    assert host.rounds[0]["milliseconds"] == 7500


def test_what_the_host_was_too_short_of_sockets_for_is_asked_again_with_fewer():
    def see(target, number):
        short = target["port"] == 7562 and number < 3
        return saw("bind", "TooManyOpenSockets") if short else saw("read", "", hello(port=target["port"]))

    host = Host(see)
    found = host.verify(retries=0)
    assert [row["observed"] for row in found["results"]] == ["open", "open"]
    assert [row["attempts"] for row in found["results"]] == [1, 1]
    assert [given["concurrency"] for given in host.rounds] == [2048, 1024, 512]


def test_a_host_without_sockets():
    with pytest.raises(ProbeError, match=r"cannot probe from 10\.0\.0\.1: Too many open files"):
        Host(lambda *_: saw("bind", "TooManyOpenSockets")).verify()


@pytest.mark.parametrize("error", ["AddressNotAvailable", "AddressFamilyNotSupported"])
def test_an_address_of_another_host(error):
    with pytest.raises(ProbeError, match=r"expectations: source 10\.0\.0\.1; allowed is an address of this host"):
        Host(lambda *_: saw("bind", error)).verify()


@pytest.mark.parametrize(
    "result",
    [{"failed": True, "msg": "no PowerShell"}, {"observations": []}, {"observations": [saw(), saw()], "failed": True}],
)
def test_a_module_that_failed(result):
    with pytest.raises(probing.ModuleFailed) as caught:
        probing.verify(lambda _arguments: result, RUN, [EXPECTATION], 1.0, 10, 0)
    assert caught.value.result["failed"]
    assert caught.value.result["msg"] == result.get("msg", f"{probing.MODULE} did not tell what became of 2 probes")


def test_what_is_no_base64():
    with pytest.raises(probing.ModuleFailed, match="no Base64"):
        Host(lambda *_: {"stage": "read", "error": "", "answers": ["\x00"]}).verify()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout": 0}, "timeout: 0; allowed is more than 0 and at most 60 seconds"),
        ({"concurrency": 0}, "concurrency: 0; allowed is 1 to 16384"),
        ({"retries": 11}, "retries: 11; allowed is 0 to 10"),
    ],
)
def test_limits_are_those_of_linux(changes, message):
    with pytest.raises(ValueError) as caught:
        Host(lambda *_: saw()).verify(**changes)
    assert str(caught.value) == message


def test_nothing_to_probe_asks_the_host_nothing():
    host = Host(lambda *_: saw())
    assert probing.verify(host.execute, RUN, [], 1.0, 10, 1)["probes"] == 0
    assert host.rounds == []
