# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to compile a Windows host's policy and compare it with 2,000 rules that the host has.

Run it as ``make bench``, or with ANSIBLE_COLLECTIONS_PATH set to a tree that holds the collection. Exits 1 when it takes longer than
MOST_SECONDS, or longer than MOST_RATIO times what Python's json needs to read the same rules, of which the second holds on any machine.
What Windows itself needs to list its rules is not measured: no Windows host has been seen.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

RULES = 2000
RUNS = 15
MOST_SECONDS = 0.2
MOST_RATIO = 20


def host() -> tuple[dict[str, Any], Any]:
    """Return the state of a host with 2,000 rules, and what is wanted of it: an all-in-one server and 500 clients, no two side by side."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import compile_inventory
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import listened
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
    from ansible_collections.vidnet.portmatrix.tests.windows.recordings import recording, rules

    components = ["management", "recording", "event", "log", "sql", "mobile"]
    inventory: dict[str, dict[str, Any]] = {
        "aio": {
            "groups": [f"milestone_{name}_server" for name in components],
            "vars": {"portmatrix_addresses": ["10.0.0.1"], "ansible_connection": "psrp"},
        }
    }
    for number in range(500):
        inventory[f"client{number}"] = {
            "groups": ["milestone_smart_client"],
            "vars": {"portmatrix_addresses": [f"10.1.{number // 100}.{1 + 2 * (number % 100)}"]},
        }
    policy = compile_inventory(inventory, ".")["aio"]
    state = recording.state(["10.0.0.1"], inventory["aio"]["groups"])
    own = rules.own()
    while len(state["rules"]) < RULES:
        state["rules"] += [
            {**row, "name": f"{row['name']} ({len(state['rules'])})"} for row in own[: RULES - len(state["rules"])]
        ]
    return state, Intent(policy["rules"], ports=listened.parsed(policy["listened"]), management_port=5986)


def fresh() -> None:
    """Forget what was read before: a run of Ansible reads each host's rules once, in a process of its own."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known, values

    for found in (*vars(values).values(), known.known):
        getattr(found, "cache_clear", lambda: None)()


def seconds(work: Callable[[], Any]) -> float:
    """Return the median of several runs."""
    found = []
    for _run in range(RUNS):
        fresh()
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def applied(state: dict[str, Any], intent: Any) -> dict[str, Any]:
    """Return the state when all is as it is wanted."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import plan, wire
    from ansible_collections.vidnet.portmatrix.tests.windows.recordings import rules

    wanted = plan.plan(state, intent)
    off = {wire.key_of(selector) for selector in wanted.request()["disable"]}
    left = [{**row, "enabled": row["enabled"] and wire.key_of(row) not in off} for row in state["rules"]]
    return {**state, "rules": [*left, *(rules.row(rule) for rule in wanted.own.add)], "note": wanted.note}


def main() -> int:
    """Print the table; return 0 when both bounds hold."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import plan

    state, intent = host()
    after = applied(state, intent)
    again = plan.plan(after, intent)
    assert not again.changed, "the second run is not the same"
    text = json.dumps(state["rules"])
    peer = seconds(lambda: json.loads(text))
    print(f"{len(state['rules'])} rules of a host, medians of {RUNS}")
    print(f"{'read by json':>40} {1000 * peer:7.1f} ms")
    good = True
    for what, given in (("first run: all to be added and disabled", state), ("later run: nothing to be done", after)):
        took = seconds(lambda given=given: plan.plan(given, intent))
        ratio = took / peer
        good = good and took <= MOST_SECONDS and ratio <= MOST_RATIO
        print(
            f"{what:>40} {1000 * took:7.1f} ms, {ratio:.1f} times json (at most {1000 * MOST_SECONDS:.0f} ms, {MOST_RATIO} times)"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.path.extend(path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path)
    sys.exit(main())
