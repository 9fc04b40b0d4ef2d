# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a host's firewall holds, as one text.

neighbours    what is not this collection's, with the handles of the kernel: they change with any rewrite, even one to the same text
whole         everything, and the files of /etc, and which units are enabled
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys

OWN = "portmatrix"
MANAGED = ("inet firewalld", "ip filter", "ip6 filter")  # those of firewalld and ufw hold their own and others' rules
USER_CHAINS = re.compile(r"-A ufw6?-user-(in|out)put ")  # after a boot, ours have no comments there
MADE_BY_HAND = "--dport 999"
VOLATILE = ("/etc/.pwd.lock", "/etc/mtab", "/etc/resolv.conf", "/etc/machine-id")


def output(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def without_own(text: str, separator: str) -> str:
    """Leave out the blocks of this collection; text is blocks with a separator between."""
    return separator.join(block for block in text.split(separator) if OWN not in block)


def neighbours() -> str:
    tables = [line.partition(" ")[2] for line in output("nft", "list", "tables").splitlines()]
    others = sorted(table for table in tables if OWN not in table and table not in MANAGED)
    parts = [output("nft", "-s", "-a", "list", "table", *table.split()) for table in others]
    for permanent in ([], ["--permanent"]):
        for kind in ("zones", "policies"):
            parts.append(without_own(output("firewall-cmd", *permanent, f"--list-all-{kind}"), "\n\n"))
    for tool in ("iptables", "ip6tables") if "ip filter" in tables else ():
        parts += [
            line for line in output(tool, "-S").splitlines() if MADE_BY_HAND in line or not USER_CHAINS.match(line)
        ]
    parts.append(without_own(output("ufw", "status"), "\n"))
    return "\n".join(parts)


def files(top: str) -> list[str]:
    found = []
    for directory, _directories, names in os.walk(top):
        for path in [directory, *(os.path.join(directory, name) for name in names)]:
            if path not in VOLATILE:
                found.append(f"{oct(os.lstat(path).st_mode)} {path} {content(path)}")
    return sorted(found)


def content(path: str) -> str:
    if os.path.islink(path):
        return os.readlink(path)
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def whole() -> str:
    tables = [line.partition(" ")[2] for line in output("nft", "list", "tables").splitlines()]
    rules = [output("nft", "-s", "list", "table", *table.split()) for table in sorted(tables)]
    units = output("systemctl", "list-unit-files", "--no-legend", "--state", "enabled")
    return "\n".join([*rules, *files("/etc"), *files("/var/lib/portmatrix"), units])


print({"neighbours": neighbours, "whole": whole}[sys.argv[1]]())
