# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that real services answer where none of our responders listens: DNS, mDNS, NTP, SSDP and RTSP."""

from __future__ import annotations

import os
import struct
from collections import namedtuple

Question = namedtuple("Question", "data at_once understood")
"""What to send (bytes), whether without waiting for a responder of ours first, and ``understood(bytes)``, which returns
what the service said (str) or None when it is no answer to this."""

# Only ports that mean one thing everywhere; what else speaks one of these, the expectation has to say.
WELL_KNOWN = {"tcp": {554: "rtsp"}, "udp": {53: "dns", 123: "ntp", 1900: "ssdp", 5353: "mdns"}}
LONGEST_WORDS = 60

_DNS_HEADER = struct.Struct("!HHHHHH")
_DNS_CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_DNS_ANSWER_OPCODE = 0xF800
_DNS_ANSWER = 0x8000
_DNS_RECURSION_DESIRED = 0x0100
# names as they travel, with type and class: the root's name servers, and the kinds of services on a segment
_ROOT_SERVERS = b"\0" + struct.pack("!HH", 2, 1)
_SERVICES = b"\x09_services\x07_dns-sd\x04_udp\x05local\0" + struct.pack("!HH", 12, 1)
_NTP_SIZE = 48
_NTP_ASKS, _NTP_ANSWERS = 3, 4
_NTP_UNSYNCHRONIZED = 16


def question(probe):
    """Return the Question for the service that a Probe's port is known or declared to have, or None."""
    language = probe.speaks or WELL_KNOWN[probe.protocol].get(probe.port)
    if not language:
        return None
    data, understood = LANGUAGES[probe.protocol][language](probe)
    return Question(data, bool(probe.speaks), understood)


def _dns(_probe):
    number, data = _dns_request(_DNS_RECURSION_DESIRED, _ROOT_SERVERS)

    def understood(answer):
        header = _dns_answer(answer, number, _ROOT_SERVERS)
        if header is None:
            return None
        code = header[1] & 15
        return "DNS server, %s" % (_DNS_CODES[code] if code < len(_DNS_CODES) else "code %d" % code)

    return data, understood


def _mdns(_probe):
    number, data = _dns_request(0, _SERVICES)

    def understood(answer):
        header = _dns_answer(answer, number, _SERVICES)
        return None if header is None else "mDNS responder, answers: %d" % header[3]

    return data, understood


def _dns_request(flags, asked):
    number = int.from_bytes(os.urandom(2), "big")
    return number, _DNS_HEADER.pack(number, flags, 1, 0, 0, 0) + asked


def _dns_answer(data, number, asked):
    """Return the header (tuple) of an answer to the request ``number`` about ``asked``, or None."""
    if len(data) < _DNS_HEADER.size:
        return None
    header = _DNS_HEADER.unpack_from(data)
    if header[0] != number or header[1] & _DNS_ANSWER_OPCODE != _DNS_ANSWER or header[2] > 1:
        return None
    # a server that refuses may leave the question out
    if header[2] and data[_DNS_HEADER.size : _DNS_HEADER.size + len(asked)].lower() != asked:
        return None
    return header


def _ntp(_probe):
    # A client need not tell its time: any number will do, as long as it comes back (RFC 5905, section 14).
    stamp = os.urandom(8)
    data = bytes([4 << 3 | _NTP_ASKS]).ljust(_NTP_SIZE - len(stamp), b"\0") + stamp

    def understood(answer):
        if len(answer) < _NTP_SIZE or answer[0] & 7 != _NTP_ANSWERS or answer[24:32] != stamp:
            return None
        stratum = answer[1]
        if not stratum:
            return "NTP server, kiss code %s" % _words(answer[12:16])
        return "NTP server, stratum %d%s" % (stratum, ", not synchronized" * (stratum >= _NTP_UNSYNCHRONIZED))

    return data, understood


def _ssdp(probe):
    lines = (
        "M-SEARCH * HTTP/1.1",
        "HOST: %s" % _place(probe),
        'MAN: "ssdp:discover"',
        "MX: 1",
        "ST: upnp:rootdevice",
    )
    return _lines(lines), _ssdp_understood


def _ssdp_understood(answer):
    status, headers = _headers(answer)
    if not status.startswith("HTTP/1.") or status.split()[1:2] != ["200"] or not {"st", "location"} <= set(headers):
        return None
    return ("SSDP device, %s" % headers.get("server", "")).rstrip(", ")


def _rtsp(probe):
    number = str(int.from_bytes(os.urandom(2), "big"))
    lines = ("OPTIONS rtsp://%s/ RTSP/1.0" % _place(probe), "CSeq: %s" % number, "User-Agent: portmatrix")

    def understood(answer):
        status, headers = _headers(answer)
        version, _blank, code = status.partition(" ")
        if not version.startswith("RTSP/") or headers.get("cseq") != number:
            return None
        return "%s %s" % (version, code[:3])

    return _lines(lines), understood


def _place(probe):
    return ("[%s]:%d" if ":" in probe.address else "%s:%d") % (probe.address, probe.port)


def _lines(lines):
    return "".join(line + "\r\n" for line in (*lines, "")).encode("ascii")


def _headers(answer):
    """Return the first line (str) of an answer in the manner of HTTP, and its headers (dict, names in lower case)."""
    first, *others = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    pairs = (_words(line).partition(":") for line in others)
    return _words(first), {name.strip().lower(): value.strip() for name, _colon, value in pairs}


def _words(data):
    """Return what a stranger sent (bytes) as text that is fit to be shown: short, printable and ASCII."""
    text = "".join(character if character.isprintable() else "?" for character in data.decode("ascii", "replace"))
    return text.replace("\N{REPLACEMENT CHARACTER}", "?")[:LONGEST_WORDS]


LANGUAGES = {"tcp": {"rtsp": _rtsp}, "udp": {"dns": _dns, "mdns": _mdns, "ntp": _ntp, "ssdp": _ssdp}}
