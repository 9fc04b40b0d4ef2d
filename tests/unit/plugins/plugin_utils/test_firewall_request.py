# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, report_csv
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.firewall_request import (
    CHANGE,
    LINE,
    firewall_request,
    read,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import Report
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils import sites
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.test_network_ways import policies, ways_of

DATA = matrix.as_data(built())


def inventory(**variables: Any) -> dict[str, Any]:
    return {
        "v1": {"groups": ["viewer"], "vars": {"portmatrix_addresses": ["10.0.0.5", "2001:db8::5"]}},
        "r1": {"groups": ["recorder"], "vars": {"portmatrix_addresses": ["10.0.0.1", "2001:db8::1"], **variables}},
        "r2": {"groups": ["recorder"], "vars": {"ansible_host": "10.0.0.2"}},
    }


def request(site: dict[str, Any], **options: Any) -> Report:
    return firewall_request(policies(site), DATA, **options)


def short(report: Report) -> list[tuple[str, ...]]:
    """Return the lines without reasons."""
    columns = report.tables[0].columns
    kept = [columns.index(name) for name in columns if name not in ("justification", "flows", "citation")]
    return [tuple(row[number] for number in kept) for row in report.tables[0].rows]


def as_csv(report: Report) -> str:
    return report_csv.text(report.tables[0])


def test_one_line_for_each_pair() -> None:
    report = request(inventory())
    assert report.tables[0].columns == LINE
    assert short(report) == [
        ("r1", "10.0.0.1, 2001:db8::1", "cloud", "198.51.100.7, 2001:db8:c::7", "udp", "31228"),
        ("r1", "10.0.0.1", "r2", "10.0.0.2", "tcp", "9000-9001"),
        ("r2", "10.0.0.2", "cloud", "198.51.100.7", "udp", "31228"),
        ("r2", "10.0.0.2", "r1", "10.0.0.1", "tcp", "9000-9001"),
        ("v1", "10.0.0.5, 2001:db8::5", "r1", "10.0.0.1, 2001:db8::1", "tcp", "7563"),
        ("v1", "10.0.0.5", "r2", "10.0.0.2", "tcp", "7563"),
    ]
    media = report.tables[0].rows[-1]
    assert media[6:] == ("Media", "acme.recorder.media", "Acme guide: table 1 (Ports) row 1")
    assert report.summary == "6 rules to allow."


def test_ports_of_several_flows_are_one_line() -> None:
    own = {
        "id": "own.recorder.web",
        "from": "viewer",
        "to": "recorder",
        "protocol": "tcp",
        "port": 443,
        "description": "Web",
    }
    report = request(inventory(portmatrix_flows=[own]))
    (line,) = [row for row in report.tables[0].rows if row[0] == "v1" and row[2] == "r1"]
    assert line[5:8] == ("443, 7563", "Web; Media", "acme.recorder.media, own.recorder.web")


def test_a_wider_source_is_enough() -> None:
    report = request(inventory(portmatrix_networks={"viewer": ["10.0.0.0/29"]}))
    to_r1 = [line for line in short(report) if line[2] == "r1" and line[5] == "7563"]
    assert to_r1 == [
        ("v1", "2001:db8::5", "r1", "2001:db8::1", "tcp", "7563"),
        ("viewer", "10.0.0.0/29", "r1", "10.0.0.1", "tcp", "7563"),
    ]


def test_only_some_hosts_are_asked_for_by_name() -> None:
    wide = inventory(portmatrix_networks={"viewer": ["10.0.0.0/29"]})
    lines = short(request(wide, hosts=["v1"]))
    assert ("v1", "10.0.0.5, 2001:db8::5", "r1", "10.0.0.1, 2001:db8::1", "tcp", "7563") in lines
    assert {line[0] for line in lines} == {"v1"}


def test_what_is_not_asked_for_is_listed() -> None:
    site = inventory(portmatrix_features=["multicast"])
    site["v1"]["vars"]["portmatrix_parameters"] = {"own_groups": ["239.8.8.8"]}
    site["r3"] = {"groups": ["recorder"], "vars": {"ansible_host": "name.example"}}
    _lines, left_out, _documents = request(site).tables
    assert ("v1", "acme.recorder.media", "no address is known of r3", "portmatrix_addresses on r3") in left_out.rows
    assert ("r3", "acme.recorder.media", "no address is known of r3", "portmatrix_addresses on r3") in left_out.rows
    igmp = [row for row in left_out.rows if row[2] == "IGMP stays in its own network"]
    assert {row[0] for row in igmp} >= {"r1", "v1"}


def test_multicast_goes_to_the_groups() -> None:
    site = inventory(portmatrix_features=["multicast"])
    expected = ("r1", "10.0.0.1, 2001:db8::1", "groups", "239.1.2.3, ff05::3", "udp", "6000-6010")
    for hosts in (None, ["r1"], ["v1"]):
        lines = [line for line in short(request(site, hosts=hosts)) if line[4] == "udp" and "60" in line[5]]
        assert expected in lines
        assert not [line for line in lines if line[2] == "v1"]


def test_the_same_again_asks_for_nothing() -> None:
    site = inventory()
    report = request(site, former=as_csv(request(site)))
    assert report.tables[0].columns == CHANGE
    assert report.tables[0].rows == []
    assert report.summary == "0 rules to add, 0 rules to remove."


def test_only_what_differs_is_asked_for() -> None:
    former = as_csv(request(inventory()))
    site = inventory(portmatrix_parameters={"media_port": "7563, 7600"})
    del site["r2"]
    report = request(site, former="\ufeff" + former)
    assert short(report) == [
        ("add", "v1", "10.0.0.5, 2001:db8::5", "r1", "10.0.0.1, 2001:db8::1", "tcp", "7600"),
        ("remove", "r1", "10.0.0.1", "r2", "10.0.0.2", "tcp", "9000-9001"),
        ("remove", "r2", "10.0.0.2", "cloud", "198.51.100.7", "udp", "31228"),
        ("remove", "r2", "10.0.0.2", "r1", "10.0.0.1", "tcp", "9000-9001"),
        ("remove", "v1", "10.0.0.5", "r2", "10.0.0.2", "tcp", "7563"),
    ]
    assert report.tables[0].rows[0][7:9] == ("Media", "acme.recorder.media")
    assert report.tables[0].rows[-1][7:9] == ("Media", "acme.recorder.media")
    assert report.summary == "1 rule to add, 4 rules to remove."


def test_a_part_of_the_site_is_compared_with_its_part() -> None:
    former = as_csv(request(inventory()))
    assert short(request(inventory(), former=former, hosts=["v1"])) == []
    del (fewer := inventory())["r2"]
    lines = short(request(fewer, former=former, hosts=["v1"]))
    assert lines == [("remove", "v1", "10.0.0.5", "r2", "10.0.0.2", "tcp", "7563")]


@given(sites.inventories())
@stable(40)
def test_a_request_is_read_back(inventory: dict[str, Any]) -> None:
    compiled = policies(inventory)
    report = firewall_request(compiled, DATA)
    ways = ways_of(compiled)
    assert read(as_csv(report)).keys() == ways.keys()
    assert firewall_request(compiled, DATA, former=as_csv(report)).tables[0].rows == []
    assert len(set(report.tables[0].rows)) == len(report.tables[0].rows)


HEAD = ",".join(LINE) + "\n"
GOOD = "a,10.0.0.1,b,10.0.0.2,tcp,80,why,f.g.h,where\n"


@pytest.mark.parametrize(
    ("former", "error"),
    [
        ("", "the first line is not that of a full request; allowed: source,source address,"),
        ("change," + HEAD, "the first line is not that of a full request"),
        (HEAD + GOOD + "a,b\n", "row 3: 2 cells; allowed: 9"),
        (HEAD + GOOD.replace("tcp", "icmp"), "row 2: protocol 'icmp'; allowed: tcp, udp"),
        (HEAD + GOOD.replace("80", "80000"), "row 2: 80000 is outside 1-65535"),
        (HEAD + GOOD.replace(",80,", ",,"), "row 2: '' is not a port or a range of ports"),
        (HEAD + GOOD.replace("10.0.0.1", "nowhere"), "row 2: 'nowhere' is not an address or network"),
        (HEAD + GOOD.replace("10.0.0.1", ""), "row 2: '' is not an address or network"),
    ],
)
def test_a_former_request_that_is_none(former: str, error: str) -> None:
    with pytest.raises(ValueError) as raised:
        request(inventory(), former=former)
    assert error in str(raised.value)


def test_long_cells_are_read() -> None:
    assert len(read(HEAD + GOOD.replace("why", "w" * 200_000))) == 1
