# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects to each ADDRESS:PORT=STATE, all at once; prints what differs, and the exit status says whether anything did.

STATE is open, refused (something answers that nobody listens) or filtered. It shares nothing with the prober that it checks.
"""

from __future__ import annotations

import asyncio
import sys

PATIENCE = 1.5  # seconds
PATIENCE_OPEN = 5  # where it should be open, since a busy machine may be late


async def state_of(address: str, port: int, patience: float) -> str:
    try:
        _reader, writer = await asyncio.wait_for(asyncio.open_connection(address, port), patience)
    except ConnectionRefusedError:
        return "refused"
    except (TimeoutError, OSError):
        return "filtered"
    writer.close()
    return "open"


async def main() -> int:
    targets = [argument.rpartition("=") for argument in sys.argv[1:]]
    attempts = []
    for target, _equals, expected in targets:
        address, _colon, port = target.rpartition(":")
        attempts.append(state_of(address.strip("[]"), int(port), PATIENCE_OPEN if expected == "open" else PATIENCE))
    seen = await asyncio.gather(*attempts)
    wrong = 0
    for (target, _equals, expected), state in zip(targets, seen):
        wrong += state != expected
        print(f"{target} is {state}" + ("" if state == expected else f", not {expected}"))
    return 1 if wrong else 0


sys.exit(asyncio.run(main()))
