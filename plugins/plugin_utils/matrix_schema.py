# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a matrix file may hold, as data; and the cross-references that must hold between the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..module_utils.probe_requests import LANGUAGES
from . import port_expression
from .checks import (
    Check,
    Key,
    Path,
    boolean,
    integer,
    list_of,
    literal_ports,
    mapping,
    mapping_of,
    network,
    one_of,
    ports,
    text,
)
from .problems import Problem, names

PROTOCOLS = ("tcp", "udp", "igmp")
STATES = ("mandatory", "optional")
SCOPES = ("site", "across_sites")
OWNERS = ("recorded_by", "analysed_by")
SPOKEN = tuple(sorted(language for languages in LANGUAGES.values() for language in languages))
TYPES = ("ports", "count", "networks")
CONFIDENCES = ("high", "medium", "low")
#: The end of a draft's flow that nobody has named yet.
UNDECIDED = "?"

NAME = text(r"[a-z][a-z0-9_]*", "lower-case letters, digits and _, beginning with a letter")
END = text(r"\S+", "a component, or in a site's own flow an inventory group")
FLOW_ID = text(
    r"(?=.{3,100}\Z)[a-z][a-z0-9_]*(\.[a-z0-9_]+)+",
    "product.listener.purpose in lower-case letters, digits and _, such as milestone.recording.media",
)
DOCUMENT_ID = text(r"[a-z0-9][a-z0-9_-]*", "lower-case letters, digits, _ and -")
ROW = text(r"u?[1-9][0-9]*", "a row's number, or u and the number of an unnumbered row")


def anything(_value: Any, _path: Path) -> Iterator[Problem]:
    """Checked later, when all files are known."""
    return iter(())


def _row(value: Any, path: Path) -> Iterator[Problem]:
    yield from ROW(str(value) if isinstance(value, int) and not isinstance(value, bool) else value, path)


NO_TEMPLATE = text(r"(?!.*\{[{%]).*\S.*", "a text without a template")
PROPOSED = {"confidence": Key(one_of(CONFIDENCES), required=True), "reason": Key(NO_TEMPLATE, required=True)}
PROPOSAL = {name: Key(mapping(PROPOSED)) for name in ("from", "to", "feature", "protocol", "port", "multicast")}

CITATION = {
    "document": Key(DOCUMENT_ID, required=True),
    "table": Key(integer(1)),
    "row": Key(_row),
    "section": Key(text()),
}

FLOW = {
    "id": Key(FLOW_ID, required=True),
    "from": Key(list_of(END, single=True, empty=False), required=True),
    "to": Key(list_of(END, single=True, empty=False), required=True),
    "protocol": Key(list_of(one_of(PROTOCOLS), single=True, empty=False), required=True),
    "port": Key(ports, required=True),
    "state": Key(one_of(STATES)),
    "feature": Key(NAME),
    "scope": Key(one_of(SCOPES)),
    "limited_by": Key(one_of(OWNERS)),
    "multicast": Key(NAME),
    "speaks": Key(one_of(SPOKEN)),
    "description": Key(NO_TEMPLATE),
    "reviewed": Key(boolean),
    "proposal": Key(mapping(PROPOSAL)),
    "source": Key(list_of(mapping(CITATION), empty=False)),
    "note": Key(text()),
}

TABLE = {"title": Key(text(), required=True), "rows": Key(integer(0)), "unnumbered": Key(integer(0))}
DOCUMENT = {"title": Key(text(), required=True), "url": Key(text()), "tables": Key(list_of(mapping(TABLE)))}
COMPONENT = {
    "description": Key(text(), required=True),
    "is_a": Key(list_of(NAME)),
    "appliance": Key(boolean),
    "optional": Key(boolean),
    "owned": Key(boolean),
    "parameters": Key(mapping_of(NAME, anything)),
    "networks": Key(list_of(network)),
}
PARAMETER = {
    "type": Key(one_of(TYPES), required=True),
    "default": Key(anything),
    "minimum": Key(integer(0)),
    "description": Key(text(), required=True),
}
MATRIX = {
    "product": Key(NAME, required=True),
    "title": Key(text()),
    "documents": Key(mapping_of(DOCUMENT_ID, mapping(DOCUMENT))),
    "components": Key(mapping_of(NAME, mapping(COMPONENT))),
    "parameters": Key(mapping_of(NAME, mapping(PARAMETER))),
    "features": Key(mapping_of(NAME, text())),
    "flows": Key(list_of(mapping(FLOW))),
    "rows": Key(list_of(mapping({**CITATION, "no_flow": Key(text(), required=True)}))),
}

VALUE_CHECKS: Mapping[str, Check] = {
    "ports": literal_ports,
    "networks": list_of(network, single=True, empty=False),
}


def parameter_value(definition: Mapping[str, Any]) -> Check:
    """Return the check for what a user may set a parameter to."""
    if definition["type"] == "count":
        return integer(int(definition.get("minimum", 1)))
    return VALUE_CHECKS[definition["type"]]


