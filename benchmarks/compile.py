# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the compiler costs beside plain ``ansible-inventory --list``, and how it grows from 100 to 10,000 hosts.

Run it as ``make bench``, or with ANSIBLE_COLLECTIONS_PATH set to a tree that holds the collection. Exits 1 when compiling
1,000 hosts takes longer than listing them, or when the cost per host grows more than the tolerance between sizes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

HOSTS_PER_SITE = 50
SERVERS = (
    "milestone_management_server",
    "milestone_recording_server",
    "milestone_recording_server",
    "milestone_failover_server",
    "milestone_event_server",
    "milestone_mobile_server",
    "flow_box",
    "pearl_encoder",
    "milestone_smart_client",
)
RUNS = 3
TOLERANCE = 2.0  # quadratic growth would be 10
PLUGIN = "plugin: vidnet.portmatrix.site\n"


def inventory(count: int) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """Return an inventory of ``count`` hosts in sites of fifty: nine servers and clients, the rest cameras."""
    groups: dict[str, dict[str, dict[str, dict[str, object]]]] = {}
    for number in range(count):
        site, place = divmod(number, HOSTS_PER_SITE)
        group = SERVERS[place] if place < len(SERVERS) else "hikvision_camera"
        host: dict[str, object] = {
            "ansible_host": f"10.{site // 250}.{site % 250}.{place + 1}",
            "portmatrix_site": f"site{site}",
        }
        if group == "pearl_encoder":
            host["portmatrix_parameters"] = {"pearl_channels": 4}
        if group == "hikvision_camera":
            host["portmatrix_recorded_by"] = [f"s{site}h{1 + place % 2}"]
        groups.setdefault(group, {"hosts": {}})["hosts"][f"s{site}h{place}"] = host
    return groups


def listing(directory: Path) -> float:
    """Return the seconds that ``ansible-inventory --list`` takes."""
    start = time.perf_counter()
    subprocess.run(["ansible-inventory", "-i", str(directory), "--list"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compiling(groups: dict[str, dict[str, dict[str, dict[str, object]]]]) -> float:
    """Return the seconds that the compiler takes for the same hosts."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import compile_inventory

    plain = {
        name: {"groups": [group], "vars": host}
        for group, entry in groups.items()
        for name, host in entry["hosts"].items()
    }
    start = time.perf_counter()
    compile_inventory(plain, ".")
    return time.perf_counter() - start


def main() -> int:
    """Print the table; return 0 when both bounds hold."""
    compiling(inventory(100))
    per_host = {}
    print(f"{'hosts':>7} {'compile':>9} {'per host':>10}   (medians of {RUNS})")
    for count in (100, 1000, 10000):
        groups = inventory(count)
        seconds = statistics.median(compiling(groups) for _run in range(RUNS))
        per_host[count] = seconds / count
        print(f"{count:7d} {seconds:8.3f}s {1e6 * seconds / count:8.0f}us")
    slope = per_host[10000] / per_host[1000]
    ratios, totals = [], []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "hosts.yml").write_text(yaml.safe_dump(inventory(1000)), encoding="utf-8")
        plugin = directory / "portmatrix.yml"
        for _run in range(RUNS):
            plain = listing(directory)
            ratios.append(compiling(inventory(1000)) / plain)
            plugin.write_text(PLUGIN, encoding="utf-8")
            totals.append(listing(directory) / plain)
            plugin.unlink()
    ratio = statistics.median(ratios)
    print(f"compile of 1,000 hosts / plain ansible-inventory --list of them: {ratio:.2f} (at most 1.0)")
    print(
        f"ansible-inventory --list with the plugin, all its output printed / without: {statistics.median(totals):.2f}"
    )
    print(f"cost per host at 10,000 hosts / at 1,000 hosts: {slope:.2f} (at most {TOLERANCE})")
    return 0 if ratio <= 1.0 and slope <= TOLERANCE else 1


if __name__ == "__main__":
    sys.path.extend(path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path)
    sys.exit(main())
