# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PowerShell script says, read from its tree without running it: literals, functions, and what calls what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import tree_sitter

from tests.support.powershell import nodes, text

_CONSTANTS: dict[str, Any] = {"$true": True, "$false": False, "$null": None}


class Call(NamedTuple):
    """A command with the names of its parameters, all in lower case."""

    line: int
    command: str
    parameters: frozenset[str]


class Function(NamedTuple):
    """A function's name, and the names of its parameters, all in lower case."""

    name: str
    parameters: frozenset[str]
    body: tree_sitter.Node


def literals(script: tree_sitter.Node) -> dict[str, Any]:
    """Return the values of the script's own variables that are literals, or made of variables that are."""
    found: dict[str, Any] = {}
    for statement in (child for part in script.children for child in (part, *part.children)):
        assigned = next(iter(statement.children), None) if statement.type == "pipeline" else None
        if assigned is not None and assigned.type == "assignment_expression":
            try:
                found[text(assigned.children[0]).lower()] = value(assigned.children[2], found)
            except ValueError:
                continue
    return found


def value(node: tree_sitter.Node, variables: dict[str, Any]) -> Any:
    """Return the value of a literal; raises ValueError for what is none."""
    if node.type == "hash_literal_expression":
        bodies = [body for body in node.children if body.type == "hash_literal_body"]
        entries = [entry for body in bodies for entry in body.children if entry.type == "hash_entry"]
        return {text(entry.children[0]): value(_last(entry), variables) for entry in entries}
    if node.type == "array_expression":
        items = [child for part in node.children if part.type == "statement_list" for child in part.children]
        listed = [value(item, variables) for item in items if item.is_named]
        return listed[0] if len(listed) == 1 and isinstance(listed[0], list) else listed
    if node.type == "array_literal_expression" and len(node.children) > 1:
        return [value(child, variables) for child in node.children if child.is_named]
    if node.type == "expression_with_unary_operator" and text(node.children[0]) == ",":
        return [value(node.children[1], variables)]
    if node.type == "verbatim_string_characters":
        return text(node)[1:-1].replace("''", "'")
    if node.type == "decimal_integer_literal":
        return int(text(node))
    if node.type == "variable":
        name = text(node).lower()
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in variables:
            return variables[name]
    if len(node.children) == 1:
        return value(node.children[0], variables)
    raise ValueError(text(node))


def _last(entry: tree_sitter.Node) -> tree_sitter.Node:
    return [child for child in entry.children if child.type == "pipeline"][-1]


def functions(script: tree_sitter.Node) -> list[Function]:
    """Return the functions that a script defines."""
    found = []
    for node in nodes(script, "function_statement"):
        name = next(text(child) for child in node.children if child.type == "function_name")
        block = next(nodes(node, "param_block"), None)
        parameters = [] if block is None else [_variable(each) for each in nodes(block, "script_parameter")]
        found.append(Function(name.lower(), frozenset(parameters), node))
    return found


def _variable(parameter: tree_sitter.Node) -> str:
    return next(text(child)[1:].lower() for child in parameter.children if child.type == "variable")


def calls(script: tree_sitter.Node) -> list[Call]:
    """Return the commands of a script; a call through ``&`` has no name and is left out."""
    found = []
    for node in nodes(script, "command"):
        name = next((text(child).lower() for child in node.children if child.type == "command_name"), None)
        if name is not None:
            elements = [each for child in node.children if child.type == "command_elements" for each in child.children]
            given = {text(each)[1:].rstrip(":").lower() for each in elements if each.type == "command_parameter"}
            found.append(Call(node.start_point[0] + 1, name, frozenset(given)))
    return found


def variables(node: tree_sitter.Node) -> Iterator[tuple[int, str, bool]]:
    """Yield line, name in lower case, and whether it gets its value there, of each variable; members of others are none."""
    for found in nodes(node, "variable", "braced_variable"):
        name = text(found)[1:].strip("{}").lower()
        yield found.start_point[0] + 1, name, _set_here(found)


def _set_here(variable: tree_sitter.Node) -> bool:
    parent, child = variable.parent, variable
    while parent is not None:
        if parent.type in ("script_parameter", "foreach_statement"):
            return child.type == "variable"
        if parent.type == "left_assignment_expression":
            return True
        if parent.type in ("member_access", "element_access", "invokation_expression", "command", "statement_block"):
            return False
        parent, child = parent.parent, parent
    return False
