# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import csv
import io
import json
import sys

import openpyxl
import pytest
from ansible.errors import AnsibleFilterError
from bs4 import BeautifulSoup

from ansible_collections.vidnet.portmatrix.plugins.filter.render import FilterModule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX

render = FilterModule().filters()["render"]
RULES = [
    {
        "direction": "in",
        "protocol": "tcp",
        "ports": ["80", "443"],
        "peers": ["10.0.0.5/32", "2001:db8::/64"],
        "flows": ["a.b.c"],
        "reason": "Web | more, or less",
    },
    {
        "direction": "out",
        "protocol": "udp",
        "ports": ["53"],
        "peers": ["any"],
        "flows": ["a.b.d", "a.b.e"],
        "reason": "Names",
    },
]

MEDIA = {"protocol": "tcp", "ports": ["7563"], "flows": ["acme.recorder.media"], "reason": "Media"}
SITE = {
    "r1": {"addresses": ["10.0.0.1"], "rules": [{**MEDIA, "direction": "in", "peers": ["10.0.0.5/32"]}]},
    "v1": {"addresses": ["10.0.0.5"], "rules": [{**MEDIA, "direction": "out", "peers": ["10.0.0.1/32"]}]},
}


def test_csv_is_read_back() -> None:
    rows = list(csv.DictReader(io.StringIO(render(RULES, "csv"))))
    assert rows[0]["ports"] == "80, 443"
    assert rows[0]["reason"] == "Web | more, or less"
    assert rows[1]["flows"] == "a.b.d, a.b.e"
    assert "host" not in rows[0]


def test_csv_of_several_hosts() -> None:
    rows = list(csv.DictReader(io.StringIO(render({"rs1": {"rules": RULES}, "ms1": RULES[:1]}, "csv"))))
    assert [row["host"] for row in rows] == ["ms1", "rs1", "rs1"]


def test_markdown_keeps_its_columns() -> None:
    lines = render(RULES).splitlines()
    assert lines[0] == "| direction | protocol | ports | peers | reason | flows |"
    assert all(line.replace("\\|", "").count("|") == 7 for line in lines)


def test_json() -> None:
    assert json.loads(render(RULES, "json")) == RULES
    assert json.loads(render({"rs1": RULES}, "json")) == {"rs1": RULES}


def test_nft() -> None:
    text = render(RULES, "nft")
    assert 'ip saddr 10.0.0.5 tcp dport { 80, 443 } counter accept comment "a.b.c"' in text
    assert "udp dport 53" not in text
    assert "udp dport 53" in render(RULES, "nft", egress="enforce")


def test_csv_runs_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(render([{**RULES[0], "reason": "=1+1"}], "csv"))))
    assert rows[0]["reason"] == "'=1+1"


def test_html() -> None:
    page = BeautifulSoup(render({"rs1": RULES}, "html"), "html.parser")
    cells = [cell.get_text() for cell in page.select("tbody tr")[0].find_all(["th", "td"])]
    assert cells == ["rs1", "in", "tcp", "80, 443", "10.0.0.5/32, 2001:db8::/64", "Web | more, or less", "a.b.c"]
    assert page.find("p").string == "2 rules."


def test_xlsx_is_base64() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(base64.b64decode(render({"rs1": RULES}, "xlsx"))))["Rules"]
    assert [cell.value for cell in sheet[3]] == ["rs1", "out", "udp", "53", "any", "Names", "a.b.d, a.b.e"]


def test_xlsx_without_openpyxl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(AnsibleFilterError, match="^render: the Python package openpyxl is needed on the controller"):
        render({"rs1": RULES}, "xlsx")


@pytest.mark.parametrize("form", ["markdown", "csv", "html"])
def test_with_the_matrix_it_is_the_resolved_matrix(form: str) -> None:
    text = render(SITE, form, matrix=MATRIX)
    assert "r1 (10.0.0.1)" in text
    assert "Acme guide: table 1 (Ports) row 1" in text


def test_hosts_and_parts_can_be_chosen() -> None:
    rows = list(csv.DictReader(io.StringIO(render(SITE, "csv", matrix=MATRIX, hosts=["v1"]))))
    assert [row["host"] for row in rows] == ["v1"]
    assert [row["host"] for row in csv.DictReader(io.StringIO(render(SITE, "csv", hosts=["r1"])))] == ["r1"]
    assert render(SITE, "csv", matrix=MATRIX, part="documents") == "document,address\nAcme guide,\n"
    page = render(SITE, matrix=MATRIX, part="unresolved")
    assert page.endswith("## Unresolved\n\nNone.\n") and "## Rules" not in page


@pytest.mark.parametrize(
    ("rules", "options", "error"),
    [
        (RULES, {"matrix": MATRIX}, "matrix: a list of rules has no hosts; allowed with a mapping of host to policy"),
        (SITE, {"matrix": MATRIX, "part": "all"}, "unknown part 'all'; allowed: rules, unresolved, documents"),
        (SITE, {"matrix": {}}, "the input is no list of rules: KeyError('documents')"),
    ],
)
def test_errors_with_the_matrix(rules: object, options: dict[str, object], error: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        render(rules, "html", **options)
    assert error in str(raised.value)


@pytest.mark.parametrize(
    ("rules", "form", "error"),
    [
        (
            RULES,
            "pdf",
            "unknown form 'pdf'; allowed: nft, json, lgpo, registry_pol, powershell, markdown, csv, xlsx, html",
        ),
        ({"a": RULES, "b": RULES}, "nft", "nft is the text of one host"),
        ([{**RULES[0], "ports": ["70000"]}], "nft", "70000 is outside 1-65535"),
        ([{**RULES[0], "peers": []}], "nft", "peers: is empty"),
        ([{}], "csv", "the input is no list of rules"),
        (7, "csv", "the input is no list of rules"),
    ],
)
def test_errors(rules: object, form: str, error: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        render(rules, form)
    assert error in str(raised.value)


def test_windows() -> None:
    assert "|Protocol=6|LPort=80|LPort=443|RA4=10.0.0.5/255.255.255.255|RA6=2001:db8::/64|" in render(RULES, "lgpo")
    assert base64.b64decode(render(RULES, "registry_pol")).startswith(b"PReg\x01\0\0\0")
    assert "RemotePort = @('53')" in render(RULES, "powershell", egress="enforce")
    with pytest.raises(AnsibleFilterError, match="portmatrix_management_sources"):
        render(RULES, "powershell", profiles="enforce")
