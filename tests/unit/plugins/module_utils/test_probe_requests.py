# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions for real services: what counts as an answer, and whole conversations with services that are strict about theirs."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import Probe
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_requests import question
from ansible_collections.vidnet.portmatrix.tests.support import strict_services
from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

PORTS = {"dns": 53, "ntp": 123, "rtsp": 554, "ssdp": 1900, "mdns": 5353}


def asked(language, address="10.0.0.5"):
    protocol = "tcp" if language == "rtsp" else "udp"
    return question(Probe("rs1", "10.0.0.1", address, protocol, PORTS[language], "open"))


def dns_answer(number, flags=0x8000, questions=1, asked=b"", answers=0):
    return struct.pack("!HHHHHH", number, flags, questions, answers, 0, 0) + asked


def ntp_answer(stamp, first=0x24, stratum=2, reference=b"\0\0\0\0"):
    return bytes([first, stratum]).ljust(12, b"\0") + reference + bytes(8) + stamp + bytes(16)


def test_which_port_is_asked_what():
    assert question(Probe("rs1", "s", "a", "tcp", 7563, "open")) is None
    assert question(Probe("rs1", "s", "a", "tcp", 53, "open")) is None
    assert question(Probe("rs1", "s", "a", "udp", 554, "open")) is None
    for language in PORTS:
        assert asked(language).at_once is False
    assert question(Probe("rs1", "s", "a", "tcp", 557, "open", "rtsp")).at_once is True
    assert question(Probe("rs1", "s", "a", "udp", 53, "open", "ntp")).data[0] == 0x23


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, "NOERROR"), (1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (4, "NOTIMP"), (5, "REFUSED"), (9, "code 9")],
)
def test_dns_answers(code, said):
    asking = asked("dns")
    number = int.from_bytes(asking.data[:2], "big")
    answer = dns_answer(number, 0x8180 | code, asked=asking.data[12:], answers=13) + b"more"
    assert asking.understood(answer) == f"DNS server, {said}"
    assert asking.understood(dns_answer(number, 0x8000 | code, questions=0)) == f"DNS server, {said}"


@pytest.mark.parametrize("language", ["dns", "mdns"])
def test_what_is_no_answer_of_dns(language):
    asking = asked(language)
    number, rest = int.from_bytes(asking.data[:2], "big"), asking.data[12:]
    wrong = {
        "short": dns_answer(number, asked=rest)[:11],
        "another number": dns_answer(number ^ 1, asked=rest),
        "a request": dns_answer(number, 0x0100, asked=rest),
        "another operation": dns_answer(number, 0x8000 | 5 << 11, asked=rest),
        "another question": dns_answer(number, asked=rest[:-1] + b"\xff"),
        "two questions": dns_answer(number, questions=2, asked=rest * 2),
        "itself": asking.data,
    }
    assert [name for name, answer in wrong.items() if asking.understood(answer)] == []


def test_mdns_answers():
    asking = asked("mdns")
    number = int.from_bytes(asking.data[:2], "big")
    assert (
        asking.understood(dns_answer(number, 0x8400, asked=asking.data[12:], answers=3)) == "mDNS responder, answers: 3"
    )


@pytest.mark.parametrize(
    ("stratum", "reference", "said"),
    [
        (3, b"\x0a\0\0\1", "stratum 3"),
        (16, b"\0\0\0\0", "stratum 16, not synchronized"),
        (0, b"RATE", "kiss code RATE"),
        (0, b"\n\xff<b", "kiss code ??<b"),
    ],
)
def test_ntp_answers(stratum, reference, said):
    asking = asked("ntp")
    assert asking.understood(ntp_answer(asking.data[40:], 0x24, stratum, reference)) == f"NTP server, {said}"


def test_what_is_no_answer_of_ntp():
    asking = asked("ntp")
    stamp = asking.data[40:]
    assert len(asking.data) == 48 and asking.data[:40] == b"\x23" + bytes(39)
    wrong = {
        "short": ntp_answer(stamp)[:47],
        "another stamp": ntp_answer(bytes(8)),
        "a client": ntp_answer(stamp, 0x23),
        "a broadcast": ntp_answer(stamp, 0x25),
        "itself": asking.data,
    }
    assert [name for name, answer in wrong.items() if asking.understood(answer)] == []


