# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import comparison_report
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.test_document_comparison import OLD, compared
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.test_document_revision import HEADER

TEXT = """\
Guide 1 -> Guide 2
Rows: 2 added, 1 removed, 1 changed, 0 moved, 3 unchanged. The rules of 2 hosts would change.

New rows:
  table 1, row 4 (Ports): Commands: tcp 9000
      proposed flow acme.commands
  line 90 (Guide 2): Help uses TCP port 22: tcp 22
      proposed flow acme.help_uses_tcp_port_22

Rows that are gone:
  table 1, row 4 (Ports): Old thing: tcp 7
      flow acme.box.old

Rows that have changed:
  table 1, row 1 (Ports): Web page: tcp 8080
      ports were 80
      flow acme.box.web

Flows:
  acme.box.web: tcp 80 becomes tcp 8080
  acme.box.old: nothing that it cites is left
  acme.commands: proposed, acme_viewer -> acme_box, tcp 9000
  acme.help_uses_tcp_port_22: proposed, ? -> acme_device, tcp 22

box:
  - in tcp 80 from 10.0.0.2/32
"""


def test_text() -> None:
    assert comparison_report.render(compared(), "text").startswith(TEXT)


def test_markdown() -> None:
    lines = comparison_report.render(compared(), "markdown").splitlines()
    assert lines[0] == "# Guide 1 → Guide 2"
    assert "| table 1, row 1 (Ports) | Web page: tcp 8080 | ports were 80; flow acme.box.web |" in lines
    assert "| box | add | in | tcp | 8080 | 10.0.0.2/32 | acme.box.web |" in lines
    assert any(line.startswith("| box | acme.commands | it is a draft that nobody has confirmed") for line in lines)


def test_json() -> None:
    found = compared()
    assert json.loads(comparison_report.render(found, "json")) == found


def test_nothing_of_a_document_is_markdown_or_html() -> None:
    new = document(table("Ports", HEADER, "80 | TCP | in | <script>x</script> [a](b) `c` *d*"), title="# <b>")
    page = comparison_report.render(compared(new=new), "markdown")
    assert "\\<script\\>" in page and not re.search(
        r"(?<!\\)[<>`*\[\]]", page.replace("\n* ", "\n").replace("\n> ", "\n")
    )


def test_many_rows_with_other_numbers_are_summed_up() -> None:
    rows = [f"{port} | TCP | in | Port {port}" for port in range(100, 130)]
    old = document(table("Ports", HEADER, *rows))
    new = document(table("Ports", HEADER, "1 | TCP | in | First", *rows))
    text = comparison_report.render(compared(old, new, name="", inventory=None), "text")
    assert "  and 20 more\n" in text


def test_nothing_to_say() -> None:
    text = comparison_report.render(compared(new=OLD), "text")
    assert (
        text
        == "Guide 1 -> Guide 1\nRows: 0 added, 0 removed, 0 changed, 0 moved, 4 unchanged. No host's rules would change.\n"
    )
