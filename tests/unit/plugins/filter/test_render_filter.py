# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io
import json

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.render import FilterModule

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


@pytest.mark.parametrize(
    ("rules", "form", "error"),
    [
        (RULES, "html", "unknown form 'html'; allowed: nft, csv, markdown, json"),
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
