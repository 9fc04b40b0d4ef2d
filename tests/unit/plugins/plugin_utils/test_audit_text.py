# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import audit, audit_text, site
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import test_audit
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.test_audit import M1, SITE, V1, result, row

NOTHING: dict[str, Any] = {key: [] for key in ("flows", "unknown", "other", "warnings")} | {
    key: {} for key in ("groups", "never_seen", "hosts")
}
REPORT = test_audit.report(
    r1=result(
        row(M1),
        row(M1, "udp", 1900, cast="multicast", packets=8),
        row(V1, port=25),
        row("192.0.2.1", port=7563, packets=2),
        row("192.0.2.2"),
        row("fe80::1", "udp", 5353, cast="multicast"),
        row(M1, "sctp", 0),
        overflow=3,
    )
)


def test_text() -> None:
    assert audit_text.written(REPORT, "text").splitlines() == [
        "3 seen but not declared, 3 unknown peers",
        "  v1 -> r1: tcp 25, 1 packet",
        "  m1 -> r1: tcp 9182, 1 packet",
        "  m1 -> r1: udp 1900, 8 packets [multicast, ssdp]",
        "  192.0.2.1 -> r1: tcp 7563, 2 packets",
        "    perhaps viewer",
        "  192.0.2.2 -> r1: tcp 9182, 1 packet",
        "  fe80::1 -> r1: udp 5353, 1 packet [link_local, mdns, multicast]",
        "  10.0.0.60 -> r1: protocol sctp, 1 packet [no flow can say it]",
        "0 declared but never seen",
        "warning: r1 has not yet got 2 of its rules: apply its policy",
        "warning: r1: 3 packets did not fit in the list, so it is not complete",
    ]


def test_flows_are_variables_with_what_to_know_beside_them() -> None:
    text = audit_text.written(REPORT, "flows")
    flows = yaml.safe_load(text)["portmatrix_flows_audit"]
    assert flows == [entry["flow"] for entry in REPORT["flows"]]
    assert "  # v1 -> r1: 1 packet\n  # acme.recorder.alarm would allow it, between other components\n  - id: " in text
    assert "  # perhaps noise: SSDP (UPnP), devices of the link are searched\n  - id: " in text


def test_suggested_networks_are_for_a_person_to_take_up() -> None:
    text = audit_text.written(REPORT, "flows").partition("# Peers that are neither")[2]
    assert all(line.startswith("#") for line in text.splitlines()[1:])
    lines = [line[2:] for line in text.splitlines()]
    suggested = yaml.safe_load("\n".join(lines[lines.index("portmatrix_networks_audit:") :]))
    assert suggested == {"portmatrix_networks_audit": {"viewer": ["192.0.2.1"], audit_text.NO_NAME: ["192.0.2.2"]}}


def test_groups_are_an_inventory() -> None:
    assert yaml.safe_load(audit_text.written(REPORT, "groups")) == {
        "audit_r1": {"hosts": {"r1": {}}},
        "audit_v1": {"hosts": {"v1": {}}},
    }


def test_json_is_the_report() -> None:
    assert json.loads(audit_text.written(REPORT, "json")) == REPORT


def test_nothing_to_say() -> None:
    known = built()
    assert audit.evaluate(known, site.build(known, SITE), {}, {}) == NOTHING
    assert (
        audit_text.written(NOTHING, "text") == "0 seen but not declared, 0 unknown peers\n0 declared but never seen\n"
    )
    assert yaml.safe_load(audit_text.written(NOTHING, "flows")) == {"portmatrix_flows_audit": []}
    assert yaml.safe_load(audit_text.written(NOTHING, "groups")) == {}


def test_unknown_form() -> None:
    with pytest.raises(ValueError, match="unknown form 'pdf'; allowed: text, flows, groups, json"):
        audit_text.written(NOTHING, "pdf")
