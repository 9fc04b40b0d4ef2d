# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_columns
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import table


def side(found: Table, row: int = 0) -> str:
    direction = draft_columns.direction(found, found.rows[row], draft_columns.roles(found))
    return direction.side if direction else ""


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("Description | Port and protocol | Input/Output", "Web | 80/TCP | Input", ("description", "port", "direction")),
        ("Source | Destination | Port | Protocol", "A | B | 1 | tcp", ("source", "destination", "port", "protocol")),
        ("Port | Protocol | Inbound | Outbound | Use", "80 | tcp | x |  | web", ("port", "protocol", "direction", "direction", "description")),
        ("Port | Protocol | Initiated by | Use", "80 | tcp | Client | web", ("port", "protocol", "source", "description")),
        ("Port | Protocol | Way | Use", "80 | tcp | in | web", ("port", "protocol", "direction", "description")),
        ("Port | Protocol | Required", "80 | tcp | yes", ("port", "protocol", "state")),
    ],
)  # fmt: skip
def test_roles(header: str, row: str, expected: tuple[str, ...]) -> None:
    found = draft_columns.roles(table("Ports", header, row))
    assert found == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Input", "in"), ("in", "in"), ("Inbound", "in"), ("INCOMING", "in"), ("Ingress.", "in"), ("←", "in"), ("<--", "in"),
        ("listening", "in"), ("incoming from clients", "in"), ("Output", "out"), ("Outgoing", "out"), ("→", "out"), ("->", "out"),
        ("outbound to the cloud", "out"), ("In/Out", "both"), ("bidirectional", "both"), ("Inbound and outbound", "both"),
        ("↔", "both"), ("both ways", "both"),
    ],
)  # fmt: skip
def test_a_cell_that_says_a_direction(cell: str, expected: str) -> None:
    assert side(table("Ports", "Port | Protocol | Direction", f"80 | tcp | {cell}", "81 | tcp | in")) == expected


def test_a_mark_under_a_direction() -> None:
    found = table(
        "Ports", "Port | Protocol | Inbound | Outbound", "80 | tcp | x | ", "81 | tcp |  | X", "82 | tcp | ✓ | ✓"
    )
    assert [side(found, row) for row in range(3)] == ["in", "out", "both"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Ports used for incoming traffic", "in"),
        ("Outgoing connections", "out"),
        ("Incoming and outgoing ports", ""),
        ("Input/Output", ""),
        ("In addition to the incoming ports, it uses some outgoing connections", "out"),
        ("Incoming ports > Servers", "in"),
        ("Incoming and outgoing > Outgoing", "out"),
        ("Information", ""),
        ("", ""),
    ],
)
def test_a_title_that_says_a_direction(title: str, expected: str) -> None:
    assert draft_columns.titled(title) == expected
    assert side(table(title, "Port | Protocol", "80 | tcp")) == expected


def test_a_heading_over_ports_that_says_a_direction() -> None:
    assert side(table("Ports", "Service | Inbound ports | Protocol", "web | 80 | tcp")) == "in"


@pytest.mark.parametrize(
    ("row", "title", "expected"),
    [
        ("80 | tcp | optional | web", "", "optional"),
        ("80 | tcp | yes | web", "", "mandatory"),
        ("80 | tcp | no | web", "", "optional"),
        ("80 | tcp | Mandatory | if used", "", "mandatory"),
        ("80 | tcp | perhaps | if enabled", "", "optional"),
        ("80 | tcp | perhaps | web", "Optional ports", "optional"),
        ("80 | tcp | perhaps | web", "", ""),
    ],
)
def test_state(row: str, title: str, expected: str) -> None:
    found = table(title, "Port | Protocol | State | Description", row)
    assert draft_columns.state(found, found.rows[0], draft_columns.roles(found)) == expected


def test_description() -> None:
    found = table("T", "Process | Port | Protocol | Bandwidth", "Sends video | 80 | TCP | Low")
    assert draft_columns.description(found, found.rows[0], draft_columns.roles(found)) == "Sends video"
    found = table("T", "Source | Destination | Port | Protocol", "A client | A server | 80 | TCP")
    assert draft_columns.description(found, found.rows[0], draft_columns.roles(found)) == "A client: A server"
    found = table("T", "Port | Protocol", "80 | TCP")
    assert draft_columns.description(found, found.rows[0], draft_columns.roles(found)) == ""
