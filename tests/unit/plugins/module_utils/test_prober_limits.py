# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import prober
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import Probe


def test_addresses_take_turns():
    probes = [Probe("h", "s", address, "tcp", port, "open") for address in "ab" for port in (1, 2)]
    probes.append(Probe("h", "s", "c", "tcp", 1, "open"))
    assert [(each.address, each.port) for each in prober.spread(probes)] == [
        ("a", 1),
        ("b", 1),
        ("c", 1),
        ("a", 2),
        ("b", 2),
    ]


def test_nothing_to_probe():
    assert prober.verify("run-1", [], 1.0, 10, 1)["probes"] == 0


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((0, 1, 0), "timeout: 0; allowed is more than 0 and at most 60 seconds"),
        ((61, 1, 0), "timeout: 61; allowed is more than 0 and at most 60 seconds"),
        ((float("nan"), 1, 0), "timeout: nan; allowed is more than 0 and at most 60 seconds"),
        ((1, 0, 0), "concurrency: 0; allowed is 1 to 16384"),
        ((1, 16385, 0), "concurrency: 16385; allowed is 1 to 16384"),
        ((1, 1, -1), "retries: -1; allowed is 0 to 10"),
        ((1, 1, 11), "retries: 11; allowed is 0 to 10"),
    ],
)
def test_limits(limits, message):
    with pytest.raises(ValueError) as caught:
        prober.checked_limits(*limits)
    assert str(caught.value) == message
