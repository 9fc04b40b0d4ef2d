# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether any packet is lost or let in while policies are applied through ufw, beside what ufw's own commands do.

Run it as ``make bench``, or with a tree that holds the collection in PYTHONPATH. As continuity.py, in a laboratory of its own
with ufw enabled: the first apply, 50 re-applies that alternate between two policies of 100 rules, and the removal; then
``ufw allow`` and ``ufw delete`` of one rule, which is what community.general.ufw runs, ``ufw reload``, and a ``ufw default
deny`` that changes nothing. Exits 1 on the first loss or leak of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from ansible_collections.vidnet.portmatrix.benchmarks.apply_cost import policy
from ansible_collections.vidnet.portmatrix.benchmarks.continuity import DENIED, PERMITTED, SERVER, watched
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab

APPLIES = 50
PORTS = {PERMITTED: "open", DENIED: "shut"}


def applies(lab: UfwLab, *variants: int) -> None:
    """Apply these variants of the policy, one after the other; each has to change something."""
    for variant in variants:
        # the permitted rule differs as well: its peers are a network, then a host
        result = lab.apply([*policy(variant)[:-1], rule(str(PERMITTED), ("10.9.0.0/24", "10.9.0.2")[variant])])
        if not result.get("changed"):
            sys.exit(f"nothing was applied: {result}")


def laboratory(lab: UfwLab) -> None:
    """Put a host with ufw, servers on both ports, and a client into the laboratory."""
    lab.host(HOST, "10.9.0.1/24")
    lab.host("client", "10.9.0.2/24")
    lab.enable()
    server = lab.start(HOST, sys.executable, "-c", SERVER, str(PERMITTED), str(DENIED))
    server.stdout.readline()


def main() -> None:
    """Print the counts of each stage; exit 1 on a loss or a leak of ours."""
    with UfwLab() as lab:
        laboratory(lab)
        by_hand = f"allow {PERMITTED}/tcp"  # so that the permitted port is open without us, too
        stages: list[tuple[str, str, Callable[[], object]]] = [
            ("first apply", by_hand, lambda: applies(lab, 1)),
            (
                f"{APPLIES} re-applies",
                f"delete {by_hand}",
                lambda: applies(lab, *(number % 2 for number in range(APPLIES))),
            ),
            ("removal", by_hand, lambda: lab.apply(state="absent")),
            ("ufw allow, ufw delete", "status", lambda: (lab.ufw("allow 9/tcp"), lab.ufw("delete allow 9/tcp"))),
            ("ufw reload", "status", lambda: lab.ufw("reload")),
            ("ufw default deny", "status", lambda: lab.ufw("default deny")),
        ]
        failed = False
        for name, before, work in stages:
            lab.ufw(before)
            counted = watched(lab, PORTS, work)
            print(
                f"{name}: {counted['permitted']} permitted connections, {counted['lost']} lost;"
                f" {counted['denied']} denied, {counted['let_in']} let in"
            )
            failed |= not name.startswith("ufw") and bool(counted["lost"] or counted["let_in"])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
