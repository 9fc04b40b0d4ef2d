# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report on the controller: written whole or not at all, and only where they differ."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TEXTS = (".md", ".csv", ".txt")


def brought(directory: Path, files: Mapping[str, bytes], *, check: bool, diff: bool) -> dict[str, Any]:
    """Bring name -> content into a directory, and return what a task says of it: ``changed``, ``files`` and, if wanted, ``diff``.

    With ``check`` nothing is written. Raises OSError.
    """
    names = differing(directory, files)
    result: dict[str, Any] = {"changed": bool(names), "files": [str(directory / name) for name in files]}
    if diff:
        result["diff"] = diffs(directory, files, names)
    if names and not check:
        write(directory, {name: files[name] for name in names})
    return result


def differing(directory: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the files that are not there with this content; raises OSError when that cannot be found out."""
    return [name for name, content in files.items() if _content(directory / name) != content]


def write(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write name -> content, each file in one step; raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, directory / name)
        except BaseException:
            os.unlink(temporary)
            raise


def diffs(directory: Path, files: Mapping[str, bytes], names: Iterable[str]) -> list[dict[str, str]]:
    """Return what Ansible shows for changed files that are lines of text."""
    found = []
    for name in names:
        if name.endswith(TEXTS):
            path = str(directory / name)
            before = (_content(directory / name) or b"").decode(errors="replace")
            lines = difflib.unified_diff(
                before.splitlines(True), files[name].decode().splitlines(True), path, path, n=0
            )
            found.append({"prepared": "".join(lines)})
    return found


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
