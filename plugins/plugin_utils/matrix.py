# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix: vendors' port facts as flows between components, merged from files of plain YAML."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import matrix_schema, port_expression, yaml_file
from .checks import mapping
from .matrix_schema import listed
from .port_expression import PortExpression
from .problems import InputError, Problem

SHIPPED = Path(__file__).resolve().parent.parent / "matrices"
SECTIONS = ("documents", "components", "parameters", "features")


@dataclass(frozen=True, eq=False)
class Flow:
    """An initiator component opens a connection to a listener component; ``data`` is the flow as written."""

    id: str
    initiators: tuple[str, ...]
    listeners: tuple[str, ...]
    protocols: tuple[str, ...]
    port: PortExpression
    mandatory: bool
    feature: str
    across_sites: bool
    limited_by: str
    multicast: str
    speaks: str
    reviewed: bool
    reason: str
    data: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Flow:
        """Return the flow for a mapping that the schema accepts."""
        return cls(
            id=data["id"],
            initiators=tuple(listed(data["from"])),
            listeners=tuple(listed(data["to"])),
            protocols=tuple(dict.fromkeys(listed(data["protocol"]))),
            port=port_expression.parse(data["port"]),
            mandatory=data.get("state", "mandatory") == "mandatory",
            feature=data.get("feature", ""),
            across_sites=data.get("scope") == "across_sites",
            limited_by=data.get("limited_by", ""),
            multicast=data.get("multicast", ""),
            speaks=data.get("speaks", ""),
            reviewed=data.get("reviewed", True),
            reason=" ".join(data.get("description", data["id"]).split()),
            data=data,
        )


@dataclass(frozen=True, eq=False)
class Matrix:
    """All files merged: name -> definition for documents, components, parameters and features; flow id -> Flow.

    ``products``: component -> the product whose file defines it.
    """

    documents: Mapping[str, Any]
    components: Mapping[str, Any]
    parameters: Mapping[str, Any]
    features: Mapping[str, Any]
    flows: Mapping[str, Flow]
    rows: tuple[Mapping[str, Any], ...]
    products: Mapping[str, str]

    def kinds(self, component: str) -> frozenset[str]:
        """Return the component and everything it is (a hikvision_camera is also a camera)."""
        found: set[str] = set()
        waiting = [component]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.components.get(name, {}).get("is_a", ()))
        return frozenset(found)


def files(extra: Iterable[str | Path] = ()) -> list[Path]:
    """Return the shipped matrix files and those of the user: files, or directories of ``*.yml`` and ``*.yaml``.

    Raises InputError for each path that is not there or holds no matrix.
    """
    found = sorted(SHIPPED.glob("*.yml"))
    problems = []
    for entry in extra:
        path = Path(entry)
        inside = (
            sorted([*path.glob("*.yml"), *path.glob("*.yaml")]) if path.is_dir() else [path] if path.is_file() else []
        )
        if not inside:
            problems.append(
                Problem(
                    ("portmatrix_matrix_path",),
                    f"{str(entry)!r} holds no matrix",
                    "a YAML file or a directory with some",
                )
            )
        found.extend(inside)
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(path.resolve() for path in found))


@functools.lru_cache(maxsize=8)
def load(extra: tuple[str, ...] = ()) -> Matrix:
    """Return the matrix of the shipped files and the user's; raises InputError with every problem and its line."""
    try:
        return build(contents(files(extra)))
    except InputError as error:
        raise InputError(_placed(problem) for problem in error.problems) from None


def contents(paths: Iterable[Path]) -> dict[str, Any]:
    """Return file name -> data; raises InputError for every file that cannot be read."""
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            found[str(path)] = yaml_file.read(path)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return found


def build(found: Mapping[str, Any]) -> Matrix:
    """Return the matrix for file name -> data; raises InputError with every problem in all of them."""
    problems = [problem for name, data in found.items() for problem in matrix_schema.shape(data, (name,))]
    if problems:
        raise InputError(problems)
    merged: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    flows: dict[str, Mapping[str, Any]] = {}
    for name, data in found.items():
        for section in SECTIONS:
            for key, value in data.get(section, {}).items():
                if key in merged[section]:
                    problems.append(
                        Problem((name, section, key), "is defined in another matrix file already", "one definition")
                    )
                merged[section][key] = value
        for position, flow in enumerate(data.get("flows", [])):
            if flow["id"] in flows:
                problems.append(
                    Problem((name, "flows", position, "id"), f"{flow['id']!r} is given twice", "one flow for each id")
                )
            flows[flow["id"]] = flow
    for name, data in found.items():
        problems.extend(matrix_schema.references(data, merged, (name,)))
    if problems:
        raise InputError(problems)
    rows = tuple(row for data in found.values() for row in data.get("rows", []))
    products = {name: data["product"] for data in found.values() for name in data.get("components", {})}
    return Matrix(**merged, flows={key: Flow.of(flows[key]) for key in sorted(flows)}, rows=rows, products=products)


def own_flow(data: Any, path: tuple[str | int, ...], matrix: Matrix, groups: frozenset[str]) -> list[Problem]:
    """Return what is wrong with a flow of the site's own."""
    problems = list(mapping(matrix_schema.FLOW)(data, path))
    if problems:
        return problems
    known = {section: getattr(matrix, section) for section in SECTIONS}
    return list(matrix_schema.flow_references(data, known, path, groups))


def _placed(problem: Problem) -> Problem:
    """Add the line of a problem in a file, and call a flow by its id rather than its position."""
    if problem.place or len(problem.path) < 2 or not Path(str(problem.path[0])).is_file():
        return problem
    name, *keys = problem.path
    path = Path(str(name))
    place, named = yaml_file.place(path, tuple(keys))
    return problem._replace(path=named, place=place)


def as_data(matrix: Matrix, products: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a matrix as one plain mapping; ``products`` keeps only the flows of these."""
    flows = [dict(flow.data) for flow in matrix.flows.values() if not products or flow.id.partition(".")[0] in products]
    return {
        **{section: dict(getattr(matrix, section)) for section in SECTIONS},
        "flows": flows,
        "rows": [dict(row) for row in matrix.rows],
    }
