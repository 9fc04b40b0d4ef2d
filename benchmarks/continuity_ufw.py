# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies applied through ufw, beside what community.general.ufw and ufw's own commands do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.vidnet.portmatrix.benchmarks import continuity_watch
from ansible_collections.vidnet.portmatrix.benchmarks.apply_cost import policy
from ansible_collections.vidnet.portmatrix.benchmarks.continuity_watch import (
    FEW,
    NETWORKS,
    OURS,
    PERMITTED,
    TIMES,
    Row,
    Stage,
    changed,
    measured,
    rotation,
)
from ansible_collections.vidnet.portmatrix.benchmarks.peers import Modules
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab

PEER = "community.general.ufw"
BY_HAND = f"allow {PERMITTED}/tcp"
"""So that the permitted port is open without us, too."""


def applies(lab: UfwLab, *variants: int) -> None:
    """Apply these variants of a policy of 100 rules, one after the other; each has to change something."""
    for variant in variants:
        changed(lab.apply([*policy(variant)[:-1], rule(str(PERMITTED), NETWORKS[variant])]))


def laboratory(lab: UfwLab) -> None:
    """Put a host with ufw, servers on both ports, and a client into the laboratory."""
    continuity_watch.laboratory(lab)
    lab.enable()


def rows(modules: Modules) -> Iterator[Row]:
    """Yield what the client counted."""
    with UfwLab() as lab:
        laboratory(lab)

        def peer(times: int, *tasks: dict[str, Any]) -> None:
            for number in range(times):
                modules.run(lab, PEER, **tasks[number % len(tasks)])

        def allow(port: int, source: str = "any") -> dict[str, Any]:
            return {"rule": "allow", "port": str(port), "proto": "tcp", "from_ip": source}

        def delete(port: int, source: str = "any") -> dict[str, Any]:
            return {**allow(port, source), "delete": True}

        old, new = NETWORKS[:2]
        stages = [
            Stage(OURS, "first policy", lambda: applies(lab, 2), setup=lambda: lab.ufw(BY_HAND)),
            Stage(
                OURS,
                f"{TIMES} re-applies",
                lambda: applies(lab, *rotation(TIMES)),
                setup=lambda: lab.ufw(f"delete {BY_HAND}"),
            ),
            Stage(OURS, "removal", lambda: lab.apply(state="absent"), setup=lambda: lab.ufw(BY_HAND)),
            Stage(PEER, f"{TIMES} times another rule: allowed, deleted", lambda: peer(TIMES, allow(9), delete(9))),
            Stage(
                PEER,
                f"{FEW} times the rule replaced: new allowed, old deleted",
                lambda: peer(
                    2 * FEW,
                    *(allow(PERMITTED, new), delete(PERMITTED, old), allow(PERMITTED, old), delete(PERMITTED, new)),
                ),
                setup=lambda: peer(2, allow(PERMITTED, old), delete(PERMITTED)),
            ),
            Stage(
                PEER,
                f"{FEW} times the rule replaced: old deleted, new allowed",
                lambda: peer(
                    2 * FEW,
                    *(delete(PERMITTED, old), allow(PERMITTED, new), delete(PERMITTED, new), allow(PERMITTED, old)),
                ),
            ),
            Stage(PEER, f"{FEW} times state: enabled", lambda: peer(FEW, {"state": "enabled"})),
            Stage(PEER, f"{FEW} times policy: deny", lambda: peer(FEW, {"default": "deny"})),
            Stage("ufw reload", f"{FEW} times", lambda: [lab.ufw("reload") for _time in range(FEW)]),
        ]
        yield from measured("ufw", lab, stages)
