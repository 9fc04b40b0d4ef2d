# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of one host's policy, as every backend gets them: checked, and turned into ranges of integers."""

from __future__ import annotations

import re
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, port_ranges

DIRECTIONS = ("in", "out")
PROTOCOLS = ("tcp", "udp", "igmp")
KEYS = ("direction", "protocol", "ports", "peers", "flows", "reason")
LONGEST_FLOW_ID = 100
FLOW_ID = re.compile(r"[a-z0-9_.-]{1,%d}\Z" % LONGEST_FLOW_ID)

OPTION = {
    "type": "list",
    "elements": "dict",
    "options": {
        "direction": {"type": "str"},
        "protocol": {"type": "str"},
        "ports": {"type": "list", "elements": "str"},
        "peers": {"type": "list", "elements": "str"},
        "flows": {"type": "list", "elements": "str"},
        "reason": {"type": "str"},
    },
}
"""The argument spec of a module's ``rules``. What is required and allowed is checked by `checked`, which names every
wrong entry by its number where the argument spec would stop at the first and name none."""

Rule = namedtuple("Rule", "direction protocol ports peers anyone flows reason")
"""ports: merged ``(low, high)`` pairs. peers: family (4, 6) -> merged ``(low, high)`` pairs, only families that have
some. anyone: whether every peer of both families is meant (peers is then empty). flows: tuple of ids."""


class RuleError(ValueError):
    """Wrong rules; ``problems`` holds one ``rules[i].key: what; allowed`` sentence for each."""

    def __init__(self, problems):
        super().__init__("; ".join(problems))
        self.problems = problems


def checked(rules):
    """Return the list of `Rule` for ``rules`` (list of dicts), in a stable order; raises RuleError with all problems."""
    problems = []
    parsed = {}
    for number, rule in enumerate(rules):
        name = "rules[%d]" % number
        found = len(problems)
        result = _parse(rule, lambda key, what, name=name: problems.append("%s.%s: %s" % (name, key, what)))
        if len(problems) > found:
            continue
        first = parsed.setdefault(_identity(result), (name, result))
        if first[1] is not result:
            problems.append("%s: says the same as %s; give one rule with the flows of both" % (name, first[0]))
    if problems:
        raise RuleError(problems)
    return [parsed[key][1] for key in sorted(parsed)]


def accepts(rules, protocol, port, address):
    """Tell whether checked inbound ``rules`` accept ``protocol`` to ``port`` from ``address`` (text)."""
    family, number = address_ranges.parse_address(address)
    return any(
        rule.direction == "in"
        and rule.protocol == protocol
        and any(low <= port <= high for low, high in rule.ports)
        and (rule.anyone or any(low <= number <= high for low, high in rule.peers.get(family, ())))
        for rule in rules
    )


def _identity(rule):
    peers = sorted((family, tuple(ranges)) for family, ranges in rule.peers.items())
    return rule.direction, rule.protocol, tuple(rule.ports), rule.anyone, tuple(peers)


def _parse(rule, wrong):
    for key in sorted(set(rule) - set(KEYS)):
        wrong(key, "unknown key; allowed: %s" % ", ".join(KEYS))
    protocol = _choice(rule, "protocol", PROTOCOLS, wrong)
    anyone, peers = _peers(rule.get("peers") or (), wrong)
    return Rule(
        direction=_choice(rule, "direction", DIRECTIONS, wrong),
        protocol=protocol,
        ports=_ports(rule.get("ports") or (), protocol, wrong),
        peers=peers,
        anyone=anyone,
        flows=_flows(rule.get("flows") or (), wrong),
        reason=_one_line(rule.get("reason") or ""),
    )


def _one_line(text):
    """Return text that can stand in a comment of a script: one line, nothing that no one can see."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _choice(rule, key, allowed, wrong):
    value = rule.get(key)
    if value not in allowed:
        wrong(key, "%s is not one of %s" % ("nothing" if value is None else repr(value), ", ".join(allowed)))
    return value


def _ports(texts, protocol, wrong):
    if protocol == "igmp":
        if texts:
            wrong("ports", "igmp has no ports; must be empty")
        return []
    if not texts:
        wrong("ports", "is empty; at least one port or range (1-65535) is needed")
    return port_ranges.merge(_each(port_ranges.parse_range, texts, "ports", wrong))


def _peers(texts, wrong):
    if not texts:
        # An empty list means that nobody was resolved: never read it as "from anyone".
        wrong("peers", "is empty; at least one address, CIDR, or the word any is needed")
    networks = _each(address_ranges.parse_network, (text for text in texts if text != "any"), "peers", wrong)
    if "any" in texts:
        return True, {}
    families = {}
    for family, low, high in networks:
        families.setdefault(family, []).append((low, high))
    return False, {family: port_ranges.merge(pairs) for family, pairs in families.items()}


def _flows(ids, wrong):
    for flow in ids:
        if not FLOW_ID.match(flow):
            wrong("flows", "%r is not a flow id; allowed: 1-%d of a-z 0-9 _ . -" % (flow, LONGEST_FLOW_ID))
    return tuple(sorted(set(ids)))


def _each(parse, texts, key, wrong):
    values = []
    for text in texts:
        try:
            values.append(parse(text))
        except ValueError as error:
            wrong(key, str(error))
    return values
