# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import port_expression
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.port_expression import FORMS, PortsUnknown
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable

VALUES: dict[str, Any] = {"x": 4, "none": 0, "one_port": 8554, "web": [(80, 80), (443, 443)], "nothing": []}

CELLS: list[tuple[Any, list[tuple[int, int]]]] = [
    # the forms of the design
    ("7563", [(7563, 7563)]),
    (7563, [(7563, 7563)]),
    ("6000-6020", [(6000, 6020)]),
    ("554 to 554+(x-1)", [(554, 557)]),
    ("8000 to 8000+(x-1)", [(8000, 8003)]),
    ("40001 (40002, 40003, if many devices are present)", [(40001, 40004)]),
    ("443 and 80", [(80, 80), (443, 443)]),
    ("1234 and 1235", [(1234, 1235)]),
    ("22331 22333", [(22331, 22331), (22333, 22333)]),
    ("Random in range 32768 - 61000", [(32768, 61000)]),
    ("55570 (configurable)", [(55570, 55570)]),
    ("-", []),
    ("N/A", []),
    # the cells of the vendors
    ("Configurable.\nTypically port 80 for an AD user and port 443 for a basic user", [(80, 80), (443, 443)]),
    ("Configurable.\nTypically 80 for an AD user and 443 for a basic user", [(80, 80), (443, 443)]),
    ("Configurable.\nTypically port 80 for an AD user and 443 for a basic user", [(80, 80), (443, 443)]),
    ("Configurable.\nTypically port 80 for an AD user and port 443 a for basic user", [(80, 80), (443, 443)]),
    ("Configurable.\nTypically 80 for HTTP and 443 for HTTPS", [(80, 80), (443, 443)]),
    ("Configurable.\nTypically port 8081 for HTTP and port 8082 for HTTPS", [(8081, 8082)]),
    ("Configurable.\nTypically 8081 for HTTP and 8082 for HTTPS", [(8081, 8082)]),
    ("Configurable.\nTypically port 80", [(80, 80)]),
    ("Typically 80", [(80, 80)]),
    ("Configurable.\nThe default port is 7563", [(7563, 7563)]),
    ("Configurable.\nThe default port range is 6000-7000", [(6000, 7000)]),
    ("Configurable. The default is 5432 (disabled by default)", [(5432, 5432)]),
    ("Configurable.\nThe default ports are 1234 and 1235", [(1234, 1235)]),
    ("Configurable.\nTypically port 40001 (40002, 40003, if many devices are present)", [(40001, 40004)]),
    ("7563*", [(7563, 7563)]),
    ("22331 ***", [(22331, 22331)]),
    ("80*, 443**", [(80, 80), (443, 443)]),
    ("9090 (disabled by default)", [(9090, 9090)]),
    ("Random in range\n50000 to 65000", [(50000, 65000)]),
    ("22333", [(22333, 22333)]),
    # blanks, dashes and separators
    ("  7563 ", [(7563, 7563)]),
    ("6000\u20137000", [(6000, 7000)]),
    ("6000 \u2014 7000", [(6000, 7000)]),
    ("\u2013", []),
    ("n/a", []),
    ("6000\u00a0-\u00a07000", [(6000, 7000)]),
    ("80,443;8080/8081", [(80, 80), (443, 443), (8080, 8081)]),
    ("80, and 443", [(80, 80), (443, 443)]),
    ("80.", [(80, 80)]),
    ("443, 80, 443", [(80, 80), (443, 443)]),
    ("1-10, 5-20, 21", [(1, 21)]),
    ("1, 65535", [(1, 1), (65535, 65535)]),
    # lists of them
    ([80, "443", "6000-6001"], [(80, 80), (443, 443), (6000, 6001)]),
    ([], []),
    (["-", 80], [(80, 80)]),
    # parameters
    ("one_port", [(8554, 8554)]),
    ("web", [(80, 80), (443, 443)]),
    ("nothing", []),
    ("web, one_port", [(80, 80), (443, 443), (8554, 8554)]),
    ("8000+x", [(8004, 8004)]),
    ("8000+(x+1)", [(8005, 8005)]),
    ("8000+8", [(8008, 8008)]),
    ("one_port to one_port+(x-1)", [(8554, 8557)]),
    ("ONE_PORT", [(8554, 8554)]),
    ("554 to 554+(none-1)", []),
]

