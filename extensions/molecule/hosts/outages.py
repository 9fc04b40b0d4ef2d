# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects to port 22 of each address over and over, until FILE.stop is there, and writes to FILE.json how long it failed each time.

FILE.json holds a list of {address, from, seconds} in JSON; from is a time as of time.time(). seconds counts from the last success before
to the first success after, so it is never too short.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

PATIENCE = 0.5  # seconds a connection may take
PAUSE = 0.2  # seconds between two connections; each costs the host a process of sshd


async def watch(address: str, stop: Path) -> list[dict[str, object]]:
    outages, failed, last = [], False, time.time()
    while failed or not stop.exists():
        if stop.exists() and time.time() - last > 120:
            break
        began = time.time()
        try:
            _reader, writer = await asyncio.wait_for(asyncio.open_connection(address, 22), PATIENCE)
        except (TimeoutError, OSError):
            failed = True
        else:
            writer.close()
            if failed:
                outages.append({"address": address, "from": last, "seconds": round(time.time() - last, 2)})
            failed, last = False, began
        await asyncio.sleep(PAUSE)
    if failed:
        outages.append({"address": address, "from": last, "seconds": None})
    return outages


async def main() -> None:
    report, stop = Path(sys.argv[1] + ".json"), Path(sys.argv[1] + ".stop")
    found = await asyncio.gather(*(watch(address, stop) for address in sys.argv[2:]))
    draft = report.with_suffix(".draft")
    draft.write_text(json.dumps([outage for outages in found for outage in outages]))
    draft.rename(report)


asyncio.run(main())
