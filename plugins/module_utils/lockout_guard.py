# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a policy from cutting off the very connection that brings it."""

from __future__ import annotations

from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules

Client = namedtuple("Client", "address port")
"""address: of the other end of the management connection, as this host sees it (text). port: of this end."""


def client_of(words):
    """Return the `Client` that sshd's SSH_CONNECTION (text) names, or None where there is none to cut off.

    sshd sets it to the client's address and port and the server's. A client on the host itself comes by the loopback.
    """
    parts = words.split()
    if len(parts) != 4 or parts[0] == parts[2]:
        return None
    return Client(parts[0].partition("%")[0], int(parts[3]))


def cut_off(rules, client):
    """Return a sentence when checked ``rules`` would refuse new connections of a `Client`, else ""; it may be None."""
    if client is None or policy_rules.accepts(rules, "tcp", client.port, client.address):
        return ""
    return (
        "these rules would cut off this very connection: no rule accepts tcp to port %d from %s;"
        " add %s to portmatrix_management_sources" % (client.port, client.address, client.address)
    )
