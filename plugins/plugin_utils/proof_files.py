# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a proof, and a stored proof read again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import json_shape, proof_html, proof_junit, proof_results, proof_text, truth_table
from .proof import ASKED
from .proof_schema import SCHEMA

MOST_PROBLEMS = 10


def json_text(proof: Mapping[str, Any]) -> str:
    """Return the proof in JSON, with an entry of its lists on each line."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in proof.items()) + "\n}\n"


def _table(form: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda proof: truth_table.truth_table(_asked(proof), format=form)


def _asked(proof: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return initiator -> rows of port_probe, for every host that was asked."""
    asked: dict[str, list[dict[str, Any]]] = {host["name"]: [] for host in proof["hosts"] if host["state"] in ASKED}
    return {**asked, **proof_results.of_ports(proof["results"])}


#: Form -> file name -> what the file holds.
FORMS: Mapping[str, Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "html": {"proof.html": lambda proof: proof_html.text(dict(proof))},
    "json": {"proof.json": json_text},
    "junit": {"proof.junit.xml": proof_junit.text},
    "text": {"proof.txt": proof_text.text},
    "table": {
        "truth-table.txt": _table("text"),
        "truth-table.md": _table("markdown"),
        "truth-table.json": _table("json"),
    },
}
USUAL = ("html", "json", "junit", "text")


def files(proof: Mapping[str, Any], forms: Sequence[str]) -> dict[str, bytes]:
    """Return file name -> content for each of ``forms``."""
    return {name: form(proof).encode() for each in dict.fromkeys(forms) for name, form in FORMS[each].items()}


def stored(path: Path) -> dict[str, Any]:
    """Return the proof that a file of the form json holds; raises OSError, and ValueError with what does not fit."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: is no JSON: {error}") from None
    return checked(found, str(path))


def checked(proof: Any, what: str) -> dict[str, Any]:
    """Return the proof when it is of the documented form; raises ValueError that begins with ``what``."""
    wrong = list(itertools.islice(json_shape.problems(proof, SCHEMA), MOST_PROBLEMS))
    if wrong:
        raise ValueError(f"{what}: is no proof: {'; '.join(wrong)}")
    return proof


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"
    return json.dumps(value)
