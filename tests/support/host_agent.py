# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a lab host for as long as its input is open, and does there what the modules do, without starting Python each time.

A request is a line of JSON, ``[name, argument, ...]``, and so is the answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import prober, responder_process, witness
from ansible_collections.vidnet.portmatrix.plugins.module_utils.kernel_listing import Listing

SECONDS = 3600
TIMEOUT = 0.5
CONCURRENCY = 2048
FIRST_PORT, PORTS, RANGES = 32768, 1000, 28
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def ports(turn: int) -> None:
    """Send from other ports than in the turns before: a UDP "connection" that was let in once is let in for 30 s more."""
    first = FIRST_PORT + turn % RANGES * PORTS
    RANGE.write_text(f"{first} {first + PORTS - 1}")


def probe(run: str, expectations: list[dict[str, Any]], retries: int) -> list[dict[str, Any]]:
    """Return the result rows of port_probe."""
    return prober.verify(run, expectations, TIMEOUT, CONCURRENCY, retries)["results"]


def listen(run: str, host: str, rules: list[dict[str, Any]], addresses: list[str]) -> None:
    """Start the responder of port_listen, instead of the one that runs."""
    responder_process.ensure_started(run, host, rules, addresses, SECONDS)


def stop(run: str, host: str) -> None:
    """End that responder."""
    responder_process.ensure_stopped(run, host)


def count(flows: list[dict[str, Any]]) -> None:
    """Count as packet_witness does."""
    witness.present(witness.checked_flows(flows), SECONDS)


def counted() -> dict[str, Any]:
    """Return what packet_witness counted, and count no more."""
    found = witness.read()
    witness.absent()
    return {"available": True, "counts": found}


def ruleset() -> dict[str, Any]:
    """Return what policy_readback reads."""
    return Listing().ruleset()


def shell(script: str) -> str:
    """Run shell commands; return what they print."""
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr}")
    return done.stdout


def nft(script: str) -> None:
    """Load an nft script."""
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)


KNOWN = {each.__name__: each for each in (ports, probe, listen, stop, count, counted, ruleset, shell, nft)}

if __name__ == "__main__":
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(KNOWN[name](*arguments)), flush=True)
