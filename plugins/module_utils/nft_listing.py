# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel holds, as ``nft list table`` prints it, against what is wanted: both as the same texts.

The printed text is also what brings the table back, and across nft 0.9.8 to 1.1 it says the same; its JSON does not (it
loses a table's flags).
"""

from __future__ import annotations

import re

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, nft_audit, port_ranges
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import (
    OWN,
    TABLE,
    Chain,
    Foreign,
    Line,
    Table,
    addresses_text,
    line_text,
    one_or_set,
    ports_text,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import FLOW_ID

_COUNTS = re.compile(r"counter packets \d+ bytes \d+")
_QUOTED = re.compile(r'"[^"]*"')
_COMMENT = re.compile(r' comment "([^"]*)"$')
_MATCH = re.compile(r"(?<!\S)(\w+ (?:[sd]addr|[sd]port|type|state|protocol|l4proto)) ({ [^}]* }|\S+)")
_FAMILIES = {"ip saddr": 4, "ip daddr": 4, "ip6 saddr": 6, "ip6 daddr": 6}
_PORTS = ("tcp dport", "udp dport", "tcp sport", "udp sport")
_NUMBERS = {"icmp": "1", "igmp": "2", "tcp": "6", "udp": "17", "ipv6-icmp": "58", "icmpv6": "58"}
"""nft names a protocol only where the host has an /etc/protocols; we write and compare numbers."""
_HOLDERS = ("map", "set", "chain")
"""What may hold the things after it, and all other kinds: deleted in this order, once the rules are gone."""
_HIDDEN_FLOWS = re.compile(r" \+\d+$")


def parse(listing):
    """Return the `Table` for what ``nft list table`` prints.

    Counts are left out, and sets are sorted and merged, so that a rule reads the same whichever nft printed it. A rule
    that we could never have written stays as it is printed. What the sets of audit mode hold is left out too.
    """
    table = Table({}, {}, [])
    for opening, lines in blocks(_COUNTS.sub("counter", listing)):
        kind, _space, name = opening.rpartition(" ")
        if kind == "chain":
            table.chains[name] = _chain(lines)
        elif kind == "set" and name in nft_audit.NAMES:
            table.sets[name] = nft_audit.declaration(lines)
        elif kind:
            table.foreign.append(Foreign(kind, name, " ".join(lines)))
        else:
            table.foreign.extend(Foreign("table", "", line) for line in lines if not line.startswith("comment "))
    return table


def as_text(table):
    """Return a `Table`, or "" for None, as readable nft text without counts and handles."""
    if table is None:
        return ""
    out = ["table %s {" % TABLE]
    out.extend("\t# %s %s: %s" % thing for thing in table.foreign)
    for name, declaration in sorted(table.sets.items()):
        out += ["\tset %s {" % name, *("\t\t" + line for line in declaration), "\t}"]
    for name, chain in sorted(table.chains.items()):
        out.append("\tchain %s {" % name)
        out.extend("\t\t" + part for part in [chain.header] + [line_text(line) for line in chain.lines] if part)
        out.append("\t}")
    return "\n".join(out + ["}"]) + "\n"


def repairs(current, wanted):
    """Return nft statements that rid our table of what the wanted `Table` lacks; they go before its script."""
    if current is None:
        return ""
    things = [(thing.kind, thing.name) for thing in current.foreign if thing.kind != "table"]
    things += [("set", name) for name, lines in current.sets.items() if lines != wanted.sets.get(name)]
    things += [("chain", name) for name, chain in current.chains.items() if _unwanted(name, chain, wanted)]
    if not things:
        return ""
    things.sort(key=lambda thing: _HOLDERS.index(thing[0]) if thing[0] in _HOLDERS else len(_HOLDERS))
    out = ["flush chain %s %s" % (TABLE, name) for name in current.chains]
    out += ["delete %s %s %s" % (kind, TABLE, name) for kind, name in things]
    return "\n".join(out) + "\n"


def relaxed(current, wanted=None):
    """Return nft statements that let pass the base chains about to be deleted, or "".

    To be run before, on its own: a chain with a drop policy would drop everything between losing its rules and its hook.
    """
    if current is None:
        return ""
    return "".join(
        "add chain %s %s { %s }\n" % (TABLE, name, chain.header.replace("policy drop;", "policy accept;"))
        for name, chain in current.chains.items()
        if "policy drop;" in chain.header and (wanted is None or _unwanted(name, chain, wanted))
    )


def flow_changes(before, after):
    """Return ``{"added": [...], "removed": [...], "changed": [...]}``: flow ids; a `Table` may be None.

    A flow has changed when its rules (direction, protocol, ports, peers) differ. In the kernel a rule knows only the flows
    that its comment has room for; a rule that stays as it is stands for all of its own.
    """
    known = {} if after is None else {key: line.flows for key, line in _rules(after)}
    old = _by_flow(before, known)
    new = _by_flow(after, known)
    return {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "changed": sorted(flow for flow in set(old) & set(new) if old[flow] != new[flow]),
    }


def blocks(listing):
    """Yield ``(opening, lines)`` of every block of the table, and ``("", lines)`` for what stands beside them.

    A statement that nft broke into several lines, as it does with long sets, is put together again.
    """
    opening, lines, loose, held, depth = "", [], [], [], 0
    for line in listing.splitlines()[1:-1]:
        line = line.strip()
        bare = _QUOTED.sub("", line)
        if not held and not opening and bare.endswith("{"):
            opening = line[:-2]
        elif not held and opening and line == "}":
            yield opening, lines
            opening, lines = "", []
        elif line:
            held.append(line)
            depth += bare.count("{") - bare.count("}")
            if depth == 0:
                (lines if opening else loose).append(" ".join(held))
                held = []
    yield "", loose


def _chain(lines):
    rules = [line for line in lines if not line.startswith('comment "')]
    has_header = bool(rules) and rules[0].startswith("type ") and " hook " in rules[0]
    return Chain(rules[0] if has_header else "", [read_rule(rule) for rule in rules[has_header:]])


def read_rule(rule):
    """Return the `Line` for one rule as nft prints it, without counts."""
    comment = _COMMENT.search(rule)
    body = rule[: comment.start()] if comment else rule
    return Line(_MATCH.sub(_normal, body), comment.group(1) if comment else "", (), "")


def _normal(match):
    """Return one match of a rule in the form that nft_script writes, or as it is when that is not possible."""
    key, value = match.groups()
    values = value[2:-2].split(", ") if value.startswith("{") else [value]
    try:
        if key in _FAMILIES:
            family = _FAMILIES[key]
            return "%s %s" % (key, addresses_text(family, port_ranges.merge(_span(family, text) for text in values)))
        if key in _PORTS:
            return "%s %s" % (key, ports_text([port_ranges.parse_range(text) for text in values]))
    except ValueError:
        return match.group()
    if key == "ct state":
        return "ct state %s" % ",".join(sorted(",".join(values).split(",")))
    return "%s %s" % (key, one_or_set(sorted(_NUMBERS.get(text, text) for text in values)))


def _span(family, text):
    first, dash, last = text.partition("-")
    found, low, high = address_ranges.parse_network(first)
    if dash:
        high = address_ranges.parse_network(last)[2]
    if found != family:
        raise ValueError("%s is of the other family" % text)
    return low, high


def _unwanted(name, chain, wanted):
    """Tell whether a chain has to go, which for one of ours means that its hook cannot be changed in place."""
    if name not in wanted.chains:
        return True
    return chain.header.split("policy")[0] != wanted.chains[name].header.split("policy")[0]


def _rules(table):
    return [((name, line.body, line.comment), line) for name, chain in table.chains.items() for line in chain.lines]


def _by_flow(table, known):
    flows = {}
    for key, line in _rules(table) if table else ():
        for flow in line.flows or known.get(key) or _HIDDEN_FLOWS.sub("", line.comment).split(", "):
            if FLOW_ID.match(flow) and not line.comment.startswith(OWN):
                flows.setdefault(flow, set()).add(key[:2])
    return flows