NO_EXPRESSION: list[Any] = [
    "",
    "Configurable.",
    "80 81 to",
    "80,",
    ", 80",
    "80,,443",
    "80 and",
    "and",
    "80 to 81 to 82",
    "6000-6010-6020",
    "7563.5",
    "10.0.0.1",
    "80:90",
    "<80",
    "554*2",
    "554 * 2",
    "554 + ",
    "554+(2",
    "554+()",
    "554)",
    "(554",
    "554+(x)",
    "-80",
    "80-",
    "9" * 5000,
    "80\x00",
]

NO_PORT = ["?", "443?", "port depends on camera configuration", "Depends on the integration", "OS- and AD-dependent"]
NO_PORT += ["495, 993 and others", "Random or fixed", "Configuration dependent", "depending on the host"]


@pytest.mark.parametrize(("text", "expected"), CELLS)
def test_cell(text: Any, expected: list[tuple[int, int]]) -> None:
    assert port_expression.ranges(port_expression.parse(text), VALUES.__getitem__) == expected


@pytest.mark.parametrize("text", NO_EXPRESSION)
def test_what_is_no_expression_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(f"{text!r} is not a port expression; allowed: {FORMS}") + "$"):
        port_expression.parse(text)


@pytest.mark.parametrize("value", [None, True, 7563.0, {"port": 80}, b"80", {80}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{value!r} is not a port expression; allowed: {FORMS}")):
        port_expression.parse(value)


@pytest.mark.parametrize("text", NO_PORT)
def test_what_names_no_port_is_unknown(text: str) -> None:
    expression = port_expression.parse(text)
    assert expression.unknown
    with pytest.raises(PortsUnknown, match="names no port"):
        port_expression.ranges(expression, VALUES.__getitem__)


@pytest.mark.parametrize(
    "name", ["dependable_ports", "brandy_ports", "standard_for_all", "to_port", "and_more", "import_port"]
)
def test_parameters_whose_names_hold_the_words_of_vendors(name: str) -> None:
    assert port_expression.ranges(port_expression.parse(name), {name: 80}.__getitem__) == [(80, 80)]


def test_a_list_holds_no_value_that_names_no_port() -> None:
    with pytest.raises(ValueError, match=re.escape(f"[80, '?'] holds a value that names no port; allowed: {FORMS}")):
        port_expression.parse([80, "?"])


def test_a_list_holds_no_list() -> None:
    circle: list[Any] = [80]
    circle.append(circle)
    with pytest.raises(ValueError, match=f"^a list in a list is not a port expression; allowed: {re.escape(FORMS)}$"):
        port_expression.parse(circle)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("0", "0 is outside 1-65535"),
        ("65536", "65536 is outside 1-65535"),
        ("1-70000", "1-70000 is outside 1-65535"),
        ("7000-6000", "7000-6000 runs backwards"),
        ("7001-7000", "7001-7000 runs backwards"),
        ("7001-7000, x", "7001-7000 runs backwards"),
        ("65535 to 65535+(x-1)", "65535-65538 is outside 1-65535"),
        ("none", "0 is outside 1-65535"),
        ("554 to 552+none", "554-552 runs backwards"),
        ("80+web", "web must be one number to be added, not ['80', '443']"),
        ("one_port to web", "web must be one number to be added, not ['80', '443']"),
    ],
)
def test_values_that_lead_to_no_port_are_refused(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        port_expression.ranges(port_expression.parse(text), VALUES.__getitem__)


@pytest.mark.parametrize("text", ["unheard_of", "80 or 443", "443/tcp", "80x", "554to556", "50x0", "any", "1e3"])
def test_a_word_that_is_no_parameter_is_looked_up_and_not_passed_over(text: str) -> None:
    with pytest.raises(LookupError):
        port_expression.ranges(port_expression.parse(text), {}.__getitem__)


@pytest.mark.parametrize(
    "text", ["40001 (40003, if many devices are present)", "1 (2, 4, if many are)", "40001 (40001, if many are)"]
)
def test_a_series_that_does_not_follow_on_its_first_port_is_refused(text: str) -> None:
    first = text.split()[0]
    with pytest.raises(ValueError, match=f"the ports in brackets do not follow on {first}; allowed: "):
        port_expression.parse(text)


def test_a_series_is_its_first_port_until_its_count_is_given() -> None:
    series = port_expression.parse("40001 (40002, 40003, if many devices are present)")
    assert series.names == {"x"}
    assert port_expression.ranges(series, {}.__getitem__) == [(40001, 40001)]
    assert port_expression.ranges(series, {"x": 1}.__getitem__) == [(40001, 40001)]
    assert port_expression.ranges(series, {"x": 0}.__getitem__) == []


def test_names_are_the_parameters_that_an_expression_needs() -> None:
    assert port_expression.parse("a to b+(c-1), 80, d").names == {"a", "b", "c", "d"}
    assert port_expression.parse("443 and 80").names == frozenset()


def test_literal_is_what_needs_no_parameter() -> None:
    literal = port_expression.parse("80, a, 90 to b, 100-101").literal()
    assert port_expression.ranges(literal, {}.__getitem__) == [(80, 80), (100, 101)]


RANGES = st.lists(
    st.tuples(st.integers(1, 65535), st.integers(0, 40)).map(lambda r: (r[0], min(65535, sum(r)))),
    min_size=1,
    max_size=6,
)
DASHES = st.sampled_from(["-", " - ", " to ", "\u2013", " \u2014 ", " TO\n"])
SEPARATORS = st.sampled_from([", ", " and ", " ", ",", "; ", "/", ", and ", "\n"])
BEFORE = [
    "",
    "Configurable.\nTypically ",
    "Configurable. The default ports are ",
    "Typically port ",
    "The default port range is ",
]
AFTER = ["", " (configurable)", "*", " (disabled by default)", ".", " for a basic user"]


@given(RANGES, st.data())
@stable(300)
def test_ranges_in_any_vendors_writing_are_read_back(wanted: list[tuple[int, int]], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(BEFORE))
    for position, (low, high) in enumerate(wanted):
        text += data.draw(SEPARATORS) if position else ""
        text += str(low) if low == high else f"{low}{data.draw(DASHES)}{high}"
    found = port_expression.ranges(port_expression.parse(text + data.draw(st.sampled_from(AFTER))), {}.__getitem__)
    assert found == sorted(found)
    assert all(after[0] > before[1] + 1 for before, after in zip(found, found[1:], strict=False))
    assert {p for low, high in found for p in range(low, high + 1)} == {
        p for low, high in wanted for p in range(low, high + 1)
    }


PIECES = st.sampled_from(
    [
        *"+-()*?.,;/ x",
        "to",
        " and ",
        "port",
        "configurable",
        "80",
        "443",
        "65535",
        "554+(2-1)",
        "if many",
        "\u2013",
        "1 (2, 3, if many )",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20))
@stable(1500)
def test_no_text_gives_a_port_that_is_neither_written_in_it_nor_computed_from_it(text: str) -> None:
    try:
        found = port_expression.ranges(port_expression.parse(text), {}.__getitem__)
    except (ValueError, LookupError):
        return
    allowed = computable([int(number) for number in re.findall(r"\d+", text)], "+" in text)
    assert {end for pair in found for end in pair} <= allowed
    assert all(1 <= low <= high <= 65535 for low, high in found)


def computable(numbers: list[int], sums: bool) -> set[int]:
    """Return the numbers, and what following ones give when added to or taken from each other."""
    found = set(numbers)
    if sums:
        for start, first in enumerate(numbers):
            totals = {first}
            for number in numbers[start + 1 :]:
                totals |= {total + sign * number for total in totals for sign in (1, -1)}
            found |= totals
    return found
