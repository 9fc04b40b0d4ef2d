# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.json_shape import problems
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_schema import SCHEMA
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_proof import faulty

PUBLISHED = Path(__file__).parents[4] / "docs" / "proof.schema.json"
PROOF = faulty()


def described(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from described(inner, f"{path}.{name}")
    if "items" in schema:
        yield from described(schema["items"], f"{path}[]")


def changed(keys: tuple[str | int, ...], value: Any) -> Any:
    """Return the proof with another value at a place; the value None takes the key away."""
    found = copy.deepcopy(PROOF)
    into = found
    for key in keys[:-1]:
        into = into[key]
    if value is None:
        del into[keys[-1]]
    else:
        into[keys[-1]] = value
    return found


def test_the_published_schema_is_this_one() -> None:
    remedy = "python docs/proof_schema.py > docs/proof.schema.json"
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == SCHEMA, remedy


def test_it_is_a_schema_that_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for path, schema in described(dict(SCHEMA)):
        assert schema["description"].endswith("."), path
        assert schema["type"] != "object" or schema["required"] == list(schema["properties"]), path


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("schema",), 2, "schema: 2; allowed: 1"),
        (("made",), "today", "made: 'today'; allowed: When the proof was made, in UTC."),
        (("seconds",), -1, "seconds: -1; allowed: 0 or more"),
        (("seconds",), "2", "seconds: a text; allowed: number"),
        (("summary", "probes"), True, "summary.probes: a boolean; allowed: integer"),
        (("summary", "more"), 1, "summary: unknown key 'more'; allowed: hosts, "),
        (("hosts",), {}, "hosts: a mapping; allowed: array"),
        (("hosts", 0, "state"), "off", "hosts[0].state: 'off'; allowed: proven, audit, "),
        (("hosts", 3, "rules", 0, "ports"), ["all"], "hosts[3].rules[0].ports[0]: 'all'; allowed: "),
        (
            ("results", 0, "service"),
            "x",
            "results[0].service: 'x'; allowed: responder, service, nothing, an empty text",
        ),
        (("results", 0, "where"), None, "results[0]: where is missing"),
        (("results", 0, "where"), "here", "results[0].where: a text; allowed: object or null"),
        (("readback", 0, "example", "port"), -1, "readback[0].example.port: -1; allowed: 0 or more"),
        (("documents",), None, "it: documents is missing"),
    ],
)
def test_what_does_not_fit_is_named(keys: tuple[str | int, ...], value: Any, message: str) -> None:
    other = changed(keys, value)
    (found,) = problems(other, SCHEMA)
    assert found.startswith(message)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(other)


def test_what_fits_has_no_problems() -> None:
    assert list(problems(PROOF, SCHEMA)) == []
    assert list(problems([], SCHEMA)) == ["it: a list; allowed: object"]
