# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs nft: the only place that reads and writes the kernel's rules."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import TABLE

_DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/local/sbin")
_ABSENT = "No such file or directory"
_HINTS = {
    "Operation not permitted": "it needs root or CAP_NET_ADMIN; use become",
    "Message too long": "the policy is larger than net.core.wmem_max lets this user send to the kernel at once",
}


class NftError(BackendError):
    """nft is missing, or refused; the text is a sentence that holds nft's own message."""


def find():
    """Return the path of nft; raises NftError when there is none."""
    for directory in os.environ.get("PATH", "").split(os.pathsep) + list(_DIRECTORIES):
        path = os.path.join(directory, "nft")
        if os.access(path, os.X_OK):
            return path
    raise NftError("nft was not found on this host: install the package nftables")


class Nft:
    """The kernel's table, through the command ``nft`` (a list: how it is called)."""

    def __init__(self, nft):
        self._nft = list(nft)

    def read(self, table=TABLE):
        """Return a table of ours as nft prints it, "" when there is none; run as a script, the text brings it back."""
        try:
            return self._run("could not list the table", ["list", "table", *table.split()])
        except NftError as error:
            if _ABSENT in str(error):
                return ""
            raise

    def check(self, script):
        """Have nft and the kernel check a script (text), changing nothing; raises NftError."""
        self._run("refused these rules", ["-c", "-f", "-"], script)

    def apply(self, script):
        """Run a script as one transaction, all or nothing; raises NftError."""
        self._run("could not apply these rules", ["-f", "-"], script)

    def _run(self, failure, arguments, script=""):
        done = subprocess.run(
            self._nft + arguments,
            input=script.encode("utf-8", "surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            env=dict(os.environ, LC_ALL="C"),
        )
        if done.returncode == 0:
            return done.stdout.decode(errors="replace")
        message = done.stderr.decode(errors="replace").strip()
        hints = ["%s (%s)" % (failure, hint) for words, hint in _HINTS.items() if words in message]
        raise NftError("nft %s: %s" % ((hints or [failure])[0], message))
