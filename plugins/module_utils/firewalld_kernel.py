# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the kernel whether it holds what firewalld believes, which someone's ``nft flush ruleset`` or a killed firewalld changes."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess

from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import NftError, find

_JUMP = r"^\s*jump filter_(?:IN|OUT)_policy_%s$"


def agrees(in_force):
    """Tell whether exactly those policies are asked that shall be; ``in_force`` is name -> bool. Where nft is missing, so be it."""
    try:
        return holds(_nft("list"), in_force)
    except NftError:
        return True


def make_reloadable():
    """See that firewalld's table is there: without it a reload fails half way, and leaves the host shut."""
    with contextlib.suppress(NftError):
        _nft("add")


def holds(listing, in_force):
    """Tell for the listing of firewalld's table (text) what `agrees` tells."""
    return all(
        len(re.findall(_JUMP % (re.escape(name) + suffix), listing, re.MULTILINE)) == int(on)
        for name, on in in_force.items()
        for suffix in ("", "_allow")
    )


def _nft(verb):
    done = subprocess.run(
        [find(), verb, "table", "inet", "firewalld"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        env=dict(os.environ, LC_ALL="C"),
    )
    return done.stdout.decode(errors="replace")
