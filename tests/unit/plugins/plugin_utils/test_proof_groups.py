# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_groups import Group, groups, together


def host(name: str, site: str = "hq", *components: str) -> dict[str, object]:
    return {"name": name, "site": site, "components": list(components)}


def test_hosts_of_the_same_site_and_components_are_one_group_in_the_order_that_people_count() -> None:
    found = groups(
        [host("cam10", "hq", "camera"), host("guest"), host("cam9", "hq", "camera"), host("b1", "branch", "camera")]
    )
    assert found == [
        Group("branch", ("camera",), ("b1",)),
        Group("hq", ("camera",), ("cam9", "cam10")),
        Group("hq", (), ("guest",)),
    ]


def test_sites_are_in_the_order_that_people_count() -> None:
    assert [
        group.site for group in groups([host("a", "site10"), host("b", "site9"), host("c", "9"), host("d", "")])
    ] == [
        "",
        "9",
        "site9",
        "site10",
    ]


def test_all_sites_together_have_a_group_for_each_set_of_components() -> None:
    found = groups([host("a", "s1", "camera"), host("b", "s2", "camera"), host("c", "s2"), host("d", "s1", "server")])
    assert together(found) == [
        Group("", ("camera",), ("a", "b")),
        Group("", ("server",), ("d",)),
        Group("", (), ("c",)),
    ]
