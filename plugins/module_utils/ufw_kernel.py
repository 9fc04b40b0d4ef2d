# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs iptables-save and iptables-restore: the only place that reads and writes the running rules of ufw."""

from __future__ import annotations

import os
import re
import subprocess
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import ufw_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

Running = namedtuple("Running", "chains policies hooked")
"""chains: direction -> list of ``(counters, line)``, empty when ufw does not run. policies: direction -> ``ACCEPT`` or
``DROP``. hooked: whether packets come to ufw's user rules."""
Line = namedtuple("Line", "text own bare counters")
"""One rule of a chain. own: the `Own` it is, or None. bare: whether it lacks the comment, as what ufw loads does."""

_NOTHING = "[0:0]"
_PREFIX = {4: "ip", 6: "ip6"}
_DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # ufw itself takes the first
_LOCK_SECONDS = "10"
_SAVED = re.compile(r"^(\[\d+:\d+\]) (-A (\S+) .*)$", re.MULTILINE)
_POLICY = re.compile(r"^:(INPUT|OUTPUT) (\S+) ", re.MULTILINE)
_HINTS = {
    "you must be root": "it needs root; use become",
    "Message too long": "the policy is larger than net.core.wmem_max lets this user send to the kernel at once",
}
_HOOKS = {"in": "INPUT", "out": "OUTPUT"}


def read(family):
    """Return what is `Running` in an address family (4 or 6); raises BackendError."""
    text = _run(family, "save", ["-c", "-t", "filter"], "could not list the rules")
    chains, before = ufw_rules.CHAINS[family], "ufw6-before" if family == 6 else "ufw-before"
    there = all("\n:%s " % chain in text for chain in chains.values())
    lines = {direction: [] for direction in chains} if there else {}
    rules, of_chain = set(), {chain: direction for direction, chain in chains.items()}
    for counters, rule, chain in _SAVED.findall(text):
        if there and chain in of_chain:
            lines[of_chain[chain]].append((counters, rule))
        elif " -j ufw" in rule:
            rules.add(rule)
    hooked = all(
        {"-A %s -j %s-%sput" % (hook, before, way), "-A %s-%sput -j %s" % (before, way, chains[way])} <= rules
        for way, hook in _HOOKS.items()
    )
    hooks = {hook: direction for direction, hook in _HOOKS.items()}
    return Running(lines, {hooks[hook]: policy for hook, policy in _POLICY.findall(text)}, hooked)


def recognized(lines, family, known):
    """Return ``(counters, text)`` pairs as `Line`.

    ``known`` maps the keys of our rules in the files to `Own`: what ufw loaded from there has no comment.
    """
    parsed = [(counters, text) + ufw_rules.parse_rule(text, family) for counters, text in lines]
    tagged = {key for _counters, _text, key, comment in parsed if ufw_rules.is_ours(comment)}
    bare = {key: own for key, own in known.items() if key not in tagged}
    out = []
    for counters, text, key, comment in reversed(parsed):  # of two that are alike, ours is the later
        if ufw_rules.is_ours(comment):
            out.append(Line(text, ufw_rules.own(key, comment), False, counters))
        else:
            own = bare.pop(key, None) if comment is None else None
            out.append(Line(text, own, own is not None, counters))
    return out[::-1]


def line(own, family):
    """Return the new `Line` of a rule of ours."""
    return Line(ufw_rules.rule_line(own.key, family, own.comment), own, False, _NOTHING)


def right(item, own):
    """Tell whether a `Line` says the same as this `Own`, whose key it has."""
    return item.bare or item.own.comment == own.comment


def script(chains, family):
    """Return the text by which iptables-restore replaces ``chains`` (direction -> list of `Line`), and nothing else."""
    out = ["*filter"]
    out += [":%s - %s" % (ufw_rules.CHAINS[family][direction], _NOTHING) for direction in sorted(chains)]
    out += ["%s %s" % (item.counters, item.text) for direction in sorted(chains) for item in chains[direction]]
    return "\n".join(out + ["COMMIT"]) + "\n"


def check(text, family):
    """Have iptables-restore check a text, changing nothing; raises BackendError."""
    _run(family, "restore", ["-n", "-c", "--test"], "refused these rules", text)


def load(text, family):
    """Load a text as one transaction, all or nothing; raises BackendError."""
    _run(family, "restore", ["-n", "-c", "-w", _LOCK_SECONDS], "could not load these rules", text)


def _run(family, verb, options, failure, text=""):
    name = "%stables-%s" % (_PREFIX[family], verb)
    done = subprocess.run(
        [_find(name), *options],
        input=text.encode("utf-8", "surrogateescape"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
        env=dict(os.environ, LC_ALL="C"),
    )
    if done.returncode:
        message = done.stderr.decode(errors="replace")
        hints = ["%s (%s)" % (failure, hint) for words, hint in _HINTS.items() if words in message]
        raise BackendError("%s %s: %s" % (name, (hints or [failure])[0], _reason(message, text)))
    return done.stdout.decode("utf-8", "surrogateescape")


def _reason(message, text):
    """Return what iptables says, with the line that it means."""
    message = " ".join(message.split()) or "no reason given"
    number = re.search(r"line:? (\d+)", message)
    lines = text.splitlines()
    if number and 0 < int(number.group(1)) <= len(lines):
        message += " (%s)" % lines[int(number.group(1)) - 1]
    return message


def _find(name):
    for directory in _DIRECTORIES + tuple(os.environ.get("PATH", "").split(os.pathsep)):
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    raise BackendError("%s was not found on this host: install the package iptables" % name)
