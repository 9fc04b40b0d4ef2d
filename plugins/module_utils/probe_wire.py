# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What prober and responder say to each other: one line with the run, the host, the place it was sent from and the
address that the request came from.

TCP: the responder sends the line, and the prober closes. UDP: it answers a request with the line. A request is padded to a
fixed size that no answer reaches, so nothing is amplified and no answer is ever taken for a request.
"""

from __future__ import annotations

import re
from collections import namedtuple

WORD = "portmatrix"
REQUEST_SIZE = 480
HOST_SIZE = 253

_RUN = re.compile(r"[A-Za-z0-9-]{1,64}\Z")

Greeting = namedtuple("Greeting", "run host address port peer")


def checked_run(run):
    """Return the id of a verification run; raises ValueError when it is not one."""
    if not _RUN.match(run):
        raise ValueError("run: %r; allowed are 1 to 64 letters, digits and hyphens" % (run,))
    return run


def checked_host(host, key="host"):
    """Return the inventory name of a host; raises ValueError, naming ``key``, when it could not travel in a line."""
    if host.split() != [host] or not host.isprintable() or len(host.encode("utf-8")) > HOST_SIZE:
        raise ValueError("%s: %r; allowed is a name without spaces, at most %d bytes long" % (key, host, HOST_SIZE))
    return host


def greeting(run, host, address, port, peer):
    """Return the line (bytes) that the responder of ``host`` sends from ``address`` and ``port`` to the address ``peer``."""
    return ("%s %s %s %s %d %s\n" % (WORD, run, host, address, port, peer)).encode("utf-8")


def parse_greeting(data):
    """Return the Greeting in ``data`` (bytes), or None when it is not exactly one."""
    try:
        word, run, host, address, port, peer = data.decode("utf-8").split()
        return Greeting(run, host, address, int(port), peer) if word == WORD else None
    except ValueError:
        return None


def request(run):
    """Return the UDP request (bytes) of a run."""
    return ("%s %s " % (WORD, run)).encode("ascii").ljust(REQUEST_SIZE)


def is_request(data, run):
    """Tell whether ``data`` (bytes) is a UDP request of this run."""
    return len(data) >= REQUEST_SIZE and data.startswith(("%s %s " % (WORD, run)).encode("ascii"))
