# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix files against the vendor documents themselves.

The documents are not ours to publish, so they lie beside the checkout where there are any.
"""

from __future__ import annotations

import re
import warnings

import pytest

from ansible_collections.vidnet.portmatrix.tests.unit import matrix_files, vendor_documents
from ansible_collections.vidnet.portmatrix.tests.unit.matrix_files import DOCUMENTS, EXPLAINED, PARAMETERS

# The rows whose port opens nothing: an internal port, and a port that slipped into the row from the one below.
PORTS_THAT_OPEN_NOTHING = {("xprotect", 1, "3"): "8080", ("xprotect", 11, "2"): "7563"}
# The titles that are not the matrix's: a list has the sentence that introduces it.
OTHER_TITLES = {
    "Outgoing connections": "Network ports used by Pearl-2 > In addition to the incoming ports, Pearl-2 uses some outgoing connections as follows"
}
# The row whose own ports belong to the next one.
SLIPPED = ("xprotect", 11, "3")

# Flow -> ports that are not in the port cell of a row that it cites. Each has a note that says why.
DEPARTURES = {
    "xprotect": {
        "milestone.management.web": {443},
        "milestone.management.web_management_client": {443},
        "milestone.management.web_mobile": {443},
        "milestone.management.web_failover": {443},
        "milestone.recording.management_api": {9001},
        "milestone.recording.media_mobile": {7563},
        "milestone.mobile.web_client": {8081, 8082},
        "milestone.mobile.mobile_client": {8081, 8082},
        "milestone.smart_client.multicast_failover": {6000, 7000},
        "milestone.failover.multicast_membership": {6000, 7000},
        "milestone.remote_recording.interconnect_professional": {80, 1237, 22331},
        "milestone.dlna.discovery": {1900},
    },
    "flow_ports": {},
    "hikconnect": {},
    "pearl2": {"pearl.encoder.https": {443}},
}
# Flows whose protocols are not those of the protocol cell of a row that they cite. Each has a note that says why.
OTHER_PROTOCOLS = {
    "xprotect": {
        "milestone.camera.video",
        "milestone.camera.video_failover",
        "milestone.directory.tcp",
        "milestone.directory.udp",
        "milestone.dlna.discovery",
        "milestone.failover.camera_udp",
        "milestone.failover.multicast_membership",
        "milestone.mobile.mobile_client",
        "milestone.mobile.web_client",
        "milestone.recording.camera_udp",
        "milestone.recording.multicast_membership",
        "milestone.smart_client.multicast_failover",
    },
    "flow_ports": {"flow.box.camera_udp"},
    "hikconnect": set(),
    "pearl2": set(),
}


def _tables(document):
    """The document's tables as the product reads them; a loud skip where it is not beside the checkout."""
    found = vendor_documents.read(document)
    if found is None:
        message = f"vendor document {document} is not in {vendor_documents.DIRECTORY}: ITS ROWS WERE NOT COMPARED WITH THE MATRIX"
        warnings.warn(message, stacklevel=2)
        pytest.skip(message)
    return found.tables


def _by_place(document):
    """(table, row label) -> row."""
    return {
        (table.number, row.label): vendor_documents.port_cells(table, row)
        for table in _tables(document)
        for row in table.rows
    }


@pytest.fixture(params=vendor_documents.DOCUMENTS, name="document")
def _document(request):
    return request.param


@pytest.fixture(name="rows")
def _rows(document):
    return _by_place(document)


def _plain(text):
    return " ".join(text.replace("\u00a0", " ").split())


def _numbers(text):
    return {int(number) for number in re.findall(r"(?<![\d.])\d+(?![\d.]*\d)", text)}


def _ends(flow):
    ranges = matrix_files.port_ranges(flow["port"])
    return None if ranges is None else {end for pair in ranges for end in pair}


def _layer4(protocol):
    """The protocols below the names in a cell; the default alone where the cell names one."""
    upper = protocol.upper().rpartition("DEFAULT")[2]
    return {
        *(["tcp"] if re.search("TCP|HTTP|RTSP", upper) else []),
        *(["udp"] if "UDP" in upper else []),
        *(["igmp"] if "IGMP" in upper else []),
    }


def test_the_declared_tables_are_the_document_s(document):
    declared = [
        (OTHER_TITLES.get(table["title"], _plain(table["title"])), table.get("rows", 0), table.get("unnumbered", 0))
        for table in DOCUMENTS[document]["tables"]
    ]

    assert declared == [
        (
            _plain(table.title),
            sum(not row.label.startswith("u") for row in table.rows),
            sum(row.label.startswith("u") for row in table.rows),
        )
        for table in _tables(document)
    ]


