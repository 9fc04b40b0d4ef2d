# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_markdown
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Table, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import TABLES, report


def cells(line: str) -> list[str]:
    """Read a line of a table as GitHub does: a bar that no backslash escapes ends a cell."""
    found, cell, escaped = [], "", False
    for letter in line:
        if escaped:
            cell += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "|":
            found.append(cell.strip())
            cell = ""
        else:
            cell += letter
    assert not escaped
    return found[1:]


@given(TABLES)
@stable(200)
def test_what_is_read_back_is_what_was_written(found: Table) -> None:
    lines = report_markdown.table_text(found).split("\n")
    assert lines.pop() == ""
    assert [tuple(cells(line)) for line in [lines[0], *lines[2:]]] == [found.columns, *found.rows]


def test_markup_is_shown_as_it_is() -> None:
    escaped = report_markdown.escaped
    assert escaped("<b> & `x` *y* [z] ~a~ $b$") == "\\<b\\> \\& \\`x\\` \\*y\\* \\[z\\] \\~a\\~ \\$b\\$"
    assert escaped("milestone.recording.media_event") == "milestone.recording.media_event"
    assert escaped("_x_ a__b") == "\\_x\\_ a\\_\\_b"


def test_a_page() -> None:
    page = report_markdown.text(report(table("a", "First", ("x", "y"), [("1", "2")]), table("b", "Second", ("x",), [])))
    assert page == (
        "# Title \\<i\\>\n\n2 \\& more.\n\n## First\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\n## Second\n\nNone.\n"
    )
