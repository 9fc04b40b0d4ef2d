# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The known traps of the vendor documents: what a literal reading would open wrongly, and what rumour would."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.unit import matrix_files
from ansible_collections.vidnet.portmatrix.tests.unit.matrix_files import FLOWS

RUMOURED = (22332, 8990, 8844, 65101, 25, 9010, 9020, 6123, 8443)

# What a component listens on towards others when no feature is on and no parameter set.
LISTENS = {
    "milestone_management_server": {"tcp 80", "tcp 443", "tcp 9000", "tcp 7609"},
    "milestone_recording_server": {"tcp 7563", "tcp 9001", "tcp 11000", "tcp 5210"},
    "milestone_failover_server": {"tcp 7563", "tcp 5210"},
    "milestone_remote_recording_server": {"tcp 7563"},
    "milestone_event_server": {"tcp 22331", "tcp 22333"},
    "milestone_log_server": {"tcp 22337"},
    "milestone_sql_server": {"tcp 1433"},
    "milestone_mobile_server": {"tcp 8081", "tcp 8082"},
    "milestone_lpr_server": {"tcp 22334"},
    "milestone_dlna_server": {"tcp 9100", "tcp 9200"},
    "milestone_onvif_bridge": {"tcp 580", "tcp 554"},
    "flow_box": {"tcp 8088", "tcp 5556", "tcp 8090", "udp 55570", "tcp 8000"},
    "flow_service_vpn": {"udp 31228"},
    "pearl_encoder": {"tcp 443", "tcp 80", "tcp 554-555", "tcp 8000-8001"},
    "hikvision_camera": {"tcp 80", "tcp 443", "tcp 554", "udp 554", "tcp 7681"},
    "web_server": {"tcp 443", "tcp 80"},
    "dns_server": {"udp 53"},
    "ntp_server": {"udp 123"},
}


def _listens():
    """Component -> what it listens on, with two Pearl channels and no video push device."""
    found = {}
    for flow in FLOWS.values():
        for low, high in [] if "feature" in flow else matrix_files.port_ranges(flow["port"], count=2) or []:
            if flow["id"] != "milestone.mobile.video_push" and flow["to"] != "hikconnect_cloud":
                text = str(low) if low == high else f"{low}-{high}"
                found.setdefault(flow["to"], set()).update(f"{protocol} {text}" for protocol in flow["protocol"])
    return found


def _flows(port):
    return {flow["id"] for flow in matrix_files.opens(port)}


def test_what_each_component_listens_on_by_default():
    assert _listens() == LISTENS


def test_nothing_connects_to_clients_by_default():
    clients = {
        "milestone_smart_client",
        "milestone_management_client",
        "milestone_web_client",
        "milestone_mobile_client",
        "pearl_viewer",
        "hikvision_client",
    }
    assert {flow["id"] for flow in FLOWS.values() if flow["to"] in clients and "feature" not in flow} == set()


@pytest.mark.parametrize("port", [8080, 495, 993])
def test_a_port_that_is_never_opened(port):
    assert _flows(port) == set()


@pytest.mark.parametrize("port", RUMOURED)
def test_a_port_without_a_vendor_s_word_is_opened_only_on_request(port):
    by_default = {flow["id"] for flow in matrix_files.opens(port) if "feature" not in flow}
    assert by_default == set()


@pytest.mark.parametrize(
    ("port", "listeners"),
    [
        (8081, {"milestone_mobile_server"}),
        (8082, {"milestone_mobile_server"}),
        (12345, {"milestone_smart_client"}),
        (9000, {"milestone_management_server"}),
        (9001, {"milestone_recording_server", "milestone_failover_server"}),
        (11000, {"milestone_recording_server"}),
        (5432, {"milestone_recording_server"}),
        (1433, {"milestone_sql_server"}),
        (22333, {"milestone_event_server"}),
        (40001, {"milestone_mobile_server"}),
    ],
)
def test_a_port_belongs_to_its_listeners_only(port, listeners):
    named = {flow["to"] for flow in matrix_files.opens(port) if flow["id"] != "pearl.viewer.rtsp_udp"}
    assert named == listeners


def test_9000_goes_to_the_management_server_and_9001_comes_from_it():
    assert {(flow["from"], flow["to"], "feature" in flow) for flow in matrix_files.opens(9000)} == {
        ("milestone_recording_server", "milestone_management_server", False),
        ("milestone_failover_server", "milestone_management_server", False),
    }
    assert {(flow["from"], flow["to"], "feature" in flow) for flow in matrix_files.opens(9001)} == {
        ("milestone_management_server", "milestone_recording_server", False),
        ("milestone_management_server", "milestone_failover_server", True),
    }


