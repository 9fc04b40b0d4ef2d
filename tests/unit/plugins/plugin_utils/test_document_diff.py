# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import document_diff, document_rows
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document_diff import Pair
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import FILE, data, stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table

HEADER = "Port | Protocol | Description"
ROWS = ("80 | TCP | Web page of the recorder", "554 | TCP | Live video", "123 | UDP | Time from the time server")


def compared(old: Document, new: Document) -> list[Pair]:
    return document_diff.compare(document_rows.of_document(old), document_rows.of_document(new))


def changes(*rows: str, was: tuple[str, ...] = ROWS, title: str = "Ports") -> list[str]:
    """Return each change of one table as "changed 1>2 ports"."""
    return [
        shown(pair)
        for pair in compared(document(table("Ports", HEADER, *was)), document(table(title, HEADER, *rows)))
        if pair.change
    ]


def shown(pair: Pair) -> str:
    old, new = (item.label if item else "" for item in (pair.old, pair.new))
    return " ".join([pair.change, f"{old}>{new}", *pair.differences])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS, []),
        ((ROWS[0], "9000 | TCP | Commands", *ROWS[1:]), ["added >2", "moved 2>3", "moved 3>4"]),
        (ROWS[1:], ["removed 1>", "moved 2>1", "moved 3>2"]),
        (("81 | TCP | Web page of the recorder", *ROWS[1:]), ["changed 1>1 ports"]),
        (("80 | TCP and UDP | Web page of the recorder", *ROWS[1:]), ["changed 1>1 protocols"]),
        (("80 | TCP | Browser pages", *ROWS[1:]), ["changed 1>1 description"]),
        (("8080 | TCP | Web page of the new recorder", *ROWS[1:]), ["changed 1>1 ports description"]),
        (("9999 | UDP | Something else", *ROWS[1:]), ["removed 1>", "added >1"]),
        (ROWS[::-1], ["moved 3>1", "moved 1>3"]),
        ((), ["removed 1>", "removed 2>", "removed 3>"]),
        ((*ROWS, ROWS[0]), ["added >4"]),
    ],
)
def test_one_table(rows: tuple[str, ...], expected: list[str]) -> None:
    assert sorted(changes(*rows)) == sorted(expected)


def test_a_column_that_is_not_ours() -> None:
    old = document(table("T", "Port | Protocol | Use | Bandwidth", "80 | TCP | Web | Low"))
    new = document(table("T", "Port | Protocol | Use | Bandwidth", "80 | TCP | Web | High"))
    (pair,) = compared(old, new)
    assert (pair.change, list(pair.differences)) == ("changed", ["text"])


def test_a_table_with_another_title() -> None:
    assert [change.split()[0] for change in changes(*ROWS, title="Network ports")] == ["moved"] * 3


def test_tables_of_one_title_keep_apart() -> None:
    old = document(table("Ports", HEADER, *ROWS), table("Ports", HEADER, "1 | TCP | One", "2 | TCP | Two"))
    new = document(table("Ports", HEADER, *ROWS), table("Ports", HEADER, "1 | TCP | One", "3 | TCP | Two"))
    assert [shown(pair) for pair in compared(old, new) if pair.change] == ["changed 2>2 ports"]


def test_a_row_that_goes_to_another_table() -> None:
    old = document(table("A", HEADER, *ROWS), table("B", HEADER, "1 | TCP | One"))
    new = document(table("A", HEADER, *ROWS[:2]), table("B", HEADER, "1 | TCP | One", ROWS[2]))
    assert [shown(pair) for pair in compared(old, new) if pair.change] == ["moved 3>2"]


def test_sentences() -> None:
    old = document(prose=("Updates use TCP port 443.", "Help uses TCP port 22."))
    new = document(prose=("Updates use TCP port 443.", "Help uses TCP port 2222.", "Also UDP port 5."))
    assert sorted(pair.change for pair in compared(old, new)) == ["", "added", "changed"]


def test_removed_rows_stand_where_they_stood() -> None:
    assert [
        shown(pair)
        for pair in compared(
            document(table("Ports", HEADER, *ROWS)), document(table("Ports", HEADER, ROWS[0], ROWS[2]))
        )
    ] == [
        " 1>1",
        "removed 2>",
        "moved 3>2",
    ]


def test_more_rows_than_are_compared_each_with_each() -> None:
    was = tuple(f"{port} | TCP | Port number {port} of the long list" for port in range(1, 701))
    now = (*was[:300], "9999 | TCP | Brand new", *(row.replace("TCP", "UDP") for row in was[300:]))
    found = changes(*now, was=was)
    assert found.count("added >301") == 1
    assert sum(change.startswith("changed") for change in found) >= 390


LINES = st.lists(
    st.tuples(
        st.sampled_from(["80", "443", "554", "?", "-"]),
        st.sampled_from(["TCP", "UDP"]),
        st.sampled_from(["Web", "Live video", "Time"]),
    ),
    max_size=8,
)


@stable(100)
@given(LINES, LINES, st.integers(0, 100))
def test_every_row_is_in_one_pair_and_the_answer_is_always_the_same(old: list, new: list, seed: int) -> None:
    before, after = (
        document_rows.of_document(document(table("Ports", HEADER, *(" | ".join(row) for row in rows))))
        for rows in (old, new)
    )
    pairs = document_diff.compare(before, after)
    assert sorted(pair.old.order for pair in pairs if pair.old) == list(range(len(before)))
    assert [pair.new.order for pair in pairs if pair.new] == list(range(len(after)))
    random.seed(seed)
    assert document_diff.compare(before, after) == pairs
    assert all(not pair.change for pair in document_diff.compare(before, before))


def against_matrix(*rows: str, second: tuple[str, ...] = ("u1: depends | TCP | Video of the camera",)) -> list[str]:
    given = document(table("Ports", HEADER, *rows), table("More ports", HEADER, *second))
    cited = document_rows.of_matrix({FILE: data()}, "guide")
    return [
        shown(pair)
        for pair in document_diff.compare(cited, document_rows.of_document(given), literal=False)
        if pair.change
    ]


def test_a_document_against_the_matrix() -> None:
    assert against_matrix("7563 | TCP | Video", "1 | TCP | about nothing") == []
    assert against_matrix("7564 | TCP | Media streams", "1 | TCP | about nothing") == ["changed 1>1 ports"]
    assert against_matrix("7563 | TCP | Video", "9 | UDP | New", "- | - | a row about nothing") == [
        "added >2",
        "moved 2>3",
    ]
