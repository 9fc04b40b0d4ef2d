# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a document in a process of its own, so that no content can use up the controller's time or memory.

The process is a Python that has this collection's directory on its path, reads the content from its standard input, and answers in JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..document import Document, DocumentError, Prose, Row, Table
from .limits import BYTES, MEMORY, SECONDS

_COLLECTION = Path(__file__).resolve().parents[3]
_PROGRAM = "from plugins.plugin_utils.documents import confined; confined.main()"
_ALLOWED = "a PDF, an XLSX workbook, HTML, Markdown, CSV or text"
#: Starting Python and loading the parsers is not the document's time.
_GRACE = 15


def read_file(path: str | os.PathLike[str]) -> Document:
    """Return what a file holds; raises DocumentError, also for what is no file."""
    name = os.fspath(path)
    place = Path(path)
    try:
        if place.is_dir():
            raise DocumentError(name, "is a directory", "the path of one document")
        if not place.exists():
            raise DocumentError(name, "does not exist", "the path of a document on the controller")
        if not place.is_file():
            raise DocumentError(name, "is no regular file", "the path of a document")
        with place.open("rb") as file:
            data = file.read(BYTES + 1)
    except DocumentError:
        raise
    except OSError as error:
        raise DocumentError(
            name, f"cannot be read: {error.strerror or error}", "a file that the user of the controller may read"
        ) from None
    except ValueError:  # a null byte
        raise DocumentError(name, "is no path", "the path of a document on the controller") from None
    return read(data, name)


def read(data: bytes, name: str) -> Document:
    """Return the document; raises DocumentError for what is wrong with it, or when it takes too much time or memory."""
    if not data.strip():
        raise DocumentError(name, "is empty", _ALLOWED)
    if len(data) > BYTES:
        raise DocumentError(name, f"is larger than {BYTES >> 20} MiB", "the part of it that lists ports")
    setup = f"import sys; sys.path[:] = {[str(_COLLECTION), *sys.path]!r}; {_PROGRAM}"
    try:
        done = subprocess.run(
            [sys.executable, "-c", setup, name, str(SECONDS), str(MEMORY)],
            input=data,
            capture_output=True,
            timeout=SECONDS + _GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DocumentError(
            name, f"takes more than {SECONDS} seconds to read", "the part of it that lists ports"
        ) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise DocumentError(name, _ending(done.returncode, done.stderr), "the part of it that lists ports") from None
    if "error" in answer:
        raise DocumentError(name, *answer["error"])
    return from_data(answer)


def _ending(code: int, errors: bytes) -> str:
    """Return why the process ended without an answer."""
    if b"MemoryError" in errors or code in (-9, -6):
        return f"takes more than {MEMORY >> 20} MiB of memory to read"
    if code == -24:  # SIGXCPU
        return f"takes more than {SECONDS} seconds to read"
    last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    return f"cannot be read: its reader ended with {code} {last}".rstrip()


def main() -> None:
    """Read the content on standard input within the limits that the arguments give, and write the answer."""
    from . import recognise

    _limit(int(sys.argv[2]), int(sys.argv[3]))
    data = sys.stdin.buffer.read(BYTES + 1)
    answer: dict[str, Any]
    try:
        answer = as_data(recognise.parse(data, sys.argv[1]))
    except DocumentError as error:
        answer = {"error": [error.problems[0].what, error.problems[0].allowed]}
    except MemoryError:
        answer = {
            "error": [
                f"takes more than {int(sys.argv[3]) >> 20} MiB of memory to read",
                "the part of it that lists ports",
            ]
        }
    sys.stdout.write(json.dumps(answer))


def _limit(seconds: int, memory: int) -> None:
    """Set the limits of this process, where the system has them."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        try:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, hard))
        except (OSError, ValueError):
            continue


def as_data(document: Document) -> dict[str, Any]:
    """Return a document as plain mappings and lists."""
    tables = [{**table._asdict(), "rows": [row._asdict() for row in table.rows]} for table in document.tables]
    return {**document._asdict(), "tables": tables, "prose": [part._asdict() for part in document.prose]}


def from_data(data: dict[str, Any]) -> Document:
    """Return the document that as_data() was given."""
    tables = [Table(**{**table, "rows": [Row(**row) for row in table["rows"]]}) for table in data["tables"]]
    return Document(**{**data, "tables": tables, "prose": [Prose(**part) for part in data["prose"]]})
