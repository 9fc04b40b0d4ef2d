# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of sixty hosts: devices of every vendor, applied, and proven by more than 20,000 probes without a difference."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.ansible_runs import hostvars
from tests.support.lab import EXAMPLE, SiteLab, recap

INVENTORY = EXAMPLE / "sixty"


class Sixty(NamedTuple):
    """The running lab with its rules applied, its host variables, and what one proof of it said."""

    lab: SiteLab
    hosts: dict[str, dict[str, Any]]
    seconds: float
    table: dict[str, Any]
    progress: list[str]


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sixty]:
    with SiteLab(tmp_path_factory.mktemp("sixty"), INVENTORY) as lab:
        hosts = hostvars(INVENTORY)
        assert recap(lab.playbook("site.yml")) == dict.fromkeys(hosts, 1)
        begun = time.monotonic()
        done = lab.playbook("verify.yml", "-e", f"portmatrix_report_dir={lab.directory}")
        seconds = time.monotonic() - begun
        assert recap(done) == dict.fromkeys(hosts, 0)
        table = json.loads((lab.directory / "truth-table.json").read_text())
        yield Sixty(lab, hosts, seconds, table, [line for line in done.stderr.splitlines() if "portmatrix:" in line])


def test_sixty_hosts_are_proven(sixty: Sixty, capsys: pytest.CaptureFixture[str]) -> None:
    probes = sixty.table["summary"]["probes"]
    with capsys.disabled():
        print(f"\n{len(sixty.hosts)} hosts, {probes:,} probes, proven in {sixty.seconds:.1f} s")
    assert len(sixty.hosts) == 60
    assert probes > 20000
    assert sixty.table["summary"] == {"probes": probes, "differences": 0, "nothing_probed_from": []}


def test_every_vendor_site_and_family_is_in_it(sixty: Sixty) -> None:
    flows = {
        flow
        for host in sixty.hosts.values()
        for rule in host["portmatrix_rules"]
        if rule["direction"] == "in"
        for flow in rule["flows"]
    }
    assert {flow.partition(".")[0] for flow in flows} >= {"milestone", "flow", "pearl", "hikvision", "portmatrix"}
    assert {host["portmatrix_site"] for host in sixty.hosts.values()} == {"centre", "harbour", "depot"}
    assert [gap for host in sixty.hosts.values() for gap in host["portmatrix_unresolved"]] == []
    rows = sixty.table["results"]
    assert {row["initiator"] for row in rows} == {row["to"] for row in rows} == sixty.hosts.keys()
    asked = {(row["expected"], row["protocol"], ":" in row["address"]) for row in rows}
    assert len(asked) == 2 * 2 * 2
    sites = {
        (sixty.hosts[row["initiator"]]["portmatrix_site"], sixty.hosts[row["to"]]["portmatrix_site"]) for row in rows
    }
    assert len(sites) == 3 * 3


def test_the_progress_was_told(sixty: Sixty) -> None:
    probes = sixty.table["summary"]["probes"]
    last = rf"portmatrix: asked, 60 of 60 hosts, {probes:,} probes, 0 differences, \d+ (s|min)"
    assert any(re.fullmatch(last, line) for line in sixty.progress), sixty.progress


def test_what_is_opened_by_hand_is_found(sixty: Sixty) -> None:
    shut = [
        row for row in sixty.table["results"] if (row["to"], row["expected"], row["protocol"]) == ("rs1", "shut", "tcp")
    ]
    row = next(row for row in shut if ":" not in row["address"])
    hole = f"nft insert rule inet portmatrix input ip saddr {row['source']} tcp dport {row['port']} accept"
    sixty.lab.run("rs1", "sh", "-ec", hole)
    done = sixty.lab.playbook("verify.yml", "--limit", f"rs1,{row['initiator']}")
    assert done.returncode == 2, done.stdout + done.stderr
    sentence = f"{row['initiator']} -> rs1 {row['address']} tcp {row['port']}: must be shut, was open"
    assert sentence in done.stdout
