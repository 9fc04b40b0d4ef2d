# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_file, draft_matrix, matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import Document, Prose, Row, Table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table

SHIPPED = matrix.contents(matrix.files())


def data(
    *rows: str, header: str = "Port | Protocol | Description", title: str = "Ports", prose: tuple[str, ...] = ()
) -> Any:
    """Return the data of the draft of one table; it is made sure that it loads, and that the file holds it."""
    return drafted(document(table(title, header, *rows), prose=prose) if rows else document(prose=prose))


def drafted(given_document: Document, **options: str) -> Any:
    draft = draft_matrix.draft(given_document, "acme", "acme_ports", **options)
    matrix.build({**SHIPPED, "acme.yml": draft.data})
    assert yaml.safe_load(draft_file.text(draft)) == draft.data
    return draft.data


def flow(*rows: str, **options: Any) -> Any:
    (found,) = data(*rows, **options)["flows"]
    return found


def test_what_a_flow_has() -> None:
    assert flow("80, 443 | TCP | Web page") == {
        "id": "acme.web_page",
        "from": "?",
        "to": "acme_device",
        "protocol": ["tcp"],
        "port": "80, 443",
        "state": "mandatory",
        "description": "Web page",
        "reviewed": False,
        "proposal": {
            "from": {"confidence": "low", "reason": "the document names no initiator"},
            "to": {
                "confidence": "low",
                "reason": "the document gives no direction; a list of ports mostly names what the product listens on",
            },
        },
        "source": [{"document": "acme_ports", "table": 1, "row": 1}],
    }


def test_rows_that_open_nothing() -> None:
    found = data("80 | TCP | Web", "- | - | Serial line", "- | ICMP | Ping", "u1: - | - | Nothing")
    assert found["rows"] == [
        {"document": "acme_ports", "table": 1, "row": 2, "no_flow": "it names no port"},
        {"document": "acme_ports", "table": 1, "row": 3, "no_flow": "icmp is not one of tcp, udp and igmp"},
        {"document": "acme_ports", "table": 1, "row": "u1", "no_flow": "it names no port"},
    ]
    assert found["documents"] == {
        "acme_ports": {"title": "Acme ports", "tables": [{"title": "Ports", "rows": 3, "unnumbered": 1}]}
    }


def test_a_port_that_nobody_knows_is_a_parameter() -> None:
    found = data("? | TCP | Webhook outputs", "depends on the camera | TCP | Webhook outputs")
    assert [entry["port"] for entry in found["flows"]] == ["acme_webhook_outputs_ports", "acme_webhook_outputs_ports_2"]
    assert found["parameters"]["acme_webhook_outputs_ports"] == {
        "type": "ports",
        "description": 'The document says "?" (names no port that could be known).',
    }


def test_a_port_that_can_be_changed_is_a_parameter_with_a_default() -> None:
    found = data("7563 (configurable) | TCP | Media", "80 | TCP | Configurable web page")
    assert [entry["port"] for entry in found["flows"]] == ["acme_media_ports", 80]
    assert found["parameters"]["acme_media_ports"]["default"] == 7563


def test_a_series_is_counted_by_a_parameter() -> None:
    found = data("554 to 554+(x-1) | TCP | RTSP")
    assert found["flows"][0]["port"] == "554 to 554+(acme_rtsp_x-1)"
    assert found["parameters"]["acme_rtsp_x"]["type"] == "count"


def test_a_series_beside_what_is_no_port() -> None:
    found = data("554 to 554+(x-1) 70000 | TCP | RTSP")
    assert (found["flows"][0]["port"], "default" in found["parameters"]["acme_rtsp_ports"]) == (
        "acme_rtsp_ports",
        False,
    )


def test_a_series_with_a_first_port_of_its_own() -> None:
    found = data("40001 (40002, 40003, if many devices are present) | TCP | Push")
    assert found["flows"][0]["port"] == "40001 (40002, 40003, if many devices are present)"


def test_what_is_left_open_is_noted() -> None:
    found = flow("495, 993 and others | TCP | Mail")
    assert (found["port"], found["note"]) == ("495, 993", "\"495, 993 and others\" leaves ports open: 'and others'.")


def test_a_protocol_that_is_not_named_is_a_proposal() -> None:
    found = flow("81 | | Firmware")
    assert (found["protocol"], found["proposal"]["protocol"]["confidence"]) == (["tcp"], "low")


def test_ids_are_unique_and_legal() -> None:
    rows = [f"{port} | {protocol} | The same" for port in (80, 81, 82) for protocol in ("TCP", "UDP")]
    ids = [entry["id"] for entry in data(*rows, "90 | TCP | 端口", "91 | TCP | 端口")["flows"]]
    assert len(ids) == len(set(ids)) == 8
    assert ids[0] == "acme.same" and ids[-2] == "acme.row"


def test_the_same_row_twice_is_one_flow() -> None:
    found = flow("80 | TCP | Web", "80 | TCP | Web ***")
    assert [source["row"] for source in found["source"]] == [1, 2]