@pytest.mark.parametrize(("address", "place"), [("10.0.0.5", b"10.0.0.5"), ("2001:db8::5", b"[2001:db8::5]")])
def test_ssdp(address, place):
    asking = asked("ssdp", address)
    assert asking.data.startswith(b"M-SEARCH * HTTP/1.1\r\nHOST: " + place + b":1900\r\n")
    assert asking.data.endswith(b"\r\n\r\n")
    headers = b"St: upnp:rootdevice\r\nLocation: http://10.0.0.5/d.xml\r\n"
    assert (
        asking.understood(b"HTTP/1.1 200 OK\r\n" + headers + b"SERVER: a/1 UPnP/1.1\r\n\r\n")
        == "SSDP device, a/1 UPnP/1.1"
    )
    assert asking.understood(b"HTTP/1.0 200 OK\r\n" + headers + b"\r\n") == "SSDP device"
    wrong = {
        "itself": asking.data,
        "a notification": b"NOTIFY * HTTP/1.1\r\n" + headers,
        "an error": b"HTTP/1.1 404 Not Found\r\n" + headers,
        "no code": b"HTTP/1.1 \r\n" + headers,
        "no location": b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n",
        "no target": b"HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.5/\r\n\r\n",
    }
    assert [name for name, answer in wrong.items() if asking.understood(answer)] == []


@pytest.mark.parametrize(("address", "place"), [("10.0.0.5", b"10.0.0.5"), ("2001:db8::5", b"[2001:db8::5]")])
def test_rtsp(address, place):
    asking = asked("rtsp", address)
    assert asking.data.startswith(b"OPTIONS rtsp://" + place + b":554/ RTSP/1.0\r\nCSeq: ")
    number = asking.data.partition(b"CSeq: ")[2].partition(b"\r\n")[0]
    assert asking.understood(b"RTSP/1.0 200 OK\r\nCSeq: " + number + b"\r\n\r\n") == "RTSP/1.0 200"
    assert asking.understood(b"RTSP/1.0 401 Unauthorized\r\ncseq:" + number + b"\r\n\r\n") == "RTSP/1.0 401"
    wrong = {
        "itself": asking.data,
        "another number": b"RTSP/1.0 200 OK\r\nCSeq: 65536\r\n\r\n",
        "no number": b"RTSP/1.0 400 Bad Request\r\n\r\n",
        "a web server": b"HTTP/1.1 400 Bad Request\r\nCSeq: " + number + b"\r\n\r\n",
    }
    assert [name for name, answer in wrong.items() if asking.understood(answer)] == []


@pytest.mark.parametrize("language", PORTS)
@pytest.mark.parametrize("noise", [b"", b"\0", b"\r\n\r\n", b"\xff" * 600, b":\r\n:\r\n", b"RTSP/", b"HTTP/1.1"])
def test_noise_is_no_answer_and_no_error(language, noise):
    assert asked(language).understood(noise) is None


# --- conversations, between namespaces

LISTENER = {4: "10.9.0.2", 6: "fd00:9::2"}
SOURCES = {4: "10.9.0.1", 6: "fd00:9::1"}
SAID = {
    ("udp", 53): "DNS server, REFUSED",
    ("udp", 123): "NTP server, stratum 3",
    ("udp", 1900): "SSDP device, Linux/6.1 UPnP/1.1 camera/1",
    ("udp", 5353): "mDNS responder, answers: 1",
    ("tcp", 554): "RTSP/1.0 200",
}
ELSEWHERE = {("udp", 1053): "dns", ("udp", 1123): "ntp", ("tcp", 557): "rtsp"}
SILENT = 8554
# a name server complains about our request, a time server and an RTSP server say nothing to it
UNDECLARED = {
    ("udp", 1053): ("open", "service", "another service"),
    ("udp", 1123): ("filtered", "", "no answer"),
    ("tcp", 557): ("open", "service", "another service"),
}
MISTAKEN = {
    ("udp", 53, "ntp"): ("open", "service", "another service"),
    ("udp", 123, "dns"): ("filtered", "", "no answer"),
}


def expectation(version, protocol, ports, **keys):
    places = {"to": "listener", "source": SOURCES[version], "address": LISTENER[version]}
    return {**places, "protocol": protocol, "open": ports, **keys}


