# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proving sixty hosts costs beside ``ansible -m ping`` of the same hosts, and beside proving half of them.

Run it as ``make bench``, or with ANSIBLE_COLLECTIONS_PATH set to a tree that holds the collection. It starts the lab of
examples/lab/sixty in a directory of its own. Exits 1 when proving takes longer than a handful of pings, or when proving twice
as many hosts takes much longer than twice as long.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAB = Path(__file__).resolve().parents[1] / "examples" / "lab"
PLAYBOOKS = Path(__file__).resolve().parents[1] / "playbooks"
HALF = "centre:!cam*:!operator*"
MOST_PINGS = 10.0
MOST_GROWTH = 1.5


def timed(environment: dict[str, str], *command: str) -> tuple[float, str]:
    """Return the seconds that a command takes, and its output; ends the benchmark when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return time.perf_counter() - begun, done.stdout


def measured(environment: dict[str, str]) -> bool:
    """Print the table; return whether both bounds hold."""
    prove = ("ansible-playbook", str(PLAYBOOKS / "verify.yml"))
    timed(environment, "ansible-playbook", str(PLAYBOOKS / "site.yml"))
    ping = timed(environment, "ansible", "-m", "ansible.builtin.ping", "all")[0]
    half, half_said = timed(environment, *prove, "--limit", HALF)
    whole, said = timed(environment, *prove)
    hosts, half_hosts = (len(re.findall(r"^\S+ +: ok=", text, re.MULTILINE)) for text in (said, half_said))
    probes = re.search(r"(\d+) probes, 0 differences", said)
    print(f"ansible -m ping of {hosts} hosts: {ping:.1f} s")
    print(f"proof of {half_hosts} hosts: {half:.1f} s")
    print(f"proof of {hosts} hosts: {whole:.1f} s, {probes[1] if probes else '?'} probes")
    print(f"proof / ping: {whole / ping:.1f} (at most {MOST_PINGS})")
    growth = (whole / half) / (hosts / half_hosts)
    print(f"seconds per host, of all hosts / of some: {growth:.2f} (at most {MOST_GROWTH})")
    return whole / ping <= MOST_PINGS and growth <= MOST_GROWTH


def main() -> int:
    """Start the lab, measure, end the lab."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {
            **os.environ,
            "TMPDIR": directory,
            "ANSIBLE_CONFIG": str(LAB / "ansible.cfg"),
            "ANSIBLE_INVENTORY": str(LAB / "sixty"),
            "ANSIBLE_NOCOLOR": "1",
        }
        lab = (sys.executable, str(LAB / "lab.py"), "--hosts", str(LAB / "sixty" / "hosts.yml"))
        timed(environment, *lab, "up")
        try:
            return 0 if measured(environment) else 1
        finally:
            timed(environment, *lab, "down")


if __name__ == "__main__":
    sys.exit(main())
