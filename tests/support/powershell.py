# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a PowerShell script is one, and one that Windows PowerShell 5.1 can run, by a grammar and without PowerShell."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter
import tree_sitter_powershell

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))

#: What the grammar knows though 5.1 does not. It refuses ternaries, ``??``, ``?.``, ``clean`` and a ``&`` at the end by itself.
NEWER_NODES = {"pipeline_chain_tail": "&& or ||"}
NEWER_PARAMETERS = {
    *(
        "-parallel",
        "-ashashtable",
        "-asbytestream",
        "-skipcertificatecheck",
        "-skipheadervalidation",
        "-skiphttperrorcheck",
    ),
    *(
        "-enumsasstrings",
        "-asutc",
        "-allowunencryptedauthentication",
        "-noemphasis",
        "-escapehandling",
        "-rollinglength",
    ),
}
NEWER_COMMANDS = {
    "join-string",
    "test-json",
    "get-error",
    "remove-service",
    "get-uptime",
    "start-threadjob",
    "show-markdown",
}
NEWER_VARIABLES = {"$iswindows", "$islinux", "$ismacos", "$iscoreclr", "$psstyle", "$psnativecommandargumentpassing"}
NEWER_ESCAPES = ("`u{", "`e")


def nodes(node: tree_sitter.Node, *kinds: str) -> Iterator[tree_sitter.Node]:
    """Yield the nodes of these kinds, or all of them, in their order."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if not kinds or each.type in kinds:
            yield each
        waiting.extend(reversed(each.children))


def text(node: tree_sitter.Node) -> str:
    return node.text.decode()


def parsed(script: bytes) -> tree_sitter.Node:
    return PARSER.parse(script).root_node


def faults(script: bytes) -> list[str]:
    """Return what keeps a script from running as it stands under Windows PowerShell 5.1, with lines."""
    found = [
        f"byte {place}: not ASCII"
        for place, byte in enumerate(script)
        if byte > 126 or (byte < 32 and byte not in b"\r\n")
    ][:3]
    for node in nodes(parsed(script)):
        line = f"line {node.start_point[0] + 1}"
        word = text(node).lower() if not node.is_missing else ""
        if node.is_error or node.is_missing:
            found.append(f"{line}: no PowerShell 5.1: {text(node)[:60]!r}")
        elif node.type in NEWER_NODES:
            found.append(f"{line}: {NEWER_NODES[node.type]}")
        elif node.type == "command_parameter" and word.rstrip(":") in NEWER_PARAMETERS:
            found.append(f"{line}: parameter {text(node)}")
        elif node.type == "command_name" and word in NEWER_COMMANDS:
            found.append(f"{line}: command {text(node)}")
        elif node.type == "variable" and word in NEWER_VARIABLES:
            found.append(f"{line}: variable {text(node)}")
        elif node.type == "expandable_string_literal" and any(escape in word for escape in NEWER_ESCAPES):
            found.append(f"{line}: escape {text(node)[:60]}")
    return found
