# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import random

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.truth_table import DIFFERENCES, truth_table


def row(port, expected, observed, *, to="rs1", address="10.0.0.5", protocol="tcp", source="10.0.0.1", detail=""):
    right = {"open": ("open",), "shut": ("filtered", "unreachable")}[expected]
    return {
        "to": to,
        "source": source,
        "address": address,
        "protocol": protocol,
        "port": port,
        "expected": expected,
        "observed": observed,
        "ok": observed in right,
        "detail": detail,
    }


CLIENT = [row(7563, "open", "open", detail="answered"), row(7562, "shut", "filtered"), row(7564, "shut", "unreachable")]
STRANGER = [row(7563, "shut", "open", detail="answered"), row(7562, "shut", "filtered")]
SITE = {
    "sc2": CLIENT,
    "sc1": [*CLIENT, row(7563, "open", "open", address="2001:db8::5"), row(161, "open", "filtered", protocol="udp")],
    "stranger": STRANGER,
    "sc3": CLIENT,
    "ms1": [
        row(9000, "open", "refused", to="ms2", address="10.0.0.7", detail="the way is open, nothing listens there")
    ],
    "off": [],
}

TEXT = """\
ms2  10.0.0.7
            ms1
  tcp 9000  R

rs1  10.0.0.5
            sc1  sc2 +1  stranger
  tcp 7562  .    .       .
  tcp 7563  +    +       !
  tcp 7564  .    .
  udp 161   F
  sc2 +1 = sc2, sc3

rs1  2001:db8::5
            sc1
  tcp 7563  +

+ open, as it must be
. shut, as it must be
F must be open, was filtered
R must be open, was refused
! must be shut, was open

14 probes, 3 differences
  ms1 -> ms2 10.0.0.7 tcp 9000: must be open, was refused (the way is open, nothing listens there)
  sc1 -> rs1 10.0.0.5 udp 161: must be open, was filtered
  stranger -> rs1 10.0.0.5 tcp 7563: must be shut, was open
nothing was probed from: off
"""

MARKDOWN = """\
### rs1: 10.0.0.5

| port | sc1, sc2 | stranger\\_1 |
| --- | --- | --- |
| tcp 7562 | `.` | `.` |
| tcp 7563 | `+` | `!` |
| tcp 7564 | `.` |  |

- `+` open, as it must be
- `.` shut, as it must be
- `!` must be shut, was open

**8 probes, 1 differences**

- stranger\\_1 -> rs1 10.0.0.5 tcp 7563: must be shut, was open
"""


def test_text():
    assert truth_table(SITE) == TEXT


def test_markdown():
    assert truth_table({"stranger_1": STRANGER, "sc1": CLIENT, "sc2": CLIENT}, format="markdown") == MARKDOWN


def test_json():
    table = json.loads(truth_table(SITE, format="json"))
    assert table["summary"] == {"probes": 14, "differences": 3, "nothing_probed_from": ["off"]}
    assert len(table["results"]) == 14
    assert table["differences"][2] == {
        "initiator": "stranger",
        **STRANGER[0],
        "sentence": "stranger -> rs1 10.0.0.5 tcp 7563: must be shut, was open",
    }


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_order_of_the_input_does_not_matter(form):
    names = list(SITE)
    for seed in range(5):
        shuffled = random.Random(seed)
        shuffled.shuffle(names)
        again = {name: shuffled.sample(SITE[name], len(SITE[name])) for name in names}
        assert truth_table(again, format=form) == truth_table(SITE, format=form)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_nothing_probed(form):
    assert "0 probes, 0 differences" in truth_table({}, format=form)
    assert "nothing was probed from: a, b" in truth_table({"b": [], "a": []}, format=form)


def test_every_difference_has_its_own_symbol_and_is_explained():
    assert len(set(DIFFERENCES.values())) == len(DIFFERENCES)
    for (expected, observed), symbol in DIFFERENCES.items():
        text = truth_table({"a": [row(1, expected, observed)]})
        words = f"must be {expected}, was {observed.replace('_', ' ')}"
        assert f"  tcp 1  {symbol}\n" in text
        assert f"{symbol} {words}\n" in text
        assert f"  a -> rs1 10.0.0.5 tcp 1: {words}\n" in text


def test_ports_that_answer_alike_share_a_row_and_a_sentence():
    ports = [1, 2, 3, 7, 9]
    text = truth_table({"a": [row(port, "shut", "open") for port in ports]})
    assert "  tcp 1-3, 7, 9  !\n" in text
    assert "5 probes, 5 differences\n  a -> rs1 10.0.0.5 tcp 1-3, 7, 9: must be shut, was open\n" in text


def test_addresses_that_answer_alike_share_a_block():
    addresses = ["2001:db8::5", "10.0.0.10", "10.0.0.9"]
    text = truth_table({"a": [row(1, "open", "open", address=address) for address in addresses]})
    assert text.startswith("rs1  10.0.0.9, 10.0.0.10, 2001:db8::5\n         a\n  tcp 1  +\n\n")


def test_two_sources_that_disagree_are_both_shown():
    rows = [row(1, "open", "open"), row(1, "open", "filtered", source="10.0.0.2")]
    text = truth_table({"a": rows})
    assert "  tcp 1  +F\n" in text
    assert "2 probes, 1 differences" in text


@pytest.mark.parametrize("width", [40, 60, 100])
def test_many_initiators_wrap_into_further_blocks(width):
    names = [f"workstation-{number:02}.example.com" for number in range(40)]
    table = truth_table(
        {name: [row(1000 + number, "shut", "filtered")] for number, name in enumerate(names)}, width=width
    )
    assert max(map(len, table.splitlines())) <= width
    for name in names:
        assert name in table
    assert table.count(" .\n") + table.count(" . ") >= len(names)


def test_many_ports_wrap():
    table = truth_table({"a": [row(port, "shut", "filtered") for port in range(1, 200, 2)]}, width=40)
    assert max(map(len, table.splitlines())) <= 40
    assert ", 197, 199\n" in table


@pytest.mark.parametrize(
    ("results", "options", "message"),
    [
        ({}, {"format": "html"}, "format: 'html'; allowed are text, markdown, json"),
        ({}, {"width": 39}, "width: 39; allowed is 40 and more"),
        ([], {}, "results: allowed is a dict of initiators with the results of port_probe of each"),
        ({"a": None}, {}, "results of a: allowed is the list of results of port_probe"),
        ({"a": "no"}, {}, "results of a: allowed is the list of results of port_probe"),
        (
            {"a": [{"to": "rs1"}]},
            {},
            "results of a, row 0: allowed is a result of port_probe; not understood: 'source'",
        ),
        (
            {"a": [*CLIENT, row(1, "open", "open") | {"ok": False}]},
            {},
            "results of a, row 3: allowed is a result of port_probe; not understood: ('open', 'open')",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(results, options, message):
    with pytest.raises(ValueError) as caught:
        truth_table(results, **options)
    assert str(caught.value) == message
