# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import client_of, cut_off
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

RULES = checked([rule("22", "10.9.0.0/24"), rule("2222", "any", direction="out")])


@pytest.mark.parametrize("connection", ["", "10.9.0.7 50000 10.9.0.1 22", "10.8.0.1 50000 10.8.0.1 22"])
def test_a_connection_that_stays_possible_or_is_none_is_no_reason(connection):
    assert cut_off(RULES, client_of(connection)) == ""


@pytest.mark.parametrize(
    ("connection", "port", "client"),
    [
        ("10.8.0.7 50000 10.9.0.1 22", 22, "10.8.0.7"),
        ("10.9.0.7 50000 10.9.0.1 2222", 2222, "10.9.0.7"),
        ("fe80::7%eth0 50000 fe80::1%eth0 22", 22, "fe80::7"),
    ],
)
def test_a_connection_that_would_be_cut_off_is_named_with_what_is_missing(connection, port, client):
    assert cut_off(RULES, client_of(connection)) == (
        f"these rules would cut off this very connection: no rule accepts tcp to port {port} from {client};"
        f" add {client} to portmatrix_management_sources"
    )
