# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies applied through firewalld, beside what ansible.posix.firewalld and ``firewall-cmd --reload`` do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.vidnet.portmatrix.benchmarks.continuity_watch import (
    FEW,
    NETWORKS,
    OURS,
    PERMITTED,
    TIMES,
    Row,
    Stage,
    changed,
    laboratory,
    measured,
    rotation,
)
from ansible_collections.vidnet.portmatrix.benchmarks.peers import Modules
from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import FirewalldLab
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import rule

PEER = "ansible.posix.firewalld"
RULES = 16
"""Few: firewalld checks all that it has for each rule added, and sends a policy in one message, which wmem_max bounds."""
RELOAD = "firewalld learns that a policy object is new, or gone, only by one reload (docs/firewalld.md)"


def policy(variant: int) -> list[dict[str, object]]:
    """Return the rules of a policy; any two of the three variants differ in every second rule, and in the permitted one."""
    rules = [
        rule(str(7000 + 10 * number + variant * (number % 2)), f"10.1.{number}.0/24") for number in range(RULES - 1)
    ]
    return [*rules, rule(str(PERMITTED), NETWORKS[variant])]


def rich(source: str, port: int = PERMITTED) -> str:
    """Return the rich rule that lets a source in."""
    network = source if "/" in source else f"{source}/32"
    return f'rule family="ipv4" source address="{network}" port port="{port}" protocol="tcp" accept'


def rows(modules: Modules) -> Iterator[Row]:
    """Yield what the client counted."""
    with FirewalldLab() as lab:
        laboratory(lab)
        lab.start_firewalld()

        def apply(*variants: int) -> None:
            for variant in variants:
                changed(modules.run(lab, "vidnet.portmatrix.firewalld_policy", rules=policy(variant)))

        def by_hand(change: str) -> None:
            lab.command(f"--{change}-port={PERMITTED}/tcp")
            lab.command("--permanent", f"--{change}-port={PERMITTED}/tcp")

        def peer(times: int, *tasks: dict[str, Any]) -> None:
            for number in range(times):
                modules.run(lab, PEER, permanent=True, immediate=True, **tasks[number % len(tasks)])

        def enabled(source: str, port: int = PERMITTED) -> dict[str, Any]:
            return {"rich_rule": rich(source, port), "state": "enabled"}

        def disabled(source: str, port: int = PERMITTED) -> dict[str, Any]:
            return {"rich_rule": rich(source, port), "state": "disabled"}

        old, new = NETWORKS[:2]
        stages = [
            Stage(OURS, "first policy", lambda: apply(2), setup=lambda: by_hand("add"), excuse=RELOAD),
            Stage(OURS, f"{TIMES} re-applies", lambda: apply(*rotation(TIMES)), setup=lambda: by_hand("remove")),
            Stage(
                OURS,
                "removal",
                lambda: modules.run(lab, "vidnet.portmatrix.firewalld_policy", state="absent"),
                setup=lambda: by_hand("add"),
                excuse=RELOAD,
            ),
            Stage(
                PEER,
                f"{TIMES} times another rule: enabled, disabled",
                lambda: peer(TIMES, enabled(old, 9), disabled(old, 9)),
            ),
            Stage(
                PEER,
                f"{FEW} times the rule replaced: new enabled, old disabled",
                lambda: peer(2 * FEW, enabled(new), disabled(old), enabled(old), disabled(new)),
                setup=lambda: (peer(1, enabled(old)), by_hand("remove")),
            ),
            Stage(
                PEER,
                f"{FEW} times the rule replaced: old disabled, new enabled",
                lambda: peer(2 * FEW, disabled(old), enabled(new), disabled(new), enabled(old)),
            ),
            Stage("firewall-cmd --reload", f"{FEW} times", lambda: [lab.command("--reload") for _time in range(FEW)]),
        ]
        yield from measured("firewalld", lab, stages)
