# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What applying a policy of 100 rules costs beside ``ansible.builtin.ping`` on the same connection.

Run it as ``make bench``, or with a tree that holds the collection in PYTHONPATH. Plays of one task each, with pipelining, in
a laboratory of its own; every apply is compared with the ping just before it, as a whole run and as the task alone.
Exits 1 when the median ratio of the whole runs, changed or unchanged, is above the target.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

RULES = 100
ROUNDS = 10
TARGET = 1.3
CALLBACK = """
import json, time
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "seconds"

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.start = time.perf_counter()

    def v2_runner_on_ok(self, result):
        seconds = time.perf_counter() - self.start
        data = getattr(result, "result", None) or result._result
        print(json.dumps([seconds, bool(data.get("changed"))]), flush=True)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        print(getattr(result, "result", None) or result._result)
"""


def policy(variant: int | bool) -> list[dict[str, object]]:
    """Return 100 rules as a site of several hosts and two families has them; two variants differ in every second rule.

    Every third rule has a second range of ports, every other one three hosts more.
    """
    return [
        rule(
            f"{7000 + number + variant * (number % 2)}"
            + (f",{9000 + 10 * number}-{9005 + 10 * number}" * (number % 3 == 0)),
            f"10.1.{number}.0/24",
            f"2001:db8:{number:x}::/64",
            *(f"10.2.{number}.{host}" for host in (5, 7, 9) if number % 2),
            flows=(f"vendor.component.flow{number}",),
            reason="as table 3 of the vendor's document says",
        )
        for number in range(RULES)
    ]


def plays() -> dict[str, list[dict[str, object]]]:
    """Return the plays by name: ping and the two variants."""
    tasks: dict[str, dict[str, object]] = {"ping": {"ansible.builtin.ping": {}}}
    for variant in (0, 1):
        tasks[f"apply{variant}"] = {"vidnet.portmatrix.nftables_policy": {"rules": "{{ policy }}"}}
    return {
        name: [{"hosts": "all", "gather_facts": False, "vars": {"policy": policy(name == "apply1")}, "tasks": [task]}]
        for name, task in tasks.items()
    }


class Runner:
    """Runs one of the plays in the laboratory."""

    def __init__(self, lab: NftLab, directory: Path) -> None:
        self._lab = lab
        self._directory = directory
        for name, play in plays().items():
            (directory / f"{name}.json").write_text(json.dumps(play), encoding="utf-8")
        (directory / "seconds.py").write_text(CALLBACK, encoding="utf-8")
        self._environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS_PATH,
            "ANSIBLE_CALLBACK_PLUGINS": str(directory),
            "ANSIBLE_STDOUT_CALLBACK": "seconds",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_HOME": str(directory),
        }

    def run(self, name: str, changed: bool) -> tuple[float, float]:
        """Return the seconds that the whole run took, and its task; ends the benchmark when it did something else."""
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            *("-i", "host,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"),
            str(self._directory / f"{name}.json"),
        ]
        start = time.perf_counter()
        done = self._lab.run(HOST, *command, env=self._environment, check=False)
        whole = time.perf_counter() - start
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        if done.returncode or len(rows) != 1 or rows[0][1] is not changed:
            sys.exit(f"{name} failed: {done.stdout} {done.stderr}")
        return whole, rows[0][0]


def main() -> None:
    """Print the ratios; exit 1 above the target."""
    pairs: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {"changed": [], "unchanged": []}
    with tempfile.TemporaryDirectory(prefix="portmatrix-bench-") as directory, NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        runner = Runner(lab, Path(directory))
        runner.run("apply1", True)
        for number in range(ROUNDS):
            for name in pairs:
                pairs[name].append((runner.run("ping", False), runner.run(f"apply{number % 2}", name == "changed")))
    slow = False
    for name, timed in pairs.items():
        for column, part in ((0, "whole run"), (1, "task alone")):
            ratio = statistics.median(apply[column] / ping[column] for ping, apply in timed)
            ping_ms, apply_ms = (statistics.median(run[column] for run in runs) * 1000 for runs in zip(*timed))
            target = f", target {TARGET}" if column == 0 else ""
            print(
                f"{RULES} rules, {name}, {part}: {apply_ms:.0f} ms, ping {ping_ms:.0f} ms,"
                f" ratio {ratio:.2f} (median of {ROUNDS} pairs{target})"
            )
            slow = slow or (column == 0 and ratio > TARGET)
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
