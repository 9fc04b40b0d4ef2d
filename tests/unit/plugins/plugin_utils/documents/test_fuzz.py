# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any content is read or refused, never more; and one table reads alike in each of the formats."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import document_report
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import DocumentError
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import cells, confined, recognise
from ansible_collections.vidnet.portmatrix.tests.support import document_fixtures as fixtures

RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
FRAGMENTS = [
    *(
        "Port",
        "Protocol",
        "Description",
        "Process",
        "Bandwidth",
        "Port and protocol",
        "No.",
        "Input/Output",
        "TCP",
        "UDP",
        "tcp+udp",
        "any",
        "-",
    ),
    *(
        "80",
        "443*",
        "1024–65535",
        "554 to 554+(x-1)",
        "80 (HTTP), 443 (HTTPS)",
        "1",
        "2",
        "3",
        "?",
        "N/A",
        "Configurable.",
        "0",
        "70000",
        "99999999999",
    ),
    *(
        "|",
        "| --- | --- |",
        "\n",
        "\n\n",
        "\n\n",
        "\t",
        ";",
        ",",
        ":",
        '"',
        "# ",
        "- ",
        "  - ",
        "* ",
        "l ",
        "> ",
        "```\n",
        "\u00a0",
        "\x0b",
        "\ufeff",
        "\u2028",
    ),
    *(
        "<table>",
        "<tr>",
        "<td rowspan=3>",
        "<td colspan=2>",
        "<th>",
        "</table>",
        "<ul><li>",
        "<sup>1</sup>",
        "<br>",
        "<pre>",
        "&amp;",
        "<!--",
        "]]>",
    ),
    *(
        "Port (or range) Protocol Description",
        "Random in range",
        "in addition, as follows:",
        "uses TCP port 443 and UDP ports 5000-5010.",
        "12 34 tcp/udp 5",
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=60).map("".join)


def check(data):
    """Read some content, and look at all that comes of it."""
    try:
        document = recognise.parse(data, "paper")
    except DocumentError as error:
        assert len(error.problems) == 1
        return
    told = json.loads(json.dumps(document_report.of(document)))
    assert confined.from_data(json.loads(json.dumps(confined.as_data(document)))) == document
    assert [table["number"] for table in told["tables"]] == list(range(1, len(told["tables"]) + 1))
    for table in told["tables"]:
        assert len({row["label"] for row in table["rows"]}) == len(table["rows"])
        for row in table["rows"]:
            assert len(row["cells"]) == len(table["header"])
            for way in row["ways"]:
                assert set(way["protocols"]) <= {"tcp", "udp", "igmp"}
                for ports in way["ports"]:
                    port_ranges.parse_range(ports)
                assert way["ports"] or way["parameters"] or way["protocols"] == ["igmp"]


@RELAXED
@given(TEXTS)
@example("\ud800")
def test_any_text(text):
    check(text.encode("utf-8", "surrogatepass"))


@RELAXED
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"<html>"]),
)
def test_any_bytes(data, start):
    check(start + data)


@pytest.mark.parametrize("name", fixtures.EXPECTED)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.data())
def test_any_damage(name, data):
    content = bytearray(fixtures.PATHS[name].read_bytes())
    for _n in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        kind = data.draw(st.sampled_from(["change", "remove", "repeat", "cut"]))
        length = data.draw(st.integers(1, 200))
        if kind == "change" and content:
            content[at] = data.draw(st.integers(0, 255))
        elif kind == "remove":
            del content[at : at + length]
        elif kind == "repeat":
            content[at:at] = content[at : at + length]
        else:
            del content[max(at, 20) :]
    check(bytes(content))


PORTS = st.integers(1, 65535)
EXPRESSIONS = st.one_of(
    PORTS.map(str),
    st.tuples(PORTS, PORTS).map(lambda pair: "{}-{}".format(*sorted(pair))),
    st.tuples(PORTS, PORTS).map(lambda pair: "{}–{}".format(*sorted(pair))),
    st.tuples(PORTS, PORTS).map(lambda pair: "{}, {}".format(*pair)),
    st.tuples(PORTS, PORTS).map(lambda pair: "{} and {}".format(*pair)),
    PORTS.map(lambda port: f"{port} (HTTP)"),
    PORTS.map(lambda port: f"{port}*"),
)
SERVICES = st.sampled_from(["Web page", "Live video", "Door events", "Time & date", "Log-in of users", "Alarms, all"])
ROWS = st.lists(
    st.tuples(
        SERVICES,
        EXPRESSIONS,
        st.sampled_from(["TCP", "UDP", "TCP/UDP", "both", "TCP & UDP"]),
        st.sampled_from(["in", "out"]),
    ),
    min_size=2,
    max_size=8,
)
HEADER = ("Service", "Port", "Protocol", "Direction")


def as_markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in (HEADER, ("---",) * 4, *rows)]
    return ("# Ports\n\n" + "\n".join(lines).replace("*", "\\*") + "\n").encode()


def as_html(rows):
    lines = ["".join(f"<td>{cell.replace('&', '&amp;')}</td>" for cell in row) for row in (HEADER, *rows)]
    return ("<h1>Ports</h1><table>" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>").encode()


def as_csv(rows):
    content = io.StringIO()
    csv.writer(content, delimiter=";").writerows([HEADER, *rows])
    return content.getvalue().encode("utf-8-sig")


def as_bars(rows):
    return "\n".join(" | ".join(row) + " |" for row in (HEADER, *rows)).encode()


def as_aligned(rows):
    return "\n".join("".join(cell.ljust(24) for cell in row) for row in (HEADER, *rows)).encode("utf-16")


def as_paragraphs(rows):
    numbered = [cell for number, row in enumerate(rows, 1) for cell in (str(number), *row)]
    return "\n\n".join(["Ports", *HEADER, *numbered]).encode()


def as_workbook(rows):
    book = Workbook()
    for row in (HEADER, *rows):
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(ROWS)
def test_one_table_in_each_format(rows):
    found = {}
    for write in (as_markdown, as_html, as_csv, as_bars, as_aligned, as_paragraphs, as_workbook):
        document = recognise.parse(write(rows), "paper")
        assert len(document.tables) == 1, write.__name__
        table = document.tables[0]
        readings = cells.readings(table)
        assert [tuple(row.cells) for row in table.rows] == rows, write.__name__
        assert [row.label for row in table.rows] == [str(n + 1) for n in range(len(rows))], write.__name__
        assert not any(reading.unparsed for reading in readings), write.__name__
        found[write.__name__] = [reading.ways for reading in readings]
    assert all(ways == found["as_csv"] for ways in found.values())
    for (_service, _expression, protocol, _direction), ways in zip(rows, found["as_csv"]):
        assert len(ways) == 1
        assert ways[0].protocols == {"TCP": ["tcp"], "UDP": ["udp"]}.get(protocol, ["tcp", "udp"])
