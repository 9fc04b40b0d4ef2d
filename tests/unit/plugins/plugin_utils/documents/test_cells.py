# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells as vendors write them, and the protocols and ports that come of them."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Row, Table
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import cells, columns, protocols


def read(port, protocol="TCP", header=("Port", "Protocol")):
    """Return ``(ways, reasons)`` of a row of two cells, the ways as texts."""
    row = Row("1", "line 1", [port, protocol], f"{port} | {protocol}")
    (reading,) = cells.readings(Table(1, "Doors", "line 1", list(header), [row]))
    ways = ["+".join(way.protocols) + " " + " ".join(way.ports or [way.expression]) for way in reading.ways]
    return ways, [entry.reason for entry in reading.unparsed]


@pytest.mark.parametrize(
    ("cell", "ports"),
    [
        ("80", "80"),
        ("80 (HTTP), 443 (HTTPS)", "80 443"),
        ("HTTP (80), HTTPS (443)", "80 443"),
        ("HTTP: 80", "80"),
        ("1024–65535", "1024-65535"),
        ("1024 — 65535", "1024-65535"),
        ("5000..5010", "5000-5010"),
        ("5000 through 5010", "5000-5010"),
        ("5000 to 5010", "5000-5010"),
        ("443*", "443"),
        ("443 **", "443"),
        ("443[1]", "443"),
        ("443¹", "443"),
        ("443 1)", "443"),
        ("80, 443 and 8080", "80 443 8080"),
        ("80; 443", "80 443"),
        ("80/443", "80 443"),
        ("80\n443", "80 443"),
        ("22331 22333", "22331 22333"),
        ("25, 465 or 587", "25 465 587"),
        ("554 to 554+(x-1)", "554 to 554+(x-1)"),
        ("40001 (40002, 40003, if many devices are present)", "40001"),
        ("Random in range \n32768 - 61000", "32768-61000"),
        ("Configurable.\nTypically port 80 for an AD user and port 443 for a basic user", "80 443"),
        ("Configurable. The default is 5432 (disabled by default)", "5432"),
        ("8080 (default)", "8080"),
        ("Default: 8000 (configurable in the web UI)", "8000"),
        ("80,443", "80 443"),
    ],
)
def test_ports(cell, ports):
    assert read(cell) == ([f"tcp {ports}"], [])


@pytest.mark.parametrize(
    ("cell", "ways"),
    [
        ("443/TCP, 161/UDP", ["tcp 443", "udp 161"]),
        ("TCP 80, 443; UDP 161", ["tcp 80 443", "udp 161"]),
        ("TCP: 80\nUDP: 5000-5010", ["tcp 80", "udp 5000-5010"]),
        ("443 (TCP), 161 (UDP)", ["tcp 443", "udp 161"]),
        ("554/TCP and UDP", ["tcp+udp 554"]),
        ("554 TCP/UDP", ["tcp+udp 554"]),
        ("55570/UDP (configurable)", ["udp 55570"]),
        ("tcp/443", ["tcp 443"]),
    ],
)
def test_protocols_beside_ports(cell, ways):
    assert read(cell, "") == (ways, [])


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("?", "names no port that could be known"),
        ("depends on the camera", "names no port that could be known"),
        ("OS- and AD-dependent", "names no port that could be known"),
        ("Random or fixed.\nPaxton 8025", "names no port that could be known"),
        ("any", "names no port that could be known"),
        ("above 1024", "names no port that could be known"),
        (">1024", "names no port that could be known"),
        ("1024 and above", "names no port that could be known"),
        ("1024+", "names no port that could be known"),
        ("see the manual", "names no port that could be known"),
        ("0", "0 is outside 1-65535"),
        ("70000", "70000 is outside 1-65535"),
        ("0443", "'0443' has a number that begins with 0"),
        ("2000-1000", "'2000-1000' is not a port or a range of ports"),
        ("2026-10-12", "is a date, as a spreadsheet makes it of a range"),
        ("", "is empty, though the row names a protocol"),
        ("x" * 3000, "has more than 2000 characters"),
        ("the web page", "names no port"),
    ],
)
def test_cells_that_are_left_to_a_person(cell, reason):
    assert read(cell) == ([], [reason])


@pytest.mark.parametrize("cell", ["-", "–", "N/A", "n/a", "none"])
def test_nothing_is_nothing(cell):
    assert read(cell, cell) == ([], [])


