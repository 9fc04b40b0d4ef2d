# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped matrix files hold together: names, references, one pair for each flow.

Independent of the product's own schema.
"""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.vidnet.portmatrix.tests.unit import matrix_files
from ansible_collections.vidnet.portmatrix.tests.unit.matrix_files import (
    COMPONENTS,
    DOCUMENTS,
    FEATURES,
    FILES,
    FLOWS,
    PARAMETERS,
)

INTERFACE = """
    milestone_management_server milestone_recording_server milestone_failover_server milestone_event_server
    milestone_log_server milestone_mobile_server milestone_sql_server milestone_smart_client
    milestone_management_client milestone_web_client milestone_mobile_client milestone_dlna_server dlna_device
    milestone_onvif_bridge onvif_client milestone_lpr_server milestone_remote_recording_server active_directory
    access_control_system transaction_source analytics_source generic_event_source mip_integration camera flow_box
    flow_insights flow_api_client flow_video_client flow_udp_subscriber flow_admin flow_webhook_receiver
    flow_service_vpn pearl_encoder pearl_viewer pearl_admin pearl_publish_target pearl_file_server hikvision_camera
    hikvision_client hikconnect_cloud hikconnect_app dns_server ntp_server smtp_server web_server
"""

REQUIRED_PARAMETERS = """
    access_control_ports active_directory_tcp_ports active_directory_udp_ports camera_ports camera_rtp_ports
    camera_rtsp_ports flow_smtp_ports flow_subscriber_ports flow_webhook_ports milestone_failover_udp_port
    milestone_multicast_groups milestone_transact_ports pearl_afu_ports pearl_channels pearl_publish_ports
    pearl_publish_udp_ports pearl_srt_ports transaction_source_ports
"""

EXPECTED_ON_A_SITE = """
    milestone_management_server milestone_recording_server milestone_event_server milestone_log_server
    milestone_sql_server milestone_smart_client camera flow_insights flow_service_vpn pearl_encoder pearl_admin
    hikvision_camera dns_server ntp_server