def shape(data: Any, path: Path) -> Iterator[Problem]:
    """Check one file by itself."""
    yield from mapping(MATRIX)(data, path)


def references(
    data: Mapping[str, Any], known: Mapping[str, Any], path: Path, groups: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Check that what a well-shaped file names exists in ``known``, the union of all files.

    ``groups`` are inventory groups, which a site's own flows may name as components.
    """
    components = known["components"]
    for name, component in data.get("components", {}).items():
        here = (*path, "components", name)
        for position, parent in enumerate(component.get("is_a", [])):
            yield from one_of(components)(parent, (*here, "is_a", position))
        for parameter, value in component.get("parameters", {}).items():
            yield from one_of(known["parameters"])(parameter, (*here, "parameters"))
            yield from _given(known["parameters"].get(parameter), value, known, (*here, "parameters", parameter))
    for name, parameter in data.get("parameters", {}).items():
        if "default" in parameter:
            yield from _given(parameter, parameter["default"], known, (*path, "parameters", name, "default"))
    for position, flow in enumerate(data.get("flows", [])):
        yield from flow_references(flow, known, (*path, "flows", position), groups, data["product"])
    for position, row in enumerate(data.get("rows", [])):
        yield from _citation(row, known["documents"], (*path, "rows", position))


def flow_references(
    flow: Mapping[str, Any],
    known: Mapping[str, Any],
    path: Path,
    groups: frozenset[str] = frozenset(),
    product: str = "",
) -> Iterator[Problem]:
    """Check what one well-shaped flow names."""
    if product and not flow["id"].startswith(product + "."):
        yield Problem((*path, "id"), f"{flow['id']!r} does not begin with the file's product", f"{product}.*")
    if "proposal" in flow and "reviewed" not in flow:
        yield Problem(
            (*path, "reviewed"), "is missing", "true once a person has confirmed the proposal, false until then"
        )
    for end in ("from", "to"):
        for name in listed(flow[end]):
            if name != UNDECIDED:
                yield from one_of(known["components"].keys() | groups)(name, (*path, end))
            elif flow.get("reviewed", True):
                yield Problem((*path, end), "is still undecided in a reviewed flow", "a component")
    if "feature" in flow:
        yield from one_of(known["features"])(flow["feature"], (*path, "feature"))
    if "multicast" in flow:
        yield from one_of({n for n, p in known["parameters"].items() if p["type"] == "networks"})(
            flow["multicast"], (*path, "multicast")
        )
    yield from _expression(flow["port"], known, (*path, "port"))
    if "limited_by" in flow:
        owned = [
            end for end in ("from", "to") if all(known["components"].get(n, {}).get("owned") for n in listed(flow[end]))
        ]
        if len(owned) != 1:
            yield Problem(
                (*path, "limited_by"), f"{len(owned)} ends are owned components", "exactly one of from and to"
            )
    for position, citation in enumerate(flow.get("source", [])):
        yield from _citation(citation, known["documents"], (*path, "source", position))


def listed(value: Any) -> list[Any]:
    """Return the value as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _given(definition: Mapping[str, Any] | None, value: Any, known: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Check what a matrix sets a parameter to: like what a user does, but ports may be an expression over other parameters."""
    if definition is None or definition["type"] == "ports":
        yield from ports(value, path)
        yield from _expression(value, known, path)
    else:
        yield from parameter_value(definition)(value, path)


def _expression(value: Any, known: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    try:
        expression = port_expression.parse(value)
    except ValueError:
        return
    usable = {name for name, definition in known["parameters"].items() if definition["type"] != "networks"}
    for name in sorted(expression.names - usable - dict(expression.defaults).keys()):
        yield Problem(path, f"unknown parameter {name!r}", names(usable, name))
    try:
        port_expression.ranges(expression.literal(), lambda name: 0)
    except ValueError as error:
        yield Problem(path, str(error), port_expression.FORMS)


def _citation(citation: Mapping[str, Any], documents: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if citation["document"] not in documents:
        yield from one_of(documents)(citation["document"], (*path, "document"))
        return
    tables = documents[citation["document"]].get("tables", [])
    if "section" in citation and "row" not in citation and "table" not in citation:
        return
    if not ("table" in citation and "row" in citation):
        yield Problem(path, "points to no place in the document", "table and row, or section")
        return
    if int(citation["table"]) > len(tables):
        yield Problem((*path, "table"), f"{citation['table']} is not in the document", f"1 to {len(tables)}")
        return
    table, row = tables[int(citation["table"]) - 1], str(citation["row"])
    kind, most = ("unnumbered", row[1:]) if row.startswith("u") else ("rows", row)
    if int(most) > int(table.get(kind, 0)):
        yield Problem(
            (*path, "row"),
            f"{row} is not in table {citation['table']}",
            f"{table.get('rows', 0)} numbered, {table.get('unnumbered', 0)} unnumbered",
        )
