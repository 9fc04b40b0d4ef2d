# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether any packet is lost or let in while policies are applied over each other, beside what people use today.

Run it as ``make bench``, or with a tree that holds the collection in PYTHONPATH; words after it name the back-ends to measure. In
laboratories of its own a client opens a TCP connection to a permitted and to a denied port every 2 ms while something is
done to the firewall: the first policy, 50 re-applies that take turns between three policies, the removal; then the same
by the peers. A permitted connection is lost when it fails or when one packet of it had to be sent again. Exits 1 on a
loss or leak of ours. What is not installed, or cannot be downloaded, is said and left out.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.benchmarks import continuity_firewalld, continuity_nftables, continuity_ufw
from ansible_collections.vidnet.portmatrix.benchmarks.continuity_watch import Row
from ansible_collections.vidnet.portmatrix.benchmarks.peers import Modules

BACKENDS: dict[str, Callable[[Modules], Iterator[Row]]] = {
    "nftables": continuity_nftables.rows,
    "firewalld": continuity_firewalld.rows,
    "ufw": continuity_ufw.rows,
}
HEADER = ("firewall", "who", "what", "permitted", "lost", "denied", "let in", "")


def line(row: Row) -> tuple[str, ...]:
    """Return the cells of a row."""
    names = (row.backend, row.stage.who, row.stage.what)
    if row.counted is None:
        return (*names, "-", "-", "-", "-", "NOT MEASURED")
    verdict = "FAILED" if row.failed else "one reload *" if row.counted["lost"] and row.stage.excuse else ""
    return (*names, *(str(row.counted[key]) for key in ("permitted", "lost", "denied", "let_in")), verdict)


def table(rows: list[Row]) -> str:
    """Return all rows as text in columns, figures to the right."""
    lines = [HEADER, *map(line, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in range(3, 7) else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths))
        ).rstrip()
        for cells in lines
    )


def main() -> None:
    """Print the table; exit 1 on a loss or a leak of ours."""
    rows: list[Row] = []
    missing: list[str] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portmatrix-bench-") as directory:
        modules = Modules(Path(directory))
        for backend in sys.argv[1:] or BACKENDS:
            try:
                for row in BACKENDS[backend](modules):
                    rows.append(row)
                    print(
                        f"{time.monotonic() - started:4.0f} s: {backend}, {row.stage.who}, {row.stage.what}", flush=True
                    )
            except pytest.skip.Exception as error:
                missing.append(f"{backend}: {str(error).replace('NOT TESTED: ', '')}")
    print(f"\n{table(rows)}\n")
    print("A connection every 2 ms to a permitted and to a denied port.", end=" ")
    print("Peers:", ", ".join(f"{name} {version}" for name, version in modules.versions.items()) or "none")
    for excuse in dict.fromkeys(row.note for row in rows if row.note and row.counted and row.counted["lost"]):
        print(f"* {excuse}")
    missing += dict.fromkeys(row.note for row in rows if row.counted is None)
    for reason in missing:
        print(f"!!! NOT MEASURED: {reason}")
    sys.exit(1 if any(row.failed for row in rows) else 0)


if __name__ == "__main__":
    main()
