# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import csv
import io

import openpyxl
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.firewall_request import FilterModule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX

firewall_request = FilterModule().filters()["firewall_request"]
MEDIA = {"protocol": "tcp", "ports": ["7563"], "flows": ["acme.recorder.media"], "reason": "Media"}
SITE = {
    "r1": {"addresses": ["10.0.0.1"], "rules": [{**MEDIA, "direction": "in", "peers": ["10.0.0.5/32"]}]},
    "v1": {"addresses": ["10.0.0.5"], "rules": [{**MEDIA, "direction": "out", "peers": ["10.0.0.1/32"]}]},
}
LINE = [
    "v1",
    "10.0.0.5",
    "r1",
    "10.0.0.1",
    "tcp",
    "7563",
    "Media",
    "acme.recorder.media",
    "Acme guide: table 1 (Ports) row 1",
]


def test_csv() -> None:
    assert list(csv.reader(io.StringIO(firewall_request(SITE, "csv", matrix=MATRIX))))[1:] == [LINE]


def test_markdown() -> None:
    assert "| " + " | ".join(LINE) + " |" in firewall_request(SITE, matrix=MATRIX).splitlines()


def test_xlsx_is_base64() -> None:
    data = base64.b64decode(firewall_request(SITE, "xlsx", matrix=MATRIX))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Rules to allow", "Not in this request", "Documents"]
    assert [cell.value for cell in book["Rules to allow"][2]] == LINE


def test_former_hosts_and_part() -> None:
    former = firewall_request(SITE, "csv", matrix=MATRIX)
    assert "0 rules to add, 0 rules to remove." in firewall_request(SITE, matrix=MATRIX, former=former)
    assert len(firewall_request(SITE, "csv", matrix=MATRIX, hosts=["elsewhere"]).splitlines()) == 1
    assert firewall_request(SITE, "csv", matrix=MATRIX, part="left_out") == "host,flow,reason,set\n"


@pytest.mark.parametrize(
    ("policies", "options", "error"),
    [
        (SITE, {}, "matrix is required; allowed: what the lookup vidnet.portmatrix.matrix returns"),
        ([], {"matrix": MATRIX}, "the input must be host to policy, such as hostvars | vidnet.portmatrix.policy"),
        ({"r1": 7}, {"matrix": MATRIX}, "the input is no host to policy"),
        (SITE, {"matrix": MATRIX, "form": "nft"}, "unknown form 'nft'; allowed: markdown, csv, xlsx, html"),
        (SITE, {"matrix": MATRIX, "former": "x"}, "the first line is not that of a full request"),
        (SITE, {"matrix": MATRIX, "part": "x"}, "unknown part 'x'; allowed: rules, left_out, documents"),
    ],
)
def test_errors(policies: object, options: dict[str, object], error: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        firewall_request(policies, **options)
    assert str(raised.value).startswith("firewall_request: ")
    assert error in str(raised.value)
