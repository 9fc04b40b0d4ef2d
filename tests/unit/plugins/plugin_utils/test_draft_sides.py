# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_columns, draft_sides
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Way
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.draft_sides import Context, Sides
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import table

CONTEXT = Context("acme", "acme_device")
HEADER = "Process | Port | Protocol"


def sides(text: str, title: str = "Ports", header: str = HEADER, ways: tuple[Way, ...] = ()) -> Sides:
    """Return the proposal for a row; a text alone gets a port and a protocol."""
    found = table(title, header, text if header != HEADER else f"{text} | 80 | TCP")
    return draft_sides.propose(found, found.rows[0], draft_columns.roles(found), ways, CONTEXT)


def shown(found: Sides) -> str:
    sure = {found.initiator.confidence, found.listener.confidence}
    return f"{found.initiator.value} -> {found.listener.value} {'/'.join(sorted(sure))}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The smart client connects to the management server", "acme_smart_client -> acme_management_server high"),
        ("The management server contacts Active Directory", "acme_management_server -> acme_active_directory high"),
        ("The gateway polls the door controllers", "acme_gateway -> acme_door_controller high"),
        ("The archive server accepts calls from viewers", "acme_viewer -> acme_archive_server high"),
        ("Live streams from cameras retrieved by the recording server", "acme_recording_server -> camera medium"),
        ("The viewer downloads maps from the map server", "acme_viewer -> acme_map_server medium"),
        (
            "The management server sends a notification to the smart client",
            "acme_management_server -> acme_smart_client low",
        ),
        ("Management server - Recording server", "acme_management_server -> acme_recording_server low"),
        ("Recorder → Archive server", "acme_recorder -> acme_archive_server medium"),
        ("Communication between viewer and recorder", "acme_viewer -> acme_recorder low"),
        ("Streams are sent to the smart client on request", "acme_smart_client -> acme_device low"),
        ("The configuration is read from the map server", "acme_device -> acme_map_server low"),
        ("The recorder listens for viewers", "acme_viewer -> acme_recorder low/medium"),
        ("Recorder", "? -> acme_recorder low"),
        ("NTP", "acme_device -> ntp_server low"),
        ("Something", "? -> acme_device low"),
    ],
)
def test_sentences(text: str, expected: str) -> None:
    assert shown(sides(text)) == expected


def test_a_verb_of_sending_is_said_to_be_no_more_than_that() -> None:
    found = sides("The management server sends a notification to the smart client")
    assert "tells where data flow, not who connects" in found.initiator.reason


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Input | web", "acme_client -> acme_device low/medium"),
        ("Input | from the viewers", "acme_viewer -> acme_device low/medium"),
        ("Input | Lamp server", "acme_client -> acme_device low/medium"),
        ("Output | web", "acme_device -> acme_peer low/medium"),
        ("Output | Lamp server", "acme_device -> acme_lamp_server medium"),
        ("Output | DNS", "acme_device -> dns_server medium"),
        ("In/Out | web", "acme_client -> acme_device low"),
    ],
)
def test_a_direction_is_seen_from_the_product(row: str, expected: str) -> None:
    found = sides(f"80 | tcp | {row}", header="Port | Protocol | Direction | Description")
    assert shown(found) == expected


def test_a_direction_wins_over_a_sentence() -> None:
    found = sides("80 | tcp | In | The device sends to the viewer", header="Port | Protocol | Direction | Description")
    assert found.listener.value == "acme_device"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Viewers | Archive server", "acme_viewer -> acme_archive_server high"),
        ("Any | Archive server", "acme_client -> acme_archive_server high/low"),
        ("Viewers | ", "acme_viewer -> acme_device high/low"),
        ("Cameras | Time server", "camera -> ntp_server high"),
    ],
)
def test_columns_that_name_the_ends(row: str, expected: str) -> None:
    assert shown(sides(f"{row} | 80 | TCP", header="Source | Destination | Port | Protocol")) == expected


def test_one_column_that_names_an_end() -> None:
    assert (
        shown(sides("Viewers | 80 | TCP", header="Source | Port | Protocol"))
        == "acme_viewer -> acme_device high/medium"
    )
    found = sides("Time server | 80 | TCP", header="Destination | Port | Protocol")
    assert shown(found) == "acme_device -> ntp_server high/medium"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Outgoing (from camera to Acme cloud)", "camera -> acme_cloud medium"),
        ("From the archiver to the camera", "acme_archiver -> camera low"),
        ("Incoming ports", "acme_client -> acme_device low/medium"),
        ("Open these on the wall controller", "? -> acme_wall_controller low"),
    ],
)
def test_titles(title: str, expected: str) -> None:
    assert shown(sides("web", title)) == expected


def test_a_title_that_announces_whose_ports_these_are() -> None:
    found = sides("Operator stations", "Open these on the wall controller")
    assert shown(found) == "acme_operator_station -> acme_wall_controller low/medium"


def test_a_port_that_everybody_knows() -> None:
    ways = (Way(["udp"], ["123"], "123", []),)
    found = sides("Heartbeat", "Outgoing", ways=ways)
    assert shown(found) == "acme_device -> ntp_server medium"
    assert "port 123/udp" in found.listener.reason


def test_prose() -> None:
    found = draft_sides.in_words("The recorder listens on TCP port 80.", "Network", (), CONTEXT)
    assert found.listener.value == "acme_recorder"
    found = draft_sides.in_words("Outgoing mail uses port 25.", "Network", (), CONTEXT)
    assert shown(found) == "acme_device -> smtp_server medium"


@pytest.mark.parametrize("text", ["between " * 20_000, "from " * 20_000 + " to ", "server " * 20_000, "a" * 200_000])
def test_long_texts_take_no_time(text: str) -> None:
    sides(text)
    sides("web", text)
