# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies applied by nft, beside a file that begins with ``flush ruleset``, which is what nftables.service loads."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vidnet.portmatrix.benchmarks.apply_cost import policy
from ansible_collections.vidnet.portmatrix.benchmarks.continuity_watch import (
    NETWORKS,
    OURS,
    PERMITTED,
    PORTS,
    TIMES,
    Row,
    Stage,
    changed,
    laboratory,
    measured,
    rotation,
)
from ansible_collections.vidnet.portmatrix.benchmarks.peers import Modules
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import NftLab, rule


def applies(lab: NftLab, *variants: int) -> None:
    """Apply these variants of a policy of 100 rules, one after the other; each has to change something."""
    for variant in variants:
        changed(lab.apply([*policy(variant)[:-1], rule(str(PERMITTED), NETWORKS[variant])]))


def write_files(lab: NftLab) -> None:
    """Write the same policies as files that take everything away first, under another table name, and load the first."""
    for variant in range(len(NETWORKS)):
        applies(lab, variant)
        table = lab.listing().replace("table inet portmatrix", "table inet filter", 1)
        lab.shell(f"cat > /run/{variant}.nft", input=f"flush ruleset\n{table}")
    lab.apply(state="absent")
    load(lab, [0])


def load(lab: NftLab, variants: list[int], before: str = "") -> None:
    """Load these files one after the other, each after the command ``before``."""
    lab.shell("\n".join(f"{before}\nnft -f /run/{variant}.nft" for variant in variants))


def rows(_modules: Modules) -> Iterator[Row]:
    """Yield what the client counted."""
    with NftLab() as lab:
        laboratory(lab)
        only_permitted = {PERMITTED: PORTS[PERMITTED]}  # no firewall shuts the other one
        stages = [
            Stage(OURS, "first policy", lambda: applies(lab, 2), only_permitted),
            Stage(OURS, f"{TIMES} re-applies", lambda: applies(lab, *rotation(TIMES))),
            Stage(OURS, "removal", lambda: lab.apply(state="absent"), only_permitted),
            Stage(
                "nftables.service",
                f"{TIMES} reloads: nft -f of a file with flush ruleset",
                lambda: load(lab, rotation(TIMES)[::-1]),
                setup=lambda: write_files(lab),
            ),
            Stage(
                "nftables.service",
                f"{TIMES} restarts: nft flush ruleset, then nft -f",
                lambda: load(lab, rotation(TIMES), "nft flush ruleset"),
            ),
        ]
        yield from measured("nftables", lab, stages)
