# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a policy from cutting off the very connection that brings it."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules


def cut_off(rules, environment):
    """Return a sentence when checked ``rules`` would refuse the ssh connection named in ``environment``, else "".

    ``environment`` is a dict as ``os.environ``; sshd sets ``SSH_CONNECTION`` to the client's address and port and the
    server's. Without it there is nothing to tell. A client on the host itself comes by the loopback, which is open.
    """
    words = environment.get("SSH_CONNECTION", "").split()
    if len(words) != 4:
        return ""
    client, port = words[0].partition("%")[0], int(words[3])
    if words[0] == words[2] or policy_rules.accepts(rules, "tcp", port, client):
        return ""
    return (
        "these rules would cut off this very connection: no rule accepts tcp to port %d from %s;"
        " add %s to portmatrix_management_sources" % (port, client, client)
    )
