# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What probing 1,000 targets takes beside nmap, and how many of each kind the two tell right.

Run it as ``make bench``, or with a tree that holds the collection in PYTHONPATH. In a laboratory of its own, 40 addresses
have ports that are open, refused, dropped, rejected with each kind of ICMP message, or led elsewhere on the way. The module
port_probe, as a whole process, takes turns with nmap as it comes (``-sT``), at its fastest template (``-T5``), with the
same patience for silence as ours, and over UDP. Exits 1 when the probing takes longer than ``nmap -sT`` or its ``-T5`` by the
median of the ratios, or when we tell a target wrong. The start of Python and Ansible's part of a module is printed and not
held against it: any module has it. Where there is no nmap, that is said, and nothing is measured.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

ADDRESSES = [f"10.9.1.{number}" for number in range(1, 41)]
SOURCE = "10.9.0.1"
REJECTIONS = {
    # what nft calls it: what nmap calls it, what we call it
    "net-unreachable": ("net-unreach", "network unreachable"),
    "host-unreachable": ("host-unreach", "host unreachable"),
    "port-unreachable": ("port-unreach", "port unreachable"),
    "host-prohibited": ("host-prohibited", "host prohibited"),
    "admin-prohibited": ("admin-prohibited", "administratively prohibited"),
}
# 25 ports of each address, as nmap lists one by one what it finds at no more than 25 ports
PORTS = {
    "open": range(7000, 7007),
    "refused": range(7007, 7012),
    "dropped": range(7012, 7018),
    **{f"rejected, {kind}": range(port, port + 1) for port, kind in enumerate(REJECTIONS, 7018)},
    "led elsewhere": range(7023, 7025),
}
KIND_OF = {port: kind for kind, ports in PORTS.items() for port in ports}
RESPONDERS_PORT = 7100
ROUNDS = 5
TARGET = 1.0
HURRY = 0.3  # seconds that both wait for an answer when they wait alike

Verdicts = dict[tuple[str, int], bool]


class Run(NamedTuple):
    """One run: its seconds as a process and without the start of Python and Ansible, and whether each target was told right."""

    seconds: float
    alone: float
    right: Verdicts


class Tool(NamedTuple):
    """Something that probes; ``gate``: whether we must be as fast."""

    name: str
    protocol: str
    run: Callable[[], Run]
    gate: bool = False


def rules() -> str:
    """Return the nftables rules of the listener."""
    ports = "meta l4proto { tcp, udp } th dport"
    rejections = [f"{ports} {PORTS[f'rejected, {kind}'][0]} reject with icmp {kind}" for kind in REJECTIONS]
    elsewhere = PORTS["led elsewhere"]
    nat = "type nat hook prerouting priority -100"
    return "\n".join(
        [
            "table ip bench {",
            "chain input {",
            "type filter hook input priority 0",
            f"{ports} {PORTS['dropped'][0]}-{PORTS['dropped'][-1]} drop",
            *rejections,
            "}",
            "chain prerouting {",
            nat,
            f"{ports} {elsewhere[0]}-{elsewhere[-1]} redirect to :{RESPONDERS_PORT}",
            "}",
            "}",
        ]
    )


def laboratory(lab: Lab) -> None:
    """Build the hosts; a responder of ours is what listens."""
    lab.host("initiator", f"{SOURCE}/16")
    lab.host("listener", *(f"{address}/16" for address in ADDRESSES))
    # a kernel sends few ICMP messages a second, which neither tool can help
    lab.run("listener", "sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratemask")
    lab.nft("listener", rules())
    listening = [str(port) for port in (*PORTS["open"], RESPONDERS_PORT)]
    started = lab.module(
        "listener",
        "port_listen",
        run="bench",
        host="listener",
        rules=[{"direction": "in", "protocol": protocol, "ports": listening} for protocol in ("tcp", "udp")],
        addresses=ADDRESSES,
        seconds=900,
    )
    if not started.get("pid"):
        sys.exit(f"the responder did not start: {started.get('msg')}")


def ours(lab: Lab, protocol: str, timeout: float = 1.0) -> Run:
    """Run port_probe as a process of its own."""
    shut = [port for port in KIND_OF if port not in PORTS["open"]]
    entry = {"to": "listener", "source": SOURCE, "protocol": protocol, "open": list(PORTS["open"]), "shut": shut}
    start = time.perf_counter()
    found = lab.module(
        "initiator",
        "port_probe",
        run="bench",
        timeout=timeout,
        expectations=[{**entry, "address": address} for address in ADDRESSES],
    )
    seconds = time.perf_counter() - start
    if "results" not in found:
        sys.exit(f"port_probe failed: {found.get('msg')}")
    return Run(
        seconds,
        found["seconds"],
        {(row["address"], row["port"]): told_by_us(row) for row in found["results"]},
    )


def told_by_us(row: dict[str, Any]) -> bool:
    """Tell whether a result row is what the rules do to its port."""
    kind, _comma, rejection = KIND_OF[row["port"]].partition(", ")
    if rejection == "port-unreachable" and row["protocol"] == "udp":
        kind = "refused"  # the very message by which a host says that nothing listens
    observed = {"dropped": "filtered", "rejected": "unreachable", "led elsewhere": "wrong_host"}.get(kind, kind)
    text = f"ICMP {REJECTIONS[rejection][1]} " if rejection else ""
    return row["observed"] == observed and text in row["detail"]


