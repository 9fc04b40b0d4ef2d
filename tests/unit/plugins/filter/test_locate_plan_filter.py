# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.locate_plan import FilterModule

WAY = {"to": "rs1", "source": "10.0.0.5", "address": "10.0.0.11", "protocol": "tcp"}
ROW = {**WAY, "port": 7563, "expected": "open", "observed": "filtered"}
FLOW = {"source": "10.0.0.5", "address": "10.0.0.11", "protocol": "tcp", "port": 7563}
locate_plan = FilterModule().filters()["locate_plan"]


@pytest.mark.parametrize("before", [{}, {"expectations": {"op1": [{**WAY, "open": [1, 7563], "shut": []}]}}])
def test_a_plan_for_both_hosts(before):
    assert locate_plan({"op1": [ROW]}, **before) == {
        "op1": {"flows": [FLOW], "expectations": [{**WAY, "open": [7563], "shut": []}]},
        "rs1": {"flows": [FLOW], "expectations": []},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([ROW],), "locate_plan: the differences: list; allowed is a dict of hosts"),
        (({"op1": [ROW]}, [WAY]), "locate_plan: expectations: list; allowed is a dict of hosts"),
        (({"op1": [{}]},), "locate_plan: allowed are results of port_probe; not understood: 'to'"),
    ],
)
def test_wrong_input(given, message):
    with pytest.raises(AnsibleFilterError, match=message):
        locate_plan(*given)
