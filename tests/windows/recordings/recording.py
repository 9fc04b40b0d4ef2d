# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the Milestone servers of the lab as recorded Windows hosts, which the connection plugin ``recorded`` answers from.

``python -m tests.windows.recordings.recording DIRECTORY`` writes for each host ``<host>.json``, the state as win_firewall_policy
returns it and where the controller comes from, and ``<host>.in_use.json``, what win_ports_in_use returns. Nothing of it is kept in the
repository: every test makes it anew.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.vidnet.portmatrix.tests.support import windows_store
from ansible_collections.vidnet.portmatrix.tests.windows.recordings import ports, rules

LAB = Path(__file__).resolve().parents[3] / "examples" / "lab" / "inventory" / "hosts.yml"
#: Where the recorded controller comes from, and the port that it comes to.
CONTROLLER, MANAGEMENT_PORT = "10.77.99.5", 5986
#: A recording server that somebody set to another port, without telling the matrix.
MOVED = {"rs2": 7573}
PROFILE = windows_store.profile()
WINRM = {
    **rules.row(rules.WindowsRule("WinRM over HTTPS", protocol=6, local_ports=str(MANAGEMENT_PORT))),
    "description": "Lets in Ansible.",
}


@functools.lru_cache(maxsize=1)
def servers() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return host -> its addresses and components, for every server of XProtect in the lab, its SQL Server among them."""
    site = yaml.safe_load(LAB.read_text(encoding="utf-8"))["all"]
    found: dict[str, list[str]] = {}
    for group, entry in site["children"].items():
        if group.startswith("milestone_") and group.endswith("_server"):
            for host in entry["hosts"]:
                found.setdefault(host, []).append(group)
    return {
        host: (tuple(site["hosts"][host]["portmatrix_addresses"]), tuple(components))
        for host, components in found.items()
    }


def state(addresses: Sequence[str] = (), components: Collection[str] = ()) -> dict[str, Any]:
    """Return the state of a host as it is before the collection has ever seen it."""
    return {
        "rules": [*rules.own(), WINRM, *rules.installer(components)],
        "profiles": {name: dict(PROFILE) for name in ("domain", "private", "public")},
        "current_profiles": 1,
        "modify_state": 0,
        "group_policy": {"rules": {}, "values": {}},
        "service": "Running",
        "products": [],
        "connections": [
            {"local_address": address, "local_port": MANAGEMENT_PORT, "remote_address": CONTROLLER}
            for address in addresses[:1]
        ],
        "ssh_connection": "",
        "note": "",
        "pending": None,
        "addresses": list(addresses),
        "version": "10.0.17763",
        "powershell": "5.1.17763.1",
    }


def write(directory: Path, hosts: Collection[str] | None = None) -> dict[str, Path]:
    """Write the recordings of ``hosts`` (all of them) into a directory; return host -> the file of its state."""
    directory.mkdir(parents=True, exist_ok=True)
    written = {}
    for host, (addresses, components) in servers().items():
        if hosts is None or host in hosts:
            written[host] = directory / f"{host}.json"
            recorded = {**state(addresses, components), "controller": CONTROLLER}
            written[host].write_text(json.dumps(recorded), encoding="utf-8")
            found = ports.found(components, MOVED.get(host, ports.MEDIA))
            (directory / f"{host}.in_use.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return written


if __name__ == "__main__":
    for name, path in write(Path(sys.argv[1])).items():
        print(f"{name}: {path}")
