# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run has come, told from its events: hosts done, probes done, differences, and an estimate of what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What each module of the collection is doing, and what it has done, for the line.
STEPS = {
    "host_firewall": ("applying", "applied"),
    "nftables_policy": ("applying", "applied"),
    "firewalld_policy": ("applying", "applied"),
    "ufw_policy": ("applying", "applied"),
    "port_listen": ("preparing to answer", "ready to answer"),
    "port_probe": ("asking", "asked"),
    "policy_readback": ("reading rules back", "read rules back"),
    "policy_counters": ("reading counters", "read counters"),
}
APPLYING = STEPS["host_firewall"][0]
ASKING = STEPS["port_probe"][0]
STOPPING = ("ending the answers", "ended the answers")


def step_of(action: str, arguments: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a task is doing and what it has done, or None when it is none of the collection's that take long."""
    name = action.removeprefix("vidnet.portmatrix.")
    if name == "port_listen" and arguments.get("state") == "stopped":
        return STOPPING
    return STEPS.get(name)


class Step:
    """One task of a play on all of its hosts. ``planned``: host -> how many ports it will ask (for probes only)."""

    def __init__(self, names: tuple[str, str], hosts: int, planned: Mapping[str, int], now: float) -> None:
        self.doing, self.done_name = names
        self.hosts = hosts
        self.planned = dict(planned) if self.doing == ASKING else {}
        self.begun = now
        self.done: set[str] = set()
        self.failed = 0
        self.probes = 0
        self.differences = 0
        self.confirmed = 0
        self.rolled_back = 0

    @property
    def complete(self) -> bool:
        """Whether every host has been through it."""
        return len(self.done) >= self.hosts

    def finished(self, host: str, result: Mapping[str, Any], failed: bool = False) -> None:
        """Take note of a host's result; of a loop or a repetition the last one counts."""
        self.done.add(host)
        self.planned.pop(host, None)
        self.failed += failed
        if self.doing == ASKING:
            self.probes += _count(result.get("probes"))
            self.differences += _count(result.get("differences"))
        if self.doing == APPLYING:
            self.confirmed += result.get("confirmed") is True
            self.rolled_back += failed and result.get("confirmed") is False

    def line(self, now: float) -> str:
        """Return what to show."""
        parts = [self.done_name if self.complete else self.doing, f"{len(self.done):,} of {self.hosts:,} hosts"]
        if self.doing == ASKING:
            planned = f" of {self.probes + sum(self.planned.values()):,}" if self.planned else ""
            parts += [f"{self.probes:,}{planned} probes", f"{self.differences:,} differences"]
        if self.doing == APPLYING:
            parts += [f"{self.confirmed:,} confirmed", f"{self.rolled_back:,} rolled back"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        left = self.left(now)
        if self.complete:
            parts.append(_time(now - self.begun))
        elif left is not None:
            parts.append(f"about {_time(left)} left")
        return "portmatrix: " + ", ".join(parts)

    def left(self, now: float) -> float | None:
        """Return how many seconds it will take yet, as far as what is done tells; None before anything is."""
        done, rest = len(self.done), self.hosts - len(self.done)
        if self.probes and self.planned:
            done, rest = self.probes, sum(self.planned.values())
        return (now - self.begun) * rest / done if done else None


def planned_probes(expectations: Any, hosts: set[str]) -> int:
    """Return how many ports the expectations of a host name on some hosts; 0 for what has another form."""
    if not isinstance(expectations, list):
        return 0
    rows = [row for row in expectations if isinstance(row, Mapping) and row.get("to") in hosts]
    return sum(_count(row.get(key)) for row in rows for key in ("open", "shut"))


def _count(value: Any) -> int:
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, (list, tuple)) else 0


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
