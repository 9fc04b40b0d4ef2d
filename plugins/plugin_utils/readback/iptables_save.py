# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of ``iptables-save`` and ``ip6tables-save``, as the model has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import iptables_match
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ipset_save import IpSet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_words import words
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Chain, Rule, Table

_COMMANDS = {"ipv4": "iptables", "ipv6": "ip6tables"}
_HOOKS = {"PREROUTING": "prerouting", "INPUT": "input", "OUTPUT": "output", "POSTROUTING": "postrouting"}
#: The kernel's own, by table; of nat they differ from hook to hook.
_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_NAT = {"prerouting": -100, "input": 100, "output": -100, "postrouting": 100}
_POLICIES = {"ACCEPT": "accept", "DROP": "drop", "-": "accept"}
_VERDICTS = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "reject",
    "RETURN": "return",
    **dict.fromkeys(("DNAT", "MASQUERADE", "NETMAP", "REDIRECT", "SNAT"), "translate"),
    # What these change, no rule asks for that this reading understands.
    **dict.fromkeys(
        ("AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CONNSECMARK", "DSCP", "ECN", "IDLETIMER"), "continue"
    ),
    **dict.fromkeys(("LED", "LOG", "MARK", "NFLOG", "RATEEST", "SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP"), "continue"),
    **dict.fromkeys(("TOS", "TRACE", "ULOG"), "continue"),
}
_RULE = re.compile(r"(?:\[\d+:\d+\] )?(-A (\S+)(?: .*)?)")
_CHAIN = re.compile(r":(\S+) (ACCEPT|DROP|-)(?: \[\d+:\d+\])?")
_SKIPPED = ("established", "invalid", "untracked")


class _Line(NamedTuple):
    """What a rule asks for, as words; its target, how it goes there (``-j`` or ``-g``), and the target's options."""

    asked: list[str]
    way: str
    target: str
    options: list[str]
    text: str


class _Read(NamedTuple):
    """A table as it is written: chain -> policy ("-" where only other chains lead to it), and chain -> lines."""

    name: str
    policies: dict[str, str]
    lines: dict[str, list[_Line]]


class Saved(NamedTuple):
    """A table as it is written, and what its rules are understood by."""

    read: _Read
    family: str
    sets: Mapping[str, IpSet]
    interfaces: frozenset[str]

    @property
    def title(self) -> str:
        """The table's name for people."""
        return f"{_COMMANDS[self.family]} {self.read.name}"


def tables(text: str, family: str, sets: Mapping[str, IpSet], interfaces: Iterable[str]) -> list[Table]:
    """Return the tables of a family (``ipv4`` or ``ipv6``) in ``text``.

    ``sets`` are those that `ipset_save.sets` gives, ``interfaces`` the names of all that the host has. Raises ValueError, with the
    line, where the text is something else.
    """
    return [table(one) for one in saved(text, family, sets, interfaces)]


def saved(text: str, family: str, sets: Mapping[str, IpSet], interfaces: Iterable[str]) -> list[Saved]:
    """Return the same tables as they are written; raises as `tables` does."""
    known = frozenset(interfaces)
    return [Saved(read, family, sets, known) for read in _tables(text)]


def table(one: Saved) -> Table:
    """Return a table that has no other chains and rules than those written."""
    read = one.read
    hooks = _reached_from(read)
    chains = {}
    for name, policy in read.policies.items():
        made = rules(one, name, hooks[name], read.policies)
        hook = _HOOKS.get(name, "") if policy != "-" else ""
        if hook and read.name == "nat":
            made = (_only_new(f"{_COMMANDS[one.family]} -t {read.name} {name}"), *made)
        chains[name] = Chain(name, made, hook, _priority(read.name, hook), _POLICIES[policy])
    return Table(one.title, frozenset({one.family}), chains)


def rules(one: Saved, chain: str, hooks: Iterable[str], chains: Collection[str]) -> tuple[Rule, ...]:
    """Return a rule for each line of a chain, none for a chain that is not written.

    ``hooks`` are those that lead to the chain, ``chains`` all that the table has.
    """
    about = iptables_match.About(one.family, frozenset(hooks), one.interfaces, one.sets)
    title = f"{_COMMANDS[one.family]} -t {one.read.name} "
    return tuple(_rule(line, title, chains, about) for line in one.read.lines.get(chain, ()))


def _tables(text: str) -> Iterator[_Read]:
    read: _Read | None = None
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        chain, rule = _CHAIN.fullmatch(line), _RULE.fullmatch(line)
        if line.startswith("*") and read is None:
            read = _new(line[1:])
        elif read is not None and line == "COMMIT":
            yield read
            read = None
        elif read is not None and chain:
            read.policies[chain[1]] = chain[2]
            read.lines[chain[1]] = []
        elif read is not None and rule and rule[2] in read.lines:
            read.lines[rule[2]].append(_line(rule[1]))
        else:
            raise ValueError(f"iptables-save: this line is not understood: {line}")
    if read is not None:
        raise ValueError(f"iptables-save: table {read.name} has no end")


def _new(name: str) -> _Read:
    if name != "nat" and name not in _PRIORITIES:
        raise ValueError(f"iptables-save: the table {name} is not known")
    return _Read(name, {}, {})


def _line(text: str) -> _Line:
    asked = words(text)[2:]
    ways = [number for number, word in enumerate(asked) if word in ("-j", "-g") and asked[number - 1] != "--comment"]
    if not ways:
        return _Line(asked, "", "", [], text)
    if len(ways) > 1 or ways[0] + 1 == len(asked):
        return _Line([], "?", "", [], text)
    at = ways[0]
    return _Line(asked[:at], asked[at], asked[at + 1], asked[at + 2 :], text)


def _priority(table: str, hook: str) -> int:
    if not hook:
        return 0
    return _NAT[hook] if table == "nat" else _PRIORITIES[table]


def _reached_from(table: _Read) -> dict[str, set[str]]:
    """Return chain -> the hooks whose packets may come to it."""
    reached: dict[str, set[str]] = {name: set() for name in table.policies}
    for name, policy in table.policies.items():
        if policy == "-":
            continue
        waiting, seen = [name], {name}
        while waiting:
            chain = waiting.pop()
            reached[chain].add(_HOOKS.get(name, name.lower()))
            following = {line.target for line in table.lines[chain]} & set(table.policies) - seen
            seen |= following
            waiting.extend(following)
    return reached


def _only_new(chain: str) -> Rule:
    boxes = ({"state": frozenset(_SKIPPED)},)
    return Rule(boxes, True, "accept", "", f"{chain}: the kernel asks it of new and related packets only")


def _rule(line: _Line, title: str, chains: Collection[str], about: iptables_match.About) -> Rule:
    asked = iptables_match.asked(line.asked, about)
    verdict, target = _verdict(line, chains)
    boxes, certain = asked.condition.boxes, asked.condition.certain
    if asked.odd and verdict in ("drop", "reject"):
        boxes, certain = (), True
    return Rule(boxes, certain, verdict, target, title + line.text)


def _verdict(line: _Line, chains: Collection[str]) -> tuple[str, str]:
    if not line.way:
        return "continue", ""
    if line.target in chains:
        return ("goto" if line.way == "-g" else "jump"), line.target
    if line.way != "-j":
        return "unknown", ""
    if line.target == "CT" and "--notrack" not in line.options:
        return "continue", ""  # a helper or a zone
    return _VERDICTS.get(line.target, "unknown"), ""
