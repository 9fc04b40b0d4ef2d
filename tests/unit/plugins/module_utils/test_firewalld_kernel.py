# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the listing of firewalld's table tells of our policies."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_kernel import holds

ASKED = "\t\tjump filter_IN_policy_portmatrix-in-a\n"
RULES = "\t\tjump filter_IN_policy_portmatrix-in-a_allow\n"


@pytest.mark.parametrize(
    ("listing", "in_force", "agrees"),
    [
        (ASKED + RULES, True, True),
        ("", False, True),
        ("", True, False),
        (ASKED + RULES, False, False),
        (RULES, True, False),
        (ASKED + RULES + ASKED + RULES, True, False),
        (ASKED + RULES + RULES, True, False),
        (ASKED.replace("in-a", "in-ab") + RULES, True, False),
    ],
)
def test_each_policy_in_force_is_asked_once(listing: str, in_force: bool, agrees: bool) -> None:
    assert holds(listing, {"portmatrix-in-a": in_force, "portmatrix-in-b": False}) is agrees