def test_what_is_left_open_is_said_beside_the_ports():
    assert read("495, 993 and others") == (["tcp 495 993"], ["leaves ports open: 'and others'"])
    assert read("80", "") == ([" 80"], ["names no protocol"])
    assert read("80", "any") == ([" 80"], ["means every protocol: name the ones that are used"])
    assert read("-", "ICMP") == ([], ["icmp is not one of tcp, udp and igmp"])


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("TCP", ["tcp"]),
        ("tcp+udp", ["tcp", "udp"]),
        ("TCP & UDP", ["tcp", "udp"]),
        ("both", ["tcp", "udp"]),
        ("TCP/IP", ["tcp"]),
        ("HTTP or HTTPS", ["tcp"]),
        ("RTSP", ["tcp"]),
        ("SNMP", ["udp"]),
        ("DNS", ["tcp", "udp"]),
        ("UDP IGMP Multicast", ["udp", "igmp"]),
        ("Configurable, TCP/IP, UDP Multicast.\nThe default is TCP/IP", ["tcp"]),
        ("Configurable.\nTypically RTSP, UDP, TCP/IP", ["tcp", "udp"]),
        ("OS- and AD-dependent", []),
        ("any", []),
    ],
)
def test_protocols(cell, found):
    assert protocols.of(cell) == found


def test_igmp_has_no_ports():
    assert read("6000-7000", "UDP IGMP Multicast") == (["udp 6000-7000", "igmp -"], [])


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("It listens on TCP port 443.", ["tcp 443"]),
        ("It uses port 443 (TCP) and UDP ports 5000-5010.", ["tcp 443", "udp 5000-5010"]),
        ("Open ports 389/tcp, 636/tcp.", ["tcp 389", "tcp 636"]),
        ("Ports 554 and 555 are also used.", [" 554-555"]),
        ("HTTPS (443) and SNMP (161)", ["tcp 443", "udp 161"]),
        ("via port 8443 over TCP", ["tcp 8443"]),
        ("Version 3.2.1 of 2024 takes 10 seconds, see RFC 2326.", []),
        ("Address 10.0.0.80, mask 255.255.255.0", []),
        ("a 4-port switch with 100 Mbit/s", []),
    ],
)
def test_sentences(text, ways):
    found = ["+".join(way.protocols) + " " + " ".join(way.ports) for way in cells.prose_ways(text)]

    assert found == ways


@pytest.mark.parametrize(
    ("header", "ports", "protocol"),
    [
        (["Service", "TCP", "UDP"], ((1, "tcp"), (2, "udp")), None),
        (["Service", "TCP ports", "UDP ports"], ((1, "tcp"), (2, "udp")), None),
        (["Source port", "Destination port", "Protocol"], ((1, ""),), 2),
        (["Protocol", "Transport", "Port number"], ((2, ""),), 1),
        (["Port/Protocol", "Use"], ((0, ""),), None),
        (["#", "Port (or range)", "TCP/UDP"], ((1, ""),), 2),
        (["Name", "Price"], (), None),
    ],
)
def test_columns(header, ports, protocol):
    found = columns.of(header)

    assert (found.ports, found.protocol) == (ports, protocol)


def test_columns_without_headings_are_told_from_their_cells():
    rows = [["1", "Web", "80", "TCP"], ["2", "Video", "554", "TCP/UDP"], ["3", "Time", "123", "UDP"]]
    found = columns.of(["column 1", "column 2", "column 3", "column 4"], rows)

    assert (found.ports, found.protocol) == (((2, ""),), 3)


def test_marks_in_columns_of_protocols():
    rows = [Row("1", "line 1", ["80", "x", ""], ""), Row("2", "line 2", ["53", "✓", "✓"], "")]
    found = cells.readings(Table(1, "Doors", "line 1", ["Port", "TCP", "UDP"], rows))

    assert [(way.protocols, way.ports) for reading in found for way in reading.ways] == [
        (["tcp"], ["80"]),
        (["tcp", "udp"], ["53"]),
    ]


@pytest.mark.parametrize(
    ("cells_of_a_line", "heads"),
    [
        (["Port", "Protocol", "Description"], True),
        (["Service", "TCP", "UDP"], True),
        (["Random in range 50000 to 65000", "TCP", "Media server"], False),
        (["HTTP server", "TCP", "-"], False),
        (["The port that the clients of the recording server use", "TCP", "Description"], False),
        (["Name", "Price"], False),
        (["Port", "", ""], False),
    ],
)
def test_headers(cells_of_a_line, heads):
    assert columns.is_header(cells_of_a_line) == heads