def said_by(lab, *entries, run="run-1"):
    """Return (version, protocol, port) -> what is told of it."""
    found = lab.module("initiator", "port_probe", run=run, retries=0, timeout=2.0, expectations=list(entries))
    assert "failed" not in found, found["msg"]
    return {
        (6 if ":" in row["address"] else 4, row["protocol"], row["port"]): (
            row["observed"],
            row["service"],
            row["detail"],
        )
        for row in found["results"]
    }


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.host("initiator", "10.9.0.1/24", "fd00:9::1/64")
        lab.host("listener", "10.9.0.2/24", "fd00:9::2/64")
        yield lab


@pytest.fixture(scope="module")
def services(lab):
    process = lab.start("listener", sys.executable, str(Path(strict_services.__file__)), *LISTENER.values())
    assert process.stdout.readline().strip() == "ready"
    return process


@pytest.fixture(scope="module")
def undeclared(lab, services):
    entries = [
        expectation(version, protocol, [port for kind, port in (*SAID, *ELSEWHERE) if kind == protocol])
        for version in (4, 6)
        for protocol in ("tcp", "udp")
    ]
    return said_by(lab, *entries, expectation(4, "tcp", [SILENT])), services.stdout.readline()


@pytest.fixture(scope="module")
def declared(lab, undeclared, services):
    entries = [
        expectation(version, protocol, [port], speaks={str(port): language})
        for version in (4, 6)
        for (protocol, port), language in [*ELSEWHERE.items(), *(((each[:2]), each[2]) for each in MISTAKEN)]
    ]
    return said_by(
        lab, *entries, expectation(4, "tcp", [SILENT], speaks={str(SILENT): "rtsp"})
    ), services.stdout.readline()


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("protocol", "port"), SAID)
def test_a_service_on_its_well_known_port_is_asked(undeclared, version, protocol, port):
    assert undeclared[0][version, protocol, port] == ("open", "service", SAID[protocol, port])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("protocol", "port"), ELSEWHERE)
def test_a_service_elsewhere_is_asked_where_it_is_declared(undeclared, declared, version, protocol, port):
    standard = PORTS[ELSEWHERE[protocol, port]]
    assert undeclared[0][version, protocol, port] == UNDECLARED[protocol, port]
    assert declared[0][version, protocol, port] == ("open", "service", SAID[protocol, standard])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("protocol", "port", "language"), MISTAKEN)
def test_a_service_that_does_not_understand_is_no_such_service(declared, version, protocol, port, language):
    assert declared[0][version, protocol, port] == MISTAKEN[protocol, port, language]


def test_a_tcp_port_hears_rtsp_only_where_it_is_declared(undeclared, declared):
    """The service there says nothing, and prints what it has heard when the connection ends."""
    assert undeclared[0][4, "tcp", SILENT] == declared[0][4, "tcp", SILENT] == ("open", "service", "another service")
    assert undeclared[1] == f"{SILENT} heard b''\n"
    assert declared[1].startswith(f"{SILENT} heard b'OPTIONS rtsp://10.9.0.2:{SILENT}/ RTSP/1.0")


def test_a_port_that_must_be_shut_is_asked_too(lab, services):
    found = said_by(lab, expectation(4, "udp", [], shut=[123]))
    assert found == {(4, "udp", 123): ("open", "service", "NTP server, stratum 3")}


def test_a_responder_in_place_of_the_service_is_seen_as_ours(lab):
    rules = [
        {"direction": "in", "protocol": protocol, "ports": [str(port + 20000)]}
        for protocol, port in (*SAID, *ELSEWHERE)
    ]
    started = {"run": "run-2", "host": "listener", "rules": rules, "addresses": list(LISTENER.values()), "seconds": 60}
    assert len(lab.module("listener", "port_listen", **started)["listening"]) == 16
    entries = [
        expectation(
            version, protocol, [port + 20000], speaks={str(port + 20000): "rtsp" if protocol == "tcp" else "ntp"}
        )
        for version in (4, 6)
        for protocol, port in (*SAID, *ELSEWHERE)
    ]
    found = said_by(lab, *entries, run="run-2")
    assert found == dict.fromkeys(found, ("open", "responder", "answered"))
    assert len(found) == 16
    assert lab.module("listener", "port_listen", run="run-2", host="listener", state="stopped")["changed"] is True
