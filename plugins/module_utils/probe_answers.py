# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means that a port sent something."""

from __future__ import annotations

import ipaddress

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import Verdict
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import parse_greeting

ANOTHER_SERVICE = Verdict("open", "another service", "service")


def heard(data, probe, run, question):
    """Return the Verdict for what a Probe's port sent (bytes), having been asked the Question (or None)."""
    greeting = parse_greeting(data)
    if greeting:
        return _greeted(greeting, probe, run)
    said = question and question.understood(data)
    return Verdict("open", said, "service") if said else ANOTHER_SERVICE


def _greeted(greeting, probe, run):
    """Return the Verdict for the Greeting of a responder of ours."""
    if greeting.host != probe.to:
        return Verdict("wrong_host", "answered by %s" % greeting.host, "responder")
    if (greeting.address, greeting.port) != (probe.address, probe.port):
        place = (greeting.host, greeting.address, greeting.port)
        return Verdict("wrong_host", "answered by %s on %s port %d: translated on the way" % place, "responder")
    detail = "answered" if greeting.run == run else "answered by run %s" % greeting.run
    if not _is_same(greeting.peer, probe.source):
        detail += ", to %s: translated on the way" % greeting.peer
    return Verdict("open", detail, "responder")


def _is_same(peer, source):
    """Tell whether two texts are one address; systems write some IPv6 addresses in different ways."""
    try:
        return peer == source or ipaddress.ip_address(peer) == ipaddress.ip_address(source)
    except ValueError:
        return False