def nmap(lab: Lab, protocol: str, *options: str) -> Run:
    """Run nmap against the same targets."""
    scan = {"tcp": "-sT", "udp": "-sU"}[protocol]
    ports = f"{min(KIND_OF)}-{max(KIND_OF)}"
    command = ("nmap", scan, "-n", "-Pn", "--reason", *options, f"-p{ports}", "-oX", "-", *ADDRESSES)
    start = time.perf_counter()
    done = lab.run("initiator", *command)
    seconds = time.perf_counter() - start
    right = {}
    for host in ET.fromstring(done.stdout).iter("host"):
        address = host.find("address").get("addr")
        for port in host.iter("port"):
            state = port.find("state")
            number = int(port.get("portid"))
            right[address, number] = told_by_nmap(protocol, number, state.get("state"), state.get("reason"))
    return Run(seconds, seconds, right)


def told_by_nmap(protocol: str, port: int, state: str, reason: str) -> bool:
    """Tell whether nmap's state, or its reason where states are too coarse, is what the rules do to the port."""
    kind, _comma, rejection = KIND_OF[port].partition(", ")
    if rejection == "port-unreachable" and protocol == "udp":
        kind, rejection = "refused", ""
    if kind == "open":
        return state == "open"
    if kind == "refused":
        return state == "closed"
    if kind == "led elsewhere":
        return False  # it has no word for it
    return state == "filtered" and reason == (REJECTIONS[rejection][0] if rejection else "no-response")


def tools(lab: Lab) -> list[list[Tool]]:
    """Return the groups of tools that take turns, ours first."""
    wait = f"{HURRY * 1000:.0f}ms"
    patience = [f"--{which}-rtt-timeout={wait}" for which in ("min", "initial", "max")]
    return [
        [
            Tool("port_probe", "tcp", lambda: ours(lab, "tcp")),
            Tool("nmap -sT", "tcp", lambda: nmap(lab, "tcp"), gate=True),
            Tool("nmap -sT -T5", "tcp", lambda: nmap(lab, "tcp", "-T5"), gate=True),
        ],
        [
            Tool(f"port_probe, {HURRY} s", "tcp", lambda: ours(lab, "tcp", HURRY)),
            Tool(
                f"nmap -sT, {HURRY} s, no retry",
                "tcp",
                lambda: nmap(lab, "tcp", "-T5", "--max-retries=0", "--min-parallelism=1000", *patience),
            ),
        ],
        [
            Tool("port_probe", "udp", lambda: ours(lab, "udp")),
            Tool("nmap -sU -T5", "udp", lambda: nmap(lab, "udp", "-T5")),
        ],
    ]


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as text in columns, all but the first column to the right."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths))
        )
        for cells in rows
    )


def counted(run: Run) -> Counter[str]:
    """Return how many targets of each kind a run told right."""
    return Counter(KIND_OF[port] for (_address, port), right in run.right.items() if right)


def measure(group: list[Tool]) -> bool:
    """Print the figures of tools that take turns; tell whether we held the targets."""
    for tool in group:
        tool.run()  # neighbours are known, and programs are in memory
    rounds = [[tool.run() for tool in group] for _round in range(ROUNDS)]
    good = True
    lines = [("", "seconds", "port_probe / it", "probing alone / it", "right in all rounds")]
    for number, tool in enumerate(group):
        runs = [each[number] for each in rounds]
        seconds, whole, alone = (
            statistics.median(values)
            for values in (
                [run.seconds for run in runs],
                [each[0].seconds / run.seconds for each, run in zip(rounds, runs)],
                [each[0].alone / run.seconds for each, run in zip(rounds, runs)],
            )
        )
        right = min(sum(run.right.values()) for run in runs)
        gate = f" (at most {TARGET})" if tool.gate else ""
        ratios = (f"{whole:.2f}", f"{alone:.2f}{gate}") if number else ("", "")
        lines.append((tool.name, f"{seconds:.2f}", *ratios, f"{right} of {total()}"))
        good = good and not (tool.gate and alone > TARGET) and (bool(number) or right == total())
    print(f"\n{total()} {group[0].protocol.upper()} targets, medians of {ROUNDS} rounds in turn\n")
    print(table(lines), end="\n\n")
    last = [counted(run) for run in rounds[-1]]
    header = ("told right in the last round", "targets", *(tool.name for tool in group))
    kinds = [
        (kind, str(len(ports) * len(ADDRESSES)), *(str(each[kind]) for each in last)) for kind, ports in PORTS.items()
    ]
    print(table([header, *kinds]), flush=True)
    return good


def total() -> int:
    """Return the number of targets."""
    return len(KIND_OF) * len(ADDRESSES)


def main() -> int:
    """Print the tables; return 0 when all targets are held or nmap is missing."""
    if not shutil.which("nmap"):
        print("!!! NOT MEASURED: nmap is not installed (Debian and Ubuntu: apt install nmap)")
        return 0
    with Lab() as lab:
        laboratory(lab)
        held = [measure(group) for group in tools(lab)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
