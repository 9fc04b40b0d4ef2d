# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_file, draft_matrix
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table

DRAFT = draft_matrix.draft(
    document(table("Incoming", "Port | Protocol | Description", "80 | TCP | Web", "- | - | Nothing")),
    "acme",
    "acme_ports",
)


def test_the_text_is_the_data_below_the_rows_that_it_comes_from() -> None:
    text = draft_file.text(DRAFT)
    assert yaml.safe_load(text) == DRAFT.data
    assert text.startswith("---\n# A draft") and text.endswith("\n") and "\n\n\n" not in text
    lines = text.splitlines()
    row = lines.index('  # table 1 "Incoming", row 1 (line 1): 80 | TCP | Web')
    assert lines[row + 1] == "  - id: acme.web"
    assert '  # table 1 "Incoming", row 2 (line 2): - | - | Nothing' in lines


def test_what_a_person_decides_stands_on_lines_of_its_own() -> None:
    lines = draft_file.text(DRAFT).splitlines()
    assert {"    from: acme_client", "    to: acme_device", "    reviewed: false"} <= set(lines)


def test_the_same_document_gives_the_same_text() -> None:
    assert draft_file.text(DRAFT) == draft_file.text(DRAFT)
