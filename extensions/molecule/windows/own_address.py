# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the address that this machine would use towards another one: ``own_address.py 192.168.1.10``. Nothing is sent."""

import socket
import sys

DISCARD = 9
#: Where there is no way to the other one, so that the inventory can be read all the same (RFC 5737).
NONE = "192.0.2.2"

family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as asking:
    try:
        asking.connect((sys.argv[1], DISCARD))
        found = asking.getsockname()[0]
    except OSError:
        found = NONE
sys.stdout.write(found)
