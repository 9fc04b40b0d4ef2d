# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory with one host under ufw: the real ufw, real packets, and files of its own."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

MODULE = "ufw_policy"
FILES = {4: "/etc/ufw/user.rules", 6: "/etc/ufw/user6.rules"}
SAVE = {4: "iptables-save -t filter", 6: "ip6tables-save -t filter"}
TALK = re.compile(r"^#.*\n| \[\d+:\d+\]$", re.MULTILINE)
"""What iptables-save says besides rules: dates, and the counters of chains."""


class UfwLab(NftLab):
    """`NftLab` whose host has ufw enabled; skips the test where ufw is not installed."""

    def __enter__(self) -> UfwLab:
        if not shutil.which("ufw") or not shutil.which("iptables-restore"):
            pytest.skip("NOT TESTED: ufw or iptables is not installed on this machine (package ufw)")
        super().__enter__()
        return self

    def enable(self, *settings: str) -> None:
        """Start ufw on the host, with its stock rules and ``settings`` such as ``default allow incoming``."""
        self.shell("cp /usr/share/ufw/iptables/*.rules /etc/ufw/")
        for setting in settings:
            self.ufw(setting)
        self.ufw("--force enable")

    def ufw(self, words: str) -> str:
        """Run ufw on the host as a person would; returns what it prints."""
        return self.shell(f"ufw {words} </dev/null")

    def apply(self, rules: list[dict[str, Any]] | None = None, **params: Any) -> dict[str, Any]:
        """Run the module on the host; returns its result, failed or not."""
        return self.module(HOST, MODULE, **({} if rules is None else {"rules": rules}), **params)

    def saved(self, family: int) -> str:
        """Return all rules of a family's filter table, without dates and counters."""
        return TALK.sub("", self.shell(SAVE[family]))

    def running(self, family: int = 4, direction: str = "in") -> list[str]:
        """Return the rules of a user chain, without their comments, as what ufw loads has none."""
        chain = f"ufw{'6' * (family == 6)}-user-{direction}put"
        lines = [line for line in self.saved(family).splitlines() if line.startswith(f"-A {chain} ")]
        return [re.sub(r' -m comment --comment (".*?"|\S+)', "", line) for line in lines]

    def file(self, family: int = 4) -> str:
        """Return a family's file of user rules."""
        return self.shell(f"cat {FILES[family]}")

    def boot(self) -> None:
        """Let the host lose its rules and load them as its boot does."""
        self.shell("nft flush ruleset; /lib/ufw/ufw-init start")
