# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault that is made on a small site is found and located, and once it is taken back nothing is found."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.compare import differences as read_differences
from tests.conftest import COLLECTIONS_PATH
from tests.faults.fault import Fault
from tests.faults.seeded_faults import FAULTS
from tests.support.fault_lab import FaultLab, Rows


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultLab]:
    with FaultLab(tmp_path_factory.mktemp("lab"), COLLECTIONS_PATH) as lab:
        assert lab.proven(retries=3) == {}
        yield lab


def named(differences: Rows) -> dict[str, dict[str, Any]]:
    """Return the rows by ``initiator>listener family protocol port``."""
    return {
        f"{host}>{row['to']} {6 if ':' in row['address'] else 4} {row['protocol']} {row['port']}": row
        for host, rows in differences.items()
        for row in rows
    }


def test_there_are_thirty_faults_and_more() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 30
    assert sum(bool(fault.differs) for fault in FAULTS) >= 30


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_a_fault_is_found_and_located(lab: FaultLab, fault: Fault) -> None:
    fault.seed(lab)
    try:
        differences = lab.proven(retries=1)
        found = named(lab.located(differences)) if differences else {}
        strays = {name for name in found if not fault.causes(name)}
        read = readback(lab, fault.host) if fault.reads else []
    finally:
        fault.heal(lab)
    for pattern in fault.differs:
        assert fnmatch.filter(found, pattern), (pattern, sorted(found))
    assert not strays, {name: found[name] for name in strays}
    for name, row in found.items():
        assert not fault.causes(name) or fault.explains(row["where"]), (name, row)
    if fault.reads:
        kind, rule = fault.reads
        assert [entry for entry in read if entry["kind"] == kind and rule in entry["rule"]], read
    assert lab.proven(retries=3) == {}


def test_the_playbook_finds_and_locates_many_at_once(lab: FaultLab) -> None:
    faults = [fault for fault in FAULTS if fault.together]
    assert len(faults) > 10
    scripts = {fault.host: lab.policy(fault.host) for fault in faults if fault.host}
    for fault in faults:
        if fault.host:
            scripts[fault.host] = fault.script(scripts[fault.host])
    lab.silence()
    try:
        for host, script in scripts.items():
            lab.on(host, "nft", script)
        for fault in faults:
            if fault.make:
                fault.make(lab)
        found = named(lab.verified())
    finally:
        for fault in faults:
            fault.heal(lab)
    for fault in faults:
        mine = {name: row for name, row in found.items() if fault.causes(name)}
        assert len(mine) >= len(fault.differs), (fault.name, sorted(found))
        assert all(fault.explains(row["where"]) for row in mine.values()), (fault.name, mine)
    assert all(any(fault.causes(name) for fault in faults) for name in found), sorted(found)
    assert lab.verified() == {}


def readback(lab: FaultLab, host: str) -> list[dict[str, Any]]:
    """Return how the rules in force on a host differ from its policy."""
    values = lab.hosts[host]
    return read_differences(
        lab.on(host, "ruleset"),
        values["portmatrix_rules"],
        values.get("portmatrix_egress", "allow"),
        values["portmatrix_addresses"],
    )


@pytest.mark.parametrize("host", ["rs1", "operator1"])
def test_rules_without_a_fault_read_as_declared(lab: FaultLab, host: str) -> None:
    assert readback(lab, host) == []
