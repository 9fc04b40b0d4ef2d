#!/usr/bin/env python3
# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site of network namespaces: one for each host of an inventory, all on one bridge, started in seconds, as root or not.

    lab.py up                      start every host of inventory/hosts.yml (says so when they already run)
    lab.py status                  what runs
    lab.py exec HOST COMMAND...    run a command on a host
    lab.py each COMMAND...         run it on every host, one after the other
    lab.py down                    end it all

The hosts share the machine's files, except for /etc, /run and /var/lib, which each has to itself and which end with it.
The machine that starts the lab is not on the lab's network.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import ipaddress
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from lab_keeper import keep
from lab_state import (
    HOSTS,
    LabError,
    enter_command,
    is_alive,
    read_state,
    runtime_directory,
    session_members,
    tool_path,
)

PATIENCE = 60.0  # seconds


def read_plan(hosts: Path) -> dict[str, list[str]]:
    """Host name -> its interface addresses (``10.77.1.11/16``), from an inventory whose hosts stand under ``all.hosts``."""
    inventory = _inventory(hosts)
    networks = [ipaddress.ip_network(network) for network in inventory["vars"]["lab_networks"]]

    def interface(address: str) -> str:
        parsed = ipaddress.ip_address(address)
        lengths = [network.prefixlen for network in networks if parsed in network]
        if not lengths:
            raise LabError(f"{hosts}: {address} is in none of lab_networks")
        return f"{address}/{lengths[0]}"

    return {name: [interface(a) for a in values["portmatrix_addresses"]] for name, values in inventory["hosts"].items()}


def knows_neighbours(hosts: Path) -> bool:
    """Whether the hosts are told each other's hardware addresses, and need not ask. Raises LabError."""
    value = _inventory(hosts)["vars"].get("lab_neighbours", "asked")
    if value not in ("asked", "known"):
        raise LabError(f"{hosts}: lab_neighbours: {value!r}; allowed are asked and known")
    return value == "known"


def _inventory(hosts: Path) -> dict[str, Any]:
    return yaml.safe_load(hosts.read_text())["all"]


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One up or down at a time. A POSIX lock, as the keeper must not inherit it."""
    with (directory.parent / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        directory.mkdir(mode=0o700, exist_ok=True)
        yield


def _processes(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [process for process in (state["keeper"], *state["hosts"].values()) if is_alive(process)]


def _stop(directory: Path) -> bool:
    """Ends the lab and removes its state; False when there was none."""
    state = read_state(directory)
    if state is None:
        return False
    if is_alive(state["keeper"]):
        keeper = state["keeper"]["pid"]
        os.kill(keeper, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while session_members(keeper):  # every process of the lab dies with its parent
            if time.monotonic() > deadline:
                raise LabError(f"processes of the lab did not end: {', '.join(session_members(keeper))}")
            time.sleep(0.01)
    (directory / "state.json").unlink()
    return True


def up(hosts: Path, directory: Path) -> None:
    """Starts the lab, or says that it already runs. What is left of a broken or different one is ended first."""
    for tool in ("ip", "nsenter"):
        if not shutil.which(tool, path=tool_path()):
            raise LabError(f"{tool} is missing: install iproute2 and util-linux")
    plan, known = read_plan(hosts), knows_neighbours(hosts)
    with _alone(directory):
        state = read_state(directory)
        if (
            state
            and (state["plan"], state.get("neighbours")) == (plan, known)
            and len(_processes(state)) == len(plan) + 1
        ):
            print(f"lab: already up, {len(plan)} hosts")
            return
        _stop(directory)
        started = time.monotonic()
        result, report = os.pipe()
        if os.fork() == 0:
            keep(directory, plan, known, report)
        os.close(report)
        with os.fdopen(result) as stream:
            message = stream.read()
        if message != "ok":
            _stop(directory)
            raise LabError(message or "the keeper ended without a word")
        print(f"lab: {len(plan)} hosts up in {time.monotonic() - started:.1f} s")


def down(directory: Path) -> None:
    """Ends the lab, whatever its condition, and removes its runtime directory."""
    with _alone(directory):
        was_there = _stop(directory)
        shutil.rmtree(directory)
    print("lab: down" if was_there else "lab: was not up")


def status(directory: Path) -> bool:
    """Prints every host; True when all of them run."""
    state = read_state(directory)
    if state is None:
        print("lab: down")
        return False
    for name, interfaces in state["plan"].items():
        process = state["hosts"].get(name)
        running = process is not None and is_alive(process)
        print(
            f"{name:<12} {'pid ' + str(process['pid']) if process and running else 'dead':<12} {' '.join(interfaces)}"
        )
    return len(_processes(state)) == len(state["plan"]) + 1


def each(hosts: Path, command: list[str]) -> bool:
    """Runs a command on every host, below a line with the host's name; True when it succeeded on all of them."""
    succeeded = True
    for name in read_plan(hosts):
        print(f"== {name}", flush=True)
        succeeded &= subprocess.run([*enter_command(name, hosts), *command], check=False).returncode == 0
    return succeeded


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=Path, default=HOSTS, help="the inventory file to start (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "status"):
        commands.add_parser(name)
    execute = commands.add_parser("exec")
    execute.add_argument("host")
    for parser_with_command in (execute, commands.add_parser("each")):
        parser_with_command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="command")
    options = parser.parse_args()
    try:
        directory = runtime_directory(options.hosts)
        if options.command == "up":
            up(options.hosts, directory)
        elif options.command == "down":
            down(directory)
        elif options.command == "status":
            return 0 if status(directory) else 1
        elif options.command == "each":
            return 0 if each(options.hosts, options.arguments) else 1
        else:
            command = [*enter_command(options.host, options.hosts), *options.arguments]
            os.execvp(command[0], command)
    except (LabError, FileNotFoundError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
