# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports with the cells that are hard to write: markup, formulas, separators, things that no one can see."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Report, Table, table

COLUMNS = ("host", "flows", "reason")
HARD = [
    "",
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1",
    "'",
    "＝1",  # noqa: RUF001
    "#N/A",
    "a|b",
    "a\\|b",
    "a\\",
    "<script>alert(1)</script>",
    "</script><style>",
    "&lt;b&gt;",
    "]]>",
    "**bold** _and_ `code` [link](x) ~~no~~ $x$ <!-- c -->",
    "snake_case_id a__b _c_",
    '"quoted", with comma; and semicolon',
    "line\nbreak\r\nand\ttab",
    "nul\x00 bell\x07 escape\x1b[31m c1\x9b",
    "right\u202eto left\u200b",
    "\ud800 surrogate \uffff",
    "Grüße – 日本語 😀",
    "2001:db8::5, 10.0.0.1",
]
CELLS = st.sampled_from(HARD) | st.text(st.characters(), max_size=30)
TABLES = st.builds(
    lambda rows: table("rules", "Rules & more <b>", COLUMNS, rows), st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6)
)


def report(*tables: Table) -> Report:
    return Report("Title <i>", "2 & more.", list(tables))