def test_a_flow_s_ports_are_in_its_rows_or_the_departure_is_known(document, rows):
    found = {}
    for place, flow in matrix_files.citations(document):
        foreign = (_ends(flow) or set()) - _numbers(rows[place].port)
        if foreign:
            assert "note" in flow, f"{flow['id']}: {sorted(foreign)} not in table {place[0]} row {place[1]}"
            found.setdefault(flow["id"], set()).update(foreign)
    assert found == DEPARTURES[document]


def test_a_row_s_ports_are_opened_by_its_flows(document, rows):
    opened = {}
    waiting = {SLIPPED[1:]} if document == SLIPPED[0] else set()
    for place, flow in matrix_files.citations(document):
        ranges = matrix_files.port_ranges(flow["port"], count=3)
        opened.setdefault(place, []).extend(ranges or [])
        waiting.update([place] if ranges is None else [])
    wrong = []
    for place in opened.keys() - waiting:
        numbers = _numbers(rows[place].port) - {1}  # the 1 of (x-1)
        missing = [
            number for number in sorted(numbers) if not any(low <= number <= high for low, high in opened[place])
        ]
        wrong.extend(f"table {place[0]} row {place[1]}: {number} is opened by none of its flows" for number in missing)
    assert not wrong, "\n".join(wrong)


def test_a_flow_s_protocols_are_its_rows_or_the_departure_is_known(document, rows):
    found = set()
    for place, flow in matrix_files.citations(document):
        cell = rows[place].protocol
        if cell and set(flow["protocol"]) != _layer4(cell):
            assert "note" in flow, f"{flow['id']}: {flow['protocol']}, but table {place[0]} row {place[1]} has {cell!r}"
            found.add(flow["id"])
    assert found == OTHER_PROTOCOLS[document]


def test_rows_that_are_explained_have_no_port(document, rows):
    for row in EXPLAINED:
        place = (row["table"], str(row["row"]))
        if row["document"] == document:
            assert " ".join(map(str, sorted(_numbers(rows[place].port)))) == PORTS_THAT_OPEN_NOTHING.get(
                (document, *place), ""
            ), row


def test_rows_without_a_port_bind_flows_only_with_a_note(document, rows):
    for place, flow in matrix_files.citations(document):
        if not _numbers(rows[place].port):
            assert "note" in flow, f"{flow['id']} cites table {place[0]} row {place[1]}"


def test_flow_directions_are_the_document_s():
    rows = _by_place("flow_ports")
    exceptions = {"flow.box.camera_udp"}  # media on its way back
    for place, flow in matrix_files.citations("flow_ports"):
        direction = rows[place].cells[-1]
        end = "to" if direction == "Input" else "from"
        assert flow[end] == "flow_box" or flow["id"] in exceptions, (
            f"{flow['id']} cites table {place[0]} row {place[1]}"
        )
        assert direction in ("Input", "Output")


def test_hikvision_flows_repeat_the_author_s_columns():
    rows = _by_place("hikconnect")
    ends = {
        1: ("hikvision_client", "hikvision_camera"),
        2: ("hikvision_camera", "hikconnect_cloud"),
        3: ("hikconnect_app", "hikconnect_cloud"),
    }
    elsewhere = {"hikvision.dns.lookup", "hikvision.ntp.time"}
    for place, flow in matrix_files.citations("hikconnect"):
        state, protocol, port, description = rows[place].cells
        assert (flow["state"], "+".join(flow["protocol"]), str(flow["port"])) == (state, protocol, port), flow["id"]
        assert (flow.get("feature") == "hikvision_unknown_purpose") == (description == "?"), flow["id"]
        assert (flow["from"], flow["to"]) == ends[place[0]] or flow["id"] in elsewhere, flow["id"]


def test_only_known_parameters_are_required_where_the_document_has_a_number(document, rows):
    """A number in a cell becomes a default, unless the document only gives it as typical or wrongly."""
    left_to_the_user = {
        "camera_ports",
        "milestone_transact_ports",
        "transaction_source_ports",
        "access_control_ports",
        "flow_smtp_ports",
        "camera_rtp_ports",
    }
    for place, flow in matrix_files.citations(document):
        if _numbers(rows[place].port) - {1} and _ends(flow) is None:
            assert flow["port"] in left_to_the_user, f"{flow['id']} cites table {place[0]} row {place[1]}"
            assert "default" not in PARAMETERS[flow["port"]]
