# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_files

FILES = {"a.md": b"one\ntwo\n", "b.xlsx": b"PK\x00"}
TEXTS = {"a.txt": b"one\ntwo\n", "a.csv": b"one\ntwo\n", "b.html": b"one\n"}


def test_files_are_written_once(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "reports"
    assert report_files.differing(directory, FILES) == ["a.md", "b.xlsx"]
    report_files.write(directory, FILES)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o644}
    assert report_files.differing(directory, FILES) == []
    (directory / "a.md").write_bytes(b"one\n")
    assert report_files.differing(directory, FILES) == ["a.md"]


def test_diffs_are_those_of_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"one\n")
    (found,) = report_files.diffs(tmp_path, FILES, FILES)
    assert found["prepared"].splitlines()[2:] == ["@@ -1,0 +2 @@", "+two"]


def test_text_and_csv_have_diffs_and_pages_have_none(tmp_path: Path) -> None:
    found = report_files.diffs(tmp_path, TEXTS, TEXTS)
    assert [each["prepared"].splitlines()[-2:] for each in found] == [["+one", "+two"]] * 2


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with pytest.raises(OSError):
        report_files.write(tmp_path, FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_what_is_brought_is_told_and_in_check_mode_not_written(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in FILES]
    told = report_files.brought(tmp_path, FILES, check=True, diff=True)
    assert (told["changed"], told["files"], len(told["diff"])) == (True, names, 1)
    assert not list(tmp_path.iterdir())
    assert report_files.brought(tmp_path, FILES, check=False, diff=False) == {"changed": True, "files": names}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == FILES
    assert report_files.brought(tmp_path, FILES, check=False, diff=True) == {
        "changed": False,
        "files": names,
        "diff": [],
    }
