# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import (
    document_diff,
    document_revision,
    document_rows,
    matrix,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document_revision import Revision
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.hand_documents import document, table

HEADER = "Port | Protocol | Direction | Description"
ROWS = (
    "80 | TCP | in | Web page",
    "554 | TCP | in | Live video",
    "514 | UDP | out | Log messages",
    "7 | TCP | in | Old thing",
)
CITE = {"document": "guide", "table": 1}
CONTENTS: dict[str, Any] = {
    "acme.yml": {
        "product": "acme",
        "documents": {"guide": {"title": "Guide", "tables": [{"title": "Ports", "rows": 4}]}, "more": {"title": "More"}},
        "components": {name: {"description": name} for name in ("acme_box", "acme_viewer", "acme_log_server")},
        "parameters": {"acme_rtsp_port": {"type": "ports", "default": 554, "description": "RTSP"}},
        "flows": [
            {"id": "acme.box.web", "from": "acme_viewer", "to": "acme_box", "protocol": "tcp", "port": 80, "source": [{**CITE, "row": 1}]},
            {"id": "acme.box.video", "from": "acme_viewer", "to": "acme_box", "protocol": ["tcp"], "port": "acme_rtsp_port", "source": [{**CITE, "row": 2}]},
            {"id": "acme.log.log", "from": "acme_box", "to": "acme_log_server", "protocol": ["udp"], "port": 514, "source": [{**CITE, "row": 3}]},
            {"id": "acme.box.old", "from": "acme_viewer", "to": "acme_box", "protocol": ["tcp"], "port": 8007, "source": [{**CITE, "row": 4}]},
        ],
    }
}  # fmt: skip


def revised(
    *rows: str, contents: dict[str, Any] | None = None, prose: tuple[str, ...] = (), confirm: bool = False
) -> Revision:
    """Return the revision for a new document of these rows; it is made sure that it is a matrix."""
    old = document_rows.of_document(document(table("Ports", HEADER, *ROWS)))
    given = document(table("Ports", HEADER, *rows), prose=prose)
    contents = CONTENTS if contents is None else contents
    before = copy.deepcopy(contents)
    pairs = document_diff.compare(old, document_rows.of_document(given))
    found = document_revision.revise(contents, "guide", given, pairs, confirm=confirm)
    assert contents == before
    common = {name: data for name, data in matrix.contents(matrix.files()).items() if name.endswith("common.yml")}
    matrix.build({**common, **found.contents})
    return found


def flows(found: Revision) -> dict[str, Any]:
    return {flow["id"]: flow for flow in found.contents["acme.yml"]["flows"]}


def test_nothing_changes() -> None:
    found = revised(*ROWS)
    assert found.contents == CONTENTS
    assert not (found.changed or found.removed or found.proposed or found.open)


def test_a_port_that_changes() -> None:
    found = revised("8080, 8443 | TCP | in | Web page", *ROWS[1:])
    assert flows(found)["acme.box.web"]["port"] == "8080, 8443"
    assert found.changed == {"acme.box.web": "tcp 80 becomes tcp 8080, 8443"}


def test_a_default_that_changes() -> None:
    found = revised(ROWS[0], "8554 | TCP and UDP | in | Live video", *ROWS[2:])
    assert found.contents["acme.yml"]["parameters"]["acme_rtsp_port"]["default"] == 8554
    assert flows(found)["acme.box.video"]["protocol"] == ["tcp", "udp"]


def test_a_flow_that_departs_from_its_row_is_left_to_a_person() -> None:
    found = revised(*ROWS[:3], "9 | TCP | in | Old thing")
    assert flows(found)["acme.box.old"]["port"] == 8007
    assert found.open == {"acme.box.old": document_revision.OPEN}


def test_a_row_that_goes_takes_its_flow_along_and_citations_follow() -> None:
    found = revised(*ROWS[1:])
    assert found.removed == ["acme.box.web"]
    assert flows(found)["acme.box.video"]["source"] == [{**CITE, "row": 1}]
    assert found.contents["acme.yml"]["documents"]["guide"]["tables"] == [{"title": "Ports", "rows": 3}]


def test_a_flow_with_another_citation_stays() -> None:
    contents = copy.deepcopy(CONTENTS)
    contents["acme.yml"]["flows"][0]["source"].append({"document": "more", "section": "1"})
    found = revised(*ROWS[1:], contents=contents)
    assert flows(found)["acme.box.web"]["source"] == [{"document": "more", "section": "1"}]


def test_a_new_row_is_proposed_like_the_others_of_its_table_and_direction() -> None:
    found = revised(*ROWS, "9000 | TCP | in | Commands")
    (flow,) = found.proposed
    assert (flow["id"], flow["from"], flow["to"], flow["port"]) == ("acme.commands", "acme_viewer", "acme_box", 9000)
    assert flow["reviewed"] is False
    assert flow["proposal"]["to"] == {"confidence": "medium", "reason": "as in the other rows of its table (1, 2, 4)"}
    assert flow["source"] == [{**CITE, "row": 5}]


def test_a_proposal_is_confirmed_only_on_request() -> None:
    assert revised(*ROWS, "9000 | TCP | in | Commands", confirm=True).proposed[0]["reviewed"] is True
    found = revised(*ROWS, prose=("Something uses TCP port 9001.",), confirm=True)
    assert (found.proposed[0]["from"], found.proposed[0]["reviewed"]) == ("?", False)


def test_a_new_row_without_a_port_is_explained() -> None:
    found = revised(*ROWS, "- | - | in | Serial line")
    assert found.contents["acme.yml"]["rows"] == [{**CITE, "row": 5, "no_flow": "it names no port"}]


def test_an_id_that_is_taken() -> None:
    contents = copy.deepcopy(CONTENTS)
    contents["acme.yml"]["flows"][0]["id"] = "acme.commands"
    assert revised(*ROWS, "9000 | TCP | in | Commands", contents=contents).proposed[0]["id"] == "acme.commands_new"
