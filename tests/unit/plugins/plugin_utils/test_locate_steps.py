# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_steps import REQUEST, STEPS, suspects


def counts(came, *hosts):
    """Return what the hosts counted of packets that came past the first ``came`` steps."""
    return {
        host: {
            side: {
                step.point: int(STEPS.index(step) < came) for step in STEPS if (step.host, step.side) == (host, side)
            }
            for side in ("request", "answer")
        }
        if host in hosts
        else None
        for host in ("initiator", "listener")
    }


@pytest.mark.parametrize("came", range(8))
def test_two_witnesses_leave_one_suspect(came):
    assert suspects(counts(came, "initiator", "listener")) == [STEPS[came]]


@pytest.mark.parametrize(
    ("came", "witness", "first", "last"),
    [
        (0, "initiator", 0, 0),
        (1, "initiator", 1, 1),
        (2, "initiator", 2, 6),
        (7, "initiator", 7, 7),
        (0, "listener", 0, 2),
        (3, "listener", 3, 3),
        (5, "listener", 5, 5),
        (6, "listener", 6, 7),
    ],
)
def test_one_witness_leaves_what_it_cannot_see(came, witness, first, last):
    assert suspects(counts(came, witness)) == list(STEPS[first : last + 1])


def test_no_witness_leaves_everything_and_no_loss_leaves_nothing():
    assert suspects(counts(0)) == list(STEPS)
    assert suspects(counts(8, "initiator", "listener")) == []
    assert suspects(counts(4, "initiator", "listener"), REQUEST) == []