"""

DEFAULTS = {
    "milestone_web_ports": "80 and 443",
    "milestone_ms_api_port": 9000,
    "milestone_rs_api_port": 9001,
    "milestone_media_port": 7563,
    "milestone_failover_port": 11000,
    "milestone_alert_port": 5432,
    "milestone_multicast_ports": "6000-7000",
    "milestone_matrix_port": 12345,
    "milestone_sql_port": 1433,
    "milestone_log_port": 22337,
    "milestone_event_port": 22331,
    "milestone_mip_port": 22333,
    "milestone_analytics_port": 9090,
    "milestone_generic_event_ports": "1234 and 1235",
    "milestone_mobile_ports": "8081 and 8082",
    "milestone_video_push_devices": 0,
    "milestone_lpr_port": 22334,
    "milestone_data_collector_port": 7609,
    "milestone_dlna_port": 9100,
    "milestone_dlna_stream_port": 9200,
    "milestone_onvif_port": 580,
    "milestone_onvif_rtsp_port": 554,
    "flow_udp_port": 55570,
    "pearl_rtsp_ports": "554 to 554+(pearl_channels-1)",
    "pearl_stream_ports": "8000 to 8000+(pearl_channels-1)",
    "pearl_http_port": 80,
    "pearl_https_port": 443,
    "pearl_client_udp_ports": "32768-61000",
}


def every_flow(check):
    """Make a check of one flow a test of them all, which names each flow that fails."""

    def test():
        wrong = []
        for name, flow in FLOWS.items():
            try:
                check(flow)
            except AssertionError as error:
                wrong.append(f"{name}: {error}")
        assert not wrong, "\n".join(wrong)

    return test


def test_no_name_is_given_twice():
    for section in ("documents", "components", "parameters", "features"):
        merged = [name for data in FILES.values() for name in data.get(section, {})]
        assert len(merged) == len(set(merged)), section
    ids = [flow["id"] for data in FILES.values() for flow in data.get("flows", [])]
    assert sorted(ids) == sorted(set(ids))


def test_the_components_are_those_of_the_interface():
    assert sorted(COMPONENTS) == sorted(INTERFACE.split())


def test_only_components_that_no_site_does_without_are_expected():
    expected = sorted(name for name, entry in COMPONENTS.items() if not entry.get("optional"))
    assert expected == sorted(EXPECTED_ON_A_SITE.split())


def test_what_nobody_can_know_has_no_default():
    assert sorted(name for name, entry in PARAMETERS.items() if "default" not in entry) == sorted(
        REQUIRED_PARAMETERS.split()
    )


def test_the_vendors_defaults_are_the_defaults():
    assert {
        name: entry["default"]
        for name, entry in PARAMETERS.items()
        if "default" in entry and entry["type"] != "networks"
    } == DEFAULTS


def test_every_parameter_is_one_of_three_types_and_described():
    for name, entry in PARAMETERS.items():
        assert entry["type"] in ("ports", "count", "networks"), name
        assert entry["description"].strip(), name
        assert ("minimum" in entry) == (entry["type"] == "count"), name
    assert PARAMETERS["pearl_channels"]["minimum"] == 1
    assert PARAMETERS["milestone_video_push_devices"]["minimum"] == 0


def test_every_name_is_used():
    ends = {flow[end] for flow in FLOWS.values() for end in ("from", "to")}
    assert set(COMPONENTS) - ends == set()
    assert {flow["feature"] for flow in FLOWS.values() if "feature" in flow} == set(FEATURES)
    expressions = [flow["port"] for flow in FLOWS.values()] + [entry.get("default") for entry in PARAMETERS.values()]
    expressions += [value for entry in COMPONENTS.values() for value in entry.get("parameters", {}).values()]
    used = set().union(*(matrix_files.names(text) for text in expressions)) | {
        flow["multicast"] for flow in FLOWS.values() if "multicast" in flow
    }
    assert set(PARAMETERS) - used == set()
    cited = {source["document"] for flow in FLOWS.values() for source in flow["source"]}
    assert cited == set(DOCUMENTS)


@every_flow
def test_one_end_opens_and_one_listens(flow):
    for end in ("from", "to"):
        assert isinstance(flow[end], str)
        assert flow[end] in COMPONENTS


@every_flow
def test_the_id_begins_with_the_product_and_names_the_listener(flow):
    product = next(data["product"] for data in FILES.values() if flow in data.get("flows", []))
    assert re.fullmatch(rf"{product}\.[a-z0-9_]+\.[a-z0-9_]+", flow["id"])
    assert set(flow["id"].split(".")[1].split("_")) & {*flow["to"].split("_"), "directory"}


@every_flow
def test_the_flow_says_how_and_why(flow):
    assert flow["protocol"]
    assert sorted(set(flow["protocol"]), key=("tcp", "udp", "igmp").index) == flow["protocol"]
    assert flow["state"] in ("mandatory", "optional")
    assert flow["description"].strip()
    assert not flow["description"].endswith(".")
    assert flow["source"]
    assert flow.get("scope", "site") in ("site", "across_sites")
    assert flow.get("feature", next(iter(FEATURES))) in FEATURES
    assert set(flow) <= {
        *(
            "id",
            "from",
            "to",
            "protocol",
            "port",
            "state",
            "feature",
            "scope",
            "limited_by",
            "multicast",
            "speaks",
            "description",
            "source",
            "note",
        ),
    }


@every_flow
def test_the_port_is_known_or_a_parameter(flow):
    assert matrix_files.names(flow["port"]) <= set(PARAMETERS)
    for low, high in matrix_files.port_ranges(flow["port"]) or []:
        assert 1 <= low <= high <= 65535


@every_flow
def test_sources_point_to_a_place(flow):
    for source in flow["source"]:
        assert source["document"] in DOCUMENTS
        assert set(source) in ({"document", "table", "row"}, {"document", "section"})


@every_flow
def test_a_flow_without_the_product_s_own_document_says_so(flow):
    if not any("row" in source for source in flow["source"]):
        assert flow["note"].strip()


@every_flow
def test_owned_ends_are_limited_by_their_owners(flow):
    pair = {flow["from"], flow["to"]}
    if (
        flow["id"].startswith(("milestone.", "flow."))
        and pair & {"camera", "milestone_remote_recording_server"}
        and "milestone_failover_server" not in pair
    ):
        assert flow.get("limited_by") == ("analysed_by" if "flow_box" in pair else "recorded_by")
    else:
        assert "limited_by" not in flow
    if "limited_by" in flow:
        assert sum(COMPONENTS[name].get("owned", False) for name in pair) == 1


def test_only_interconnect_crosses_sites():
    across = {flow["id"] for flow in FLOWS.values() if flow.get("scope") == "across_sites"}
    assert across == {"milestone.remote_recording.interconnect", "milestone.remote_recording.interconnect_professional"}


@every_flow
def test_multicast_goes_to_multicast_groups(flow):
    if "multicast" in flow:
        parameter = PARAMETERS[flow["multicast"]]
        assert parameter["type"] == "networks"
        for network in parameter.get("default", []):
            assert ipaddress.ip_network(network).is_multicast
    if "igmp" in flow["protocol"]:
        assert "multicast" in flow


def test_components_lead_to_known_ones():
    for name, entry in COMPONENTS.items():
        assert entry["description"].strip(), name
        assert set(entry.get("is_a", [])) <= set(COMPONENTS), name
        assert set(entry.get("parameters", {})) <= set(PARAMETERS), name
        for network in entry.get("networks", []):
            ipaddress.ip_network(network)


def test_makes_of_camera_bring_what_a_camera_needs():
    makes = {name: entry for name, entry in COMPONENTS.items() if "camera" in entry.get("is_a", [])}
    assert set(makes) == {"hikvision_camera", "pearl_encoder"}
    for entry in (*makes.values(), COMPONENTS["camera"]):
        assert entry["appliance"] is True
        assert entry["owned"] is True
    assert makes["hikvision_camera"]["parameters"] == {"camera_ports": "80, 443, 554", "camera_rtsp_ports": "554"}
    assert makes["pearl_encoder"]["parameters"] == {
        "camera_ports": "pearl_rtsp_ports",
        "camera_rtsp_ports": "pearl_rtsp_ports",
    }


def test_the_vendor_s_address_is_the_component_s():
    assert {name: entry["networks"] for name, entry in COMPONENTS.items() if "networks" in entry} == {
        "flow_service_vpn": ["172.105.65.31/32"]
    }


def test_every_document_is_titled():
    for name, document in DOCUMENTS.items():
        assert document["title"].strip(), name
        for table in document.get("tables", []):
            assert table["title"].strip(), name
            assert table.get("rows", 0) + table.get("unnumbered", 0) > 0, name
