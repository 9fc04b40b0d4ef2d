# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import counted, one_line, only, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import CELLS, report


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain text", "plain text"),
        ("  two   words ", "two words"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("nul\x00 and\x1b[31m", "nul and[31m"),
        ("right\u202eto left", "rightto left"),
        ("\ud800", ""),
        ("Grüße – 日本語 😀", "Grüße – 日本語 😀"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(CELLS)
@stable(300)
def test_one_line_of_one_line_is_the_same(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line
    line.encode()


def test_only() -> None:
    first, second = table("a", "A", ("x",), []), table("b", "B", ("x",), [])
    assert only(report(first, second), "b").tables == [second]
    with pytest.raises(ValueError, match="unknown part 'c'; allowed: a, b"):
        only(report(first, second), "c")


def test_counted() -> None:
    assert [counted(0, "rule"), counted(1, "rule"), counted(1200, "rule")] == ["0 rules", "1 rule", "1,200 rules"]
