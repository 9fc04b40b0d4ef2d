# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_files, truth_table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_proof import build, faulty, read, seen


def test_every_form_is_a_file(tmp_path: Path) -> None:
    found = proof_files.files(faulty(), list(proof_files.FORMS))
    assert list(found) == [
        "proof.html",
        "proof.json",
        "proof.junit.xml",
        "proof.txt",
        "truth-table.txt",
        "truth-table.md",
        "truth-table.json",
    ]
    assert found["proof.html"].startswith(b"<!DOCTYPE html>")
    assert found["proof.junit.xml"].startswith(b"<?xml ")
    assert proof_files.files(faulty(), ["text", "text"]) == {"proof.txt": found["proof.txt"]}


def test_the_truth_table_is_that_of_the_filter() -> None:
    results = seen(read()[0])
    results["guest"] = []
    for name, form in (("truth-table.txt", "text"), ("truth-table.md", "markdown"), ("truth-table.json", "json")):
        expected = truth_table.truth_table(results, format=form)
        assert proof_files.files(build(results), ["table"])[name].decode() == expected
        assert "guest" in expected


def test_a_stored_proof_is_what_it_was(tmp_path: Path) -> None:
    found = faulty()
    path = tmp_path / "proof.json"
    path.write_bytes(proof_files.files(found, ["json"])["proof.json"])
    assert proof_files.stored(path) == found
    assert list(proof_files.stored(path)) == list(found)
    forms = list(proof_files.FORMS)
    assert proof_files.files(proof_files.stored(path), forms) == proof_files.files(found, forms)


def test_json_has_an_entry_on_each_line() -> None:
    proof = build(seen(read()[0]))
    lines = proof_files.json_text(proof).splitlines()
    assert sum(line.startswith('{"initiator": ') for line in lines) == len(proof["results"])
    assert '"readback": [],' in lines


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no JSON: "),
        (b"\xff", "is no JSON: "),
        (b"{}", "is no proof: it: schema is missing; it: title is missing; "),
        (b"[]", "is no proof: it: a list; allowed: object"),
    ],
)
def test_what_is_no_proof_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        proof_files.stored(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert len(str(caught.value)) < 1000


def test_thousands_of_probes_are_a_small_document() -> None:
    """Rows of 60 hosts that ask each other, 12 ports in three ranges each: what counts is pairs of hosts, not ports."""
    names = list(seen(read()[0]))
    ports = [("open", "open", range(6000, 6010)), ("shut", "filtered", (5999, 6010))]
    results = {
        f"h{initiator}": [
            {
                "to": names[listener % len(names)],
                "source": f"10.1.0.{initiator + 1}",
                "address": f"10.0.0.{listener + 1}",
                "protocol": "tcp",
                "port": port,
                "expected": expected,
                "observed": observed,
                "ok": True,
                "detail": "",
            }
            for listener in range(60)
            for expected, observed, numbers in ports
            for port in numbers
        ]
        for initiator in range(60)
    }
    found = build(results)
    assert found["summary"]["probes"] == 60 * 60 * 12
    assert len(found["results"]) == 60 * 60 * 2
    assert len(json.dumps(found["results"])) < 250 * 60 * 60 * 2
