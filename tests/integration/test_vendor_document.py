# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module vendor_document in real plays, and what docs/documents.md shows of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import limits
from tests.integration.test_documentation import blocks
from tests.support import document_fixtures
from tests.support.ansible_runs import run, written

PAGE = Path(__file__).parents[2] / "docs" / "documents.md"


def play(directory: Path, *, more: str = "", **options: object) -> dict[str, Any]:
    """Run the module in check mode, and return its result."""
    text = (
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        f"    - vidnet.portmatrix.vendor_document: {json.dumps(options)}\n      register: told\n      ignore_errors: true\n"
        '    - ansible.builtin.copy: {content: "{{ told | to_json }}", dest: told.json}\n      check_mode: false\n'
        + more
    )
    written(directory, {"play.yml": text})
    done = run("ansible-playbook", "--check", "play.yml", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return {**json.loads((directory / "told.json").read_text(encoding="utf-8")), "shown": done.stdout}


def test_the_example_of_the_page(tmp_path: Path) -> None:
    shown = blocks("docs/documents.md")
    vendor = blocks("docs/matrix.md")["matrix: own vendor"]
    files = {"ports.md": shown["example: ports.md"], "read.yml": shown["example: read.yml"], "vendors/acme.yml": vendor}
    done = run("ansible-playbook", "read.yml", cwd=written(tmp_path, files))

    assert done.returncode == 0, done.stdout + done.stderr
    message = json.loads(
        done.stdout[done.stdout.index('"msg": ') + 7 : done.stdout.index("]", done.stdout.index('"msg": ')) + 1]
    )
    assert len(message) == 3
    assert message[0].startswith("Update | TCP/UDP")
    assert message[1].startswith("Web page | TCP")
    assert message[2] == "names no port that could be known"


def test_rows_flows_and_citations(tmp_path: Path) -> None:
    vendor = blocks("docs/matrix.md")["matrix: own vendor"]
    written(tmp_path, {"vendors/acme.yml": vendor, "ports.csv": "Port;Protocol\n9760;TCP\n"})
    told = play(tmp_path, path="ports.csv", matrix="vendors/acme.yml")

    (row,) = told["tables"][0]["rows"]
    assert row["flows"] == ["acme.controller.poll"]
    assert row["ways"] == [{"protocols": ["tcp"], "ports": ["9760"], "expression": "9760", "parameters": []}]
    assert told["uncited"] == []
    assert told["unmatched"] == [{"flow": "rows", "table": 1, "row": "2"}]
    assert (told["document"], told["changed"]) == ("manual", False)
    by_product = play(tmp_path, path="ports.csv", matrix="acme", matrix_path=["vendors"])
    assert by_product["tables"] == told["tables"]


def test_templates_in_a_document_stay_text(tmp_path: Path) -> None:
    """A document is foreign: what looks like a template in it is never run."""
    written(tmp_path, {"ports.csv": "Port;Protocol;Notes\n80;TCP;{{ 6 * 7 }} {{ lookup('pipe', 'touch ran') }}\n"})
    more = '    - ansible.builtin.debug: {msg: "note: {{ told.tables[0].rows[0].cells[2] }}"}\n'
    told = play(tmp_path, more=more, path="ports.csv")

    assert told["tables"][0]["rows"][0]["cells"][2].startswith("{{ 6 * 7 }}")
    assert "note: {{ 6 * 7 }}" in told["shown"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"path": "nothing.pdf"}, "nothing.pdf: does not exist; allowed: the path of a document on the controller"),
        ({"path": "."}, "is a directory; allowed: the path of one document"),
        (
            {"path": "ports.csv", "matrix": "mileston"},
            "matrix: unknown product 'mileston', and no matrix file of that name; allowed: did you mean milestone?",
        ),
        ({"path": "ports.csv", "matrix": "none.yml"}, "unknown product"),
        (
            {"path": "ports.csv", "matrix": "milestone", "document": "xprotec"},
            "document: unknown document 'xprotec'; allowed: did you mean xprotect?",
        ),
        ({"path": "ports.csv", "document": "xprotect"}, "missing parameter(s) required by 'document': matrix"),
        ({}, "missing required arguments: path"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    written(tmp_path, {"ports.csv": "Port;Protocol\n80;TCP\n"})
    told = play(tmp_path, **options)

    assert told["failed"]
    assert sentence in told["msg"]
    assert "\n" not in told["msg"].strip()


def test_the_table_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = text.partition("<!-- fixtures -->\n")[2].partition("<!-- end of fixtures -->")[0]
    assert shown == document_fixtures.overview(), f"put this into docs/documents.md:\n{document_fixtures.overview()}"


def test_the_bounds_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Bounds")[2]
    bounds = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", text, re.MULTILINE))
    assert bounds["file"] == f"{limits.BYTES >> 20} MiB"
    assert bounds["pages of a PDF"] == str(limits.PAGES)
    assert bounds["cells, with spanned ones counted each time"] == f"{limits.CELLS:_}".replace("_", " ")
    assert bounds["characters of all cells and paragraphs"] == f"{limits.TEXT:_}".replace("_", " ")
    assert bounds["characters of one line"] == f"{limits.CHARACTERS:_}".replace("_", " ")
    assert bounds["lists, quotations or elements in one another"] == str(limits.NESTING)
    assert bounds["a workbook, unpacked"] == f"{limits.UNPACKED >> 20} MiB, in {limits.PARTS:_} parts".replace("_", " ")
    assert bounds["processor time"] == f"{limits.SECONDS} seconds"
    assert bounds["memory, where the system can limit it"] == f"{limits.MEMORY >> 20} MiB"
