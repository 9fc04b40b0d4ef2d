# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of vendor documents, tried on pages of our own in the same shapes."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.tests.unit import vendor_rows

PARAGRAPHS = """Not a table

System of the tram depot

Ticket machines

\u00a0

Component

Port

Protocol

Bandwidth

1

Depot - tram

900

TCP

little

2

Tram - its own disk

-

-

-

Doors – update

Process

Port

Protocol

Bandwidth

This says what the table is about, over
two lines

1

The driver opens the doors

Configurable.
Typically port 70

Configurable.

Typically RTSP, UDP, TCP/IP

Device configurable.
Typically 1-10

* A remark between rows

2

Doors are recorded

N/A

Configurable by remote settings

3

Passengers are told

Configurable.
The default is 7001
7002

TCP/IP

Low
1 kbit/call

Without a number

5000

TCP

-

The administrator does all this from a desk. For example, choosing doors

-

-

-

Ways to stop

Process

Port

Protocol

Bandwidth

This one has no numbers

At a stop

-

-

-

Between stops

Depends on the driver

TCP/IP, UDP

Low

Never

-

-"""

LINES = """Some words about trams, i.e.:
Tram ports - what trams do
Tram ports:
These matter: without them nothing runs.
Description | Port and protocol | Input/Output |
Doors & steps | 88/TCP | Input |
Bell | ?/TCP (port is decided by the bell) | Output |
Note that two trams [IP]:[DOOR] may share a line.
Depot ports:
Description | Port and protocol | Input/Output |
Wheels *** | 43 and 8/TCP | Output |
Direction:
input = the tram listens
"""

PAGE = """User Manual
Tram-2 User Guide                 Network ports used by Tram-2
Port (or range) Protocol Description
using the Driver panel, see Drive.
54 to 54+(x-1) TCP
For doors (where x is the
number of doors). Ports 54 and 55
are the driver's too.
Random in range\u0020
300 - 600
UDP
If the passenger wants.
19 UDP Bells, if enabled.
Random in range
500 to 650
TCP
Bells again.
In addition to the incoming ports, Tram-2 uses some outgoing connections as follows:
l Port 8 - used for timetables.
l Depot port - depends on the depot
and the line. See Depots
93

"""

MARKDOWN = """### Ports used for boarding (to the tram)\u0020

| state     | protocol | port number | description |
|-----------|----------|-------------|-------------|
| mandatory | tcp      | 80          | door        |
| optional  | tcp+udp  | 70-72       | ?           |

### Ports used for leaving

| state     | protocol | port number | description |
|-----------|----------|-------------|-------------|
| mandatory | udp      | 9           | door        |
"""


def _labels(tables):
    return {table.title: [row.label for row in table.rows] for table in tables}


def test_paragraphs_become_numbered_and_unnumbered_rows():
    tables = vendor_rows.xprotect(PARAGRAPHS)

    assert _labels(tables) == {
        "Ticket machines": ["1", "2"],
        "Doors – update": ["1", "2", "3", "u1", "u2"],
        "Ways to stop": ["u1", "u2", "u3"],
    }
    assert [(table.count(), table.count(unnumbered=True)) for table in tables] == [(2, 0), (3, 2), (0, 3)]


def test_cells_are_told_apart_even_when_split_or_missing():
    doors = vendor_rows.xprotect(PARAGRAPHS)[1]
    stops = vendor_rows.xprotect(PARAGRAPHS)[2]

    assert doors.rows[0].port == "Configurable.\nTypically port 70"
    assert doors.rows[0].protocol == "Configurable.\nTypically RTSP, UDP, TCP/IP"
    assert (doors.rows[1].port, doors.rows[1].protocol) == ("N/A", "Configurable by remote settings")
    assert doors.rows[2].port == "Configurable.\nThe default is 7001\n7002"
    assert (doors.rows[3].port, doors.rows[3].protocol) == ("5000", "TCP")
    assert stops.rows[1].text.startswith("Between stops")
    assert (stops.rows[2].port, stops.rows[2].protocol) == ("-", "-")


def test_lines_become_rows_with_port_and_protocol():
    tables = vendor_rows.flow(LINES)

    assert _labels(tables) == {"Tram ports": ["1", "2"], "Depot ports": ["1"]}
    assert tables[0].rows[0][1:] == ("88", "TCP", "Doors & steps | 88/TCP | Input")
    assert tables[0].rows[1][1:3] == ("?", "TCP (port is decided by the bell)")
    assert tables[1].rows[0][1:3] == ("43 and 8", "TCP")


def test_a_page_becomes_a_cut_off_row_rows_and_bullets():
    incoming, outgoing = vendor_rows.pearl(PAGE)

    assert (incoming.title, outgoing.title) == ("Network ports used by Tram-2", "Outgoing connections")
    assert [row.port.split() for row in incoming.rows] == [
        [],
        ["54", "to", "54+(x-1)"],
        ["Random", "in", "range", "300", "-", "600"],
        ["19"],
        ["Random", "in", "range", "500", "to", "650"],
    ]
    assert [row.protocol for row in incoming.rows] == ["", "TCP", "UDP", "UDP", "TCP"]
    assert incoming.rows[0].text.startswith("using the Driver panel")
    assert [row.port for row in outgoing.rows] == ["8", ""]


def test_a_page_of_another_shape_has_no_tables():
    assert vendor_rows.pearl("Some other page\n") == []


def test_markdown_becomes_tables():
    tables = vendor_rows.hikvision(MARKDOWN)

    assert _labels(tables) == {"Ports used for boarding (to the tram)": ["1", "2"], "Ports used for leaving": ["1"]}
    assert tables[0].rows[1] == ("2", "70-72", "tcp+udp", "optional | tcp+udp | 70-72 | ?")


def test_a_document_that_is_not_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(vendor_rows, "DIRECTORY", tmp_path)

    assert vendor_rows.read("xprotect") is None