def test_an_address_that_the_document_gives() -> None:
    found = data(
        "31228 | UDP | Service VPN - 172.105.65.31 | Output", header="Port | Protocol | Description | Direction"
    )
    assert found["flows"][0]["to"] == "acme_service_vpn"
    assert found["components"]["acme_service_vpn"]["networks"] == ["172.105.65.31"]


def test_names_in_the_document_are_there_to_choose_from() -> None:
    found = data("80 | TCP | The archive server sends maps to viewers")
    assert {"acme_device", "acme_client", "acme_peer", "acme_archive_server", "acme_viewer"} <= found[
        "components"
    ].keys()


def test_the_component_that_the_document_is_about() -> None:
    found = drafted(
        document(table("Incoming", "Port | Protocol", "80 | TCP")), subject="acme_recorder", title="Acme NVR"
    )
    assert (found["flows"][0]["to"], found["title"]) == ("acme_recorder", "Acme NVR")
    assert "acme_device" not in found["components"]


def test_a_document_without_anything() -> None:
    assert drafted(document()).keys() == {"product", "title", "documents", "components"}


@pytest.mark.parametrize(
    ("sentence", "port", "ends"),
    [
        ("Updates are fetched over TCP port 443.", 443, ("?", "acme_device")),
        ("Outgoing > Updates are fetched over TCP port 443.", 443, ("acme_device", "acme_peer")),
        ("The recorder listens on UDP ports 5000 to 5010.", "5000-5010", ("acme_client", "acme_recorder")),
    ],
)
def test_sentences(sentence: str, port: Any, ends: tuple[str, str]) -> None:
    found = flow(prose=(sentence,))
    assert (found["port"], (found["from"], found["to"])) == (port, ends)
    assert "section" in found["source"][0]


def test_a_sentence_that_repeats_a_row_is_a_remark() -> None:
    given_document = document(
        table("Incoming", "Port | Protocol | Description", "80 | TCP | Web"),
        prose=("[1] Port 80 only redirects.", "Outgoing > Updates come over TCP port 80.", "No port here."),
    )
    draft = draft_matrix.draft(given_document, "acme", "acme_ports")
    assert [entry["to"] for entry in draft.data["flows"]] == ["acme_device", "acme_peer"]
    assert draft.remarks == ["Its ports are in flows already. line 90: [1] Port 80 only redirects."]
    assert "Port 80 only redirects" in draft_file.text(draft)


HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "a: b # c",
    "- x",
    "\x00\x07\x85\u2028",
    "'\"\\",
    "%YAML",
    "*a &b !c",
    "💥" * 300,
    "? ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_that_want_to_be_something_else(text: str) -> None:
    found = drafted(
        document(
            table(text, f"Port | Protocol | {text}", f"80 | TCP | {text}", f"{text} | TCP | x"),
            prose=(f"{text} > {text} TCP port 90.",),
            title=text,
        )
    )
    assert "{{" not in str(found) and "{%" not in str(found)


WORDS = st.sampled_from(
    [
        "80",
        "443/tcp",
        "udp 5000-5010",
        "?",
        "-",
        "In",
        "Output",
        "if enabled",
        "mDNS 5353",
        "multicast 239.1.1.1",
        "10.0.0.7",
        "the viewer",
    ]
    + [
        "connects to",
        "the archive server",
        "554 to 554+(x-1)",
        "70000",
        "configurable",
        "both",
        "ICMP",
        "",
        "{{ x }}",
        "from",
        "a to b",
    ]
)
CELLS = st.lists(WORDS | st.text(max_size=12), min_size=0, max_size=4).map(" ".join)
HEADS = [
    "Port",
    "Protocol",
    "Direction",
    "Source",
    "Destination",
    "Description",
    "Required",
    "TCP",
    "UDP ports",
    "Incoming",
    "",
]


@stable(150)
@given(st.data())
def test_whatever_a_document_says_its_draft_loads_and_gives_no_rule(given_data: st.DataObject) -> None:
    draw = given_data.draw
    tables = []
    for number in range(draw(st.integers(0, 2))):
        heads = draw(st.lists(st.sampled_from(HEADS), min_size=1, max_size=5))
        rows = draw(st.lists(st.lists(CELLS, min_size=len(heads), max_size=len(heads)), max_size=4))
        found = [Row(str(n + 1), f"line {n}", cells, " ".join(cells)) for n, cells in enumerate(rows)]
        tables.append(Table(number + 1, draw(CELLS), "line 1", heads, found))
    prose = [Prose(draw(CELLS), "line 9", text) for text in draw(st.lists(CELLS, max_size=2))]
    found = drafted(Document(draw(CELLS), "hand", tables, prose, [draw(CELLS)]))
    bound = {(c.get("table"), str(c.get("row"))) for flow in found.get("flows", []) for c in flow["source"]}
    bound |= {(row["table"], str(row["row"])) for row in found.get("rows", [])}
    assert bound >= {(table.number, row.label) for table in tables for row in table.rows}
    assert not any(flow["reviewed"] for flow in found.get("flows", []))


def test_many_rows_of_one_name() -> None:
    given_document = document(
        table("Ports", "Port | Protocol | Description", *(f"{port} | TCP | Same" for port in range(1, 2001)))
    )
    assert len(draft_matrix.draft(given_document, "acme", "acme_ports").data["flows"]) == 2000
