# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads all packet filters of this host as their own tools list them, and changes nothing.

A tool is called only when the kernel has something that it lists. Called without need, nft and ipset load kernel modules, and
iptables-legacy-save makes tables.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

MOST = 32 * 1024 * 1024
"""Bytes of all listings together; about what 700 000 networks in a set take."""

Paths = namedtuple("Paths", "modules built_in names", defaults=("/proc/modules", "/lib/modules", "/proc/net/%s_names"))
"""Where the kernel says what it has: a file, the directory of its modules, and the files of its legacy tables."""

_DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/local/sbin")
_FAMILIES = {"ipv4": ("iptables", "ip_tables", "ip"), "ipv6": ("ip6tables", "ip6_tables", "ip6")}
"""Family -> the command, the legacy tables' name in /proc, and nft's name of the family."""
_TABLES = frozenset(("raw", "mangle", "nat", "filter", "security"))
_HINTS = {
    "Operation not permitted": "it needs root or CAP_NET_ADMIN; use become",
    "Permission denied": "it needs root; use become",
    "you must be root": "it needs root; use become",
    "JSON support not compiled-in": "this nft was built without JSON, which is needed to read its rules; install one with it",
}
_ADDRESS = re.compile(r"^\d+: (\S+)\s+inet6? ([0-9a-f.:]+)(?:/\d+)?(?: peer \S+)? .*?scope (\S+)", re.MULTILINE)
_CHUNK = 1 << 16


class Listing:
    """The reading of one host; ``most`` bytes at most. ``warnings`` are sentences on what could not be read."""

    def __init__(self, most=MOST, paths=None):
        self._most = self._left = most
        self._paths = paths or Paths()
        self.warnings = []

    def ruleset(self):
        """Return all that is in force, as the module's RETURN describes; raises BackendError."""
        nft = self._nft()
        tables = _tables(nft)
        iptables = {
            family: {"nft": self._iptables_nft(family, tables), "legacy": self._iptables_legacy(family)}
            for family in _FAMILIES
        }
        uses_sets = any("--match-set " in text for variants in iptables.values() for text in variants.values())
        return {
            "nft": nft,
            "iptables": iptables,
            "ipset": self._ipset() if uses_sets else "",
            "interfaces": sorted(name for _index, name in socket.if_nameindex()),
            "addresses": self._addresses(),
        }

    def _nft(self):
        program = find("nft")
        if program is None and not self._has("nf_tables"):
            return ""
        if program is None:
            raise BackendError(
                "nft was not found on this host, but its kernel may hold rules that only nft lists: install the package nftables"
            )
        return self._run([program, "-j", "list", "ruleset"]) if self._has("nf_tables") else ""

    def _iptables_nft(self, family, tables):
        command, _names, nft_family = _FAMILIES[family]
        if not any(name in _TABLES for of, name in tables if of == nft_family):
            return ""
        program = find("%s-nft-save" % command) or self._plain(command, "nf_tables")
        if program is None:
            self.warnings.append(
                "there is no %s-nft-save on this host: if %s made its tables, some of their rules cannot be understood"
                % (command, command)
            )
            return ""
        try:
            return self._run([program, "-c"])
        except (
            BackendError
        ) as error:  # it gives up on a rule of nft's own; the listing of nft has all but the matches of iptables
            self.warnings.append("some rules of %s may not be understood: %s" % (command, error))
            return ""

    def _iptables_legacy(self, family):
        command, names, _nft_family = _FAMILIES[family]
        present = _text(self._paths.names % names).split()
        if not present:
            return ""
        program = find("%s-legacy-save" % command) or self._plain(command, "legacy")
        if program is None:
            raise BackendError(
                "the kernel of this host has legacy tables (%s of %s), and there is no %s-legacy-save to list them:"
                " install it, or unload these tables" % (", ".join(present), command, command)
            )
        return self._run([program, "-c"])

    def _plain(self, command, variant):
        """Return the path of iptables-save without a variant in its name, when it is of this variant."""
        program = find("%s-save" % command)
        if program is None:
            return None
        version = self._run([program, "-V"])
        return program if ("nf_tables" in version) == (variant == "nf_tables") else None

    def _ipset(self):
        program = find("ipset")
        if program is None:
            self.warnings.append("rules of this host ask for sets, and there is no ipset to list what is in them")
            return ""
        return self._run([program, "save"])

    def _addresses(self):
        program = find("ip")
        if program is None:
            raise BackendError("ip was not found on this host: install the package iproute2")
        listed = _ADDRESS.findall(self._run([program, "-o", "address", "show"]))
        return sorted({address for _interface, address, scope in listed if scope != "host"})

    def _has(self, module):
        """Tell whether the kernel has a module in use, or may have: where that cannot be told, it may."""
        loaded = _text(self._paths.modules)
        if not loaded or re.search(r"^%s " % module, loaded, re.MULTILINE):
            return True
        built_in = _text(os.path.join(self._paths.built_in, os.uname().release, "modules.builtin"))
        return not built_in or "/%s.ko" % module in built_in

    def _run(self, command):
        """Return what a command prints, within what is left of the bytes."""
        parts = []
        with tempfile.TemporaryFile() as errors, subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(os.environ, LC_ALL="C"),
        ) as process:
            for part in iter(lambda: process.stdout.read(_CHUNK), b""):
                parts.append(part)
                self._left -= len(part)
                if self._left < 0:
                    process.kill()
                    raise BackendError(
                        "the rules of this host and their sets are more than %d MiB of text, the most that is read:"
                        " nothing can be said about them" % (self._most >> 20)
                    )
            code = process.wait()
            errors.seek(0)
            message = " ".join(errors.read().decode(errors="replace").split())
        if code:
            hints = [" (%s)" % hint for words, hint in _HINTS.items() if words in message]
            raise BackendError(
                "%s could not list the rules%s: %s"
                % (os.path.basename(command[0]), (hints or [""])[0], message or "it ended with %d" % code)
            )
        return b"".join(parts).decode("utf-8", "replace")


def find(name):
    """Return the path of a program, None when there is none."""
    for directory in _DIRECTORIES + tuple(os.environ.get("PATH", "").split(os.pathsep)):
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return None


def _tables(listing):
    """Return the (family, name) of every table in nft's JSON; raises BackendError when it is not JSON."""
    if not listing:
        return set()
    try:
        tables = [entry["table"] for entry in json.loads(listing)["nftables"] if "table" in entry]
        return {(table["family"], table["name"]) for table in tables}
    except (ValueError, KeyError, TypeError) as error:
        raise BackendError("nft did not list its rules as JSON: %s" % error) from None


def _text(path):
    """Return what a file of the kernel holds, "" when there is none; raises BackendError."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BackendError("%s cannot be read (it needs root; use become): %s" % (path, error.strerror)) from None
