# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.file_changes import (
    FileChanges,
    missing_directories,
    remove_empty,
)


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below ``root`` with its mode and bytes."""
    return {
        str(path.relative_to(root)): (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
        for path in root.rglob("*")
    }


@pytest.fixture
def root(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o640)
    (tmp_path / "gone").write_bytes(b"gone")
    return tmp_path


def changes(root, *more):
    wanted = [("new/deep/file", b"new", 0o600), ("old", b"changed", 0o640), ("gone", None, None), *more]
    return FileChanges([(str(root / path), content, mode) for path, content, mode in wanted])


def test_all_files_are_replaced_and_nothing_else_is_left(root):
    work = changes(root)
    work.stage()
    work.commit()
    found = {path: (mode & 0o777, content) for path, (mode, content) in tree(root).items()}
    assert found == {
        "new": (0o755, b""),
        "new/deep": (0o755, b""),
        "new/deep/file": (0o600, b"new"),
        "old": (0o640, b"changed"),
    }


@pytest.mark.parametrize("step", ["stage", "commit"])
def test_undo_brings_everything_back(root, step):
    before = tree(root)
    work = changes(root)
    work.stage()
    if step == "commit":
        work.commit()
    work.undo()
    assert tree(root) == before


def test_a_file_that_cannot_be_staged_leaves_nothing_behind(root):
    before = tree(root)
    with pytest.raises(OSError):
        changes(root, ("old/below", b"x", 0o600)).stage()
    assert tree(root) == before


def test_a_file_that_cannot_be_replaced_brings_the_others_back(root):
    (root / "directory").mkdir()
    before = tree(root)
    work = changes(root, ("directory", b"x", 0o600))
    work.stage()
    with pytest.raises(OSError):
        work.commit()
    assert tree(root) == before


def test_a_link_planted_where_we_stage_is_not_followed(root):
    (root / "old.portmatrix-new").symlink_to(root / "victim")
    with pytest.raises(OSError):
        changes(root).stage()
    assert not (root / "victim").exists()


def test_only_empty_directories_are_removed(root):
    assert missing_directories(str(root / "a" / "b")) == [str(root / "a"), str(root / "a" / "b")]
    os.makedirs(root / "a" / "b")
    (root / "a" / "keep").touch()
    remove_empty([str(root / "a"), str(root / "a" / "b"), str(root / "never")])
    assert sorted(path.name for path in (root / "a").iterdir()) == ["keep"]
