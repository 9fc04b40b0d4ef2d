# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of programs names nothing that the matrix does not have, and says where each fact comes from."""

from __future__ import annotations

import fnmatch

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix, yaml_file
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.known import Owner
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host

DATA = yaml_file.read(known.FILE)
MATRIX = matrix.load()


def test_products_components_and_flows_are_those_of_the_matrix() -> None:
    for product, given in DATA["products"].items():
        assert product in MATRIX.products.values()
        assert {name for names in given["programs"].values() for name in names} <= set(MATRIX.components)
    for held in DATA["held_by_system"]:
        assert fnmatch.filter(MATRIX.flows, held["flow"]), held["flow"]


def test_every_entry_has_a_source_that_is_there() -> None:
    entries = [*DATA["products"].values(), *DATA["held_by_system"], *DATA["untouched"].values()]
    cited = {citation["document"] for entry in entries for citation in entry["source"]}
    assert cited == set(DATA["documents"])


@pytest.mark.parametrize(
    ("program", "service", "expected"),
    [
        (r"D:\program files\MILESTONE\x.exe", "", Owner("milestone")),
        (r"%ProgramData%\VideoDeviceDrivers\x.exe", "", Owner("milestone")),
        (r"E:\VideoOS.LPR.Server.exe", "", Owner("milestone", frozenset({"milestone_lpr_server"}))),
        ("", "Milestone XProtect Log Server", Owner("milestone")),
        ("", "MilestoneLike", None),
        (r"C:\Program Files\Other\Milestone\x.exe", "", None),
        (r"C:\Windows\System32\svchost.exe", "rpcss", None),
        ("", "", None),
    ],
)
def test_owners(program: str, service: str, expected: Owner | None) -> None:
    assert known.known().owner(WindowsRule("x", program=program, service=service)) == expected


def test_no_rule_of_windows_itself_is_a_vendors() -> None:
    assert not [rule for rule in windows_host.own() if known.known().owner(rule)]


def test_windows_own_groups_are_left_alone() -> None:
    found = {known.known().left_alone(rule) for rule in windows_host.own()}
    assert found == {"", "remote desktop", "WinRM", "core networking", "file sharing"}
    assert not [rule for rule in windows_host.installer() if known.known().left_alone(rule)]