def test_only_servers_reach_the_database():
    assert {flow["from"] for flow in matrix_files.opens(1433)} == {
        "milestone_management_server",
        "milestone_event_server",
        "milestone_log_server",
    }


@pytest.mark.parametrize(
    ("feature", "flows"),
    [
        ("matrix_recipients", {"milestone.smart_client.matrix"}),
        ("device_alerts", {"milestone.recording.device_alerts"}),
        ("analytics_events", {"milestone.event.analytics"}),
        ("generic_events", {"milestone.event.generic"}),
        ("move_hardware", {"milestone.recording.move_hardware"}),
        ("rtsp_udp", {"pearl.viewer.rtsp_udp"}),
        ("remote_support", {"pearl.encoder.support"}),
        ("camera_udp", {"milestone.recording.camera_udp", "milestone.failover.camera_udp", "flow.box.camera_udp"}),
        ("upnp", {"pearl.encoder.upnp_discovery", "pearl.encoder.upnp_media", "milestone.dlna.discovery"}),
        ("mdns", {"pearl.encoder.mdns", "flow.box.mdns"}),
        ("flow_device_update", {"flow.box.update"}),
    ],
)
def test_what_is_off_by_default_is_a_feature(feature, flows):
    assert {flow["id"] for flow in FLOWS.values() if flow.get("feature") == feature} == flows


@pytest.mark.parametrize(
    ("trap", "flow"),
    [
        ("8.1 direction of 9000", "milestone.management.recording_api"),
        ("8.1 9001 is not in the document", "milestone.recording.management_api"),
        ("8.3 5432", "milestone.recording.device_alerts"),
        ("8.4 table 11 has slipped", "milestone.recording.media_mobile"),
        ("8.4 table 11 has slipped", "milestone.mobile.web_client"),
        ("8.4 table 11 has slipped", "milestone.mobile.mobile_client"),
        ("8.5 exchanged", "milestone.recording.failover_status"),
        ("8.5 8844 is missing", "milestone.failover.group_status"),
        ("8.6 5210", "milestone.failover.recordings"),
        ("8.6 5210", "milestone.recording.recordings_failover"),
        ("8.6 5210", "milestone.recording.move_hardware"),
        ("8.7 Matrix", "milestone.smart_client.matrix"),
        ("8.8 event server as a client", "milestone.recording.media_event"),
        ("8.8 event server as a client", "milestone.access_control.integration"),
        ("8.9 Transact", "milestone.event.transact"),
        ("8.9 Transact", "milestone.transaction_source.polling"),
        ("8.10 two by two", "milestone.event.generic"),
        ("8.11 495", "flow.smtp_server.mail"),
        ("8.12 IGMP", "milestone.smart_client.multicast"),
        ("8.13 80 and 443", "milestone.management.web"),
        ("8.14 control stays unicast", "milestone.recording.media"),
        ("8.16 Professional VMS", "milestone.remote_recording.interconnect"),
        ("8.16 Professional VMS", "milestone.remote_recording.interconnect_professional"),
        ("8.16 ***", "flow.box.insights"),
        ("8.16 ***", "flow.camera.rtsp"),
        ("8.17 the client's ports", "pearl.viewer.rtsp_udp"),
        ("8.17 one of a range", "pearl.encoder.upnp_media"),
        ("8.18 link-local", "pearl.encoder.upnp_discovery"),
        ("8.18 link-local", "pearl.encoder.mdns"),
        ("8.18 link-local", "flow.box.mdns"),
        ("8.19 open but refusing", "pearl.encoder.rtsp"),
        ("8.19 open but refusing", "pearl.encoder.http_stream"),
        ("8.20 question marks", "hikvision.camera.unknown_7070"),
        ("8.20 question marks", "hikvision.cloud.unknown_8820"),
        ("8.20 doubtful pairs", "hikvision.camera.rtsp"),
        ("8.20 doubtful pairs", "hikvision.cloud.ntp"),
        ("the cut-off row", "pearl.encoder.https"),
        ("8089 without a protocol", "flow.box.update"),
    ],
)
def test_a_trap_is_told_in_a_note(trap, flow):
    assert FLOWS[flow].get("note", "").strip(), trap


def test_whatever_waits_for_the_user_says_so_in_a_note():
    wrong = [
        flow["id"] for flow in FLOWS.values() if matrix_files.port_ranges(flow["port"]) is None and "note" not in flow
    ]
    assert not wrong
