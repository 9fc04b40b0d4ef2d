# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as ufw's own rules: pure functions between rules, ufw's tuples and the lines of iptables.

ufw keeps a rule twice: as a ``### tuple ###`` with a comment, and as lines for iptables without one. In the kernel we
add the comment, so that our rules are told from those made by hand whatever the files say.
"""

from __future__ import annotations

import binascii
import re
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import comment_of
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import FLOW_ID
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_presence import TAG

"""Begins the comment of each rule of ours."""
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
CHAINS = {
    4: {"in": "ufw-user-input", "out": "ufw-user-output"},
    6: {"in": "ufw6-user-input", "out": "ufw6-user-output"},
}
MOST_PORTS = 15
"""What one rule can match; a range counts twice."""

Key = namedtuple("Key", "direction action protocol dport dst sport src")
"""What a rule matches and does, in the texts that ufw itself writes."""
Own = namedtuple("Own", "key comment flows")
"""A rule of ours; ``flows`` are the ids that its comment names, of a wanted rule all of them."""

VERDICTS = {"allow": "ACCEPT", "deny": "DROP"}
"""What ours do; ufw knows more."""
_ACTIONS = {verdict: action for action, verdict in VERDICTS.items()}
_MULTICAST = "224.0.0.0/4"
_NAMED = {4: ("tcp", "udp", "igmp", "esp", "ah", "gre", "ipv6"), 6: ("tcp", "udp", "esp", "gre")}
"""The protocols that ufw has a word for. It has none for ICMP, so what is not declared cannot leave by a list of these."""
_NUMBERS = {"2": "igmp", "41": "ipv6", "47": "gre", "50": "esp", "51": "ah"}
"""iptables prints a protocol by its number where the host has no /etc/protocols."""
_HIDDEN_FLOWS = re.compile(r" \+\d+$")
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def wanted(rules, family, egress, shut):
    """Return the list of `Own` for checked ``rules`` in one address family (4 or 6).

    ``shut`` holds the directions that need a last rule of ours, since ufw lets pass what no rule names.
    """
    flows = {}
    for rule in rules:
        if rule.direction == "in" or egress == "enforce":
            for key in _keys(rule, family):
                flows.setdefault(key, set()).update(rule.flows)
    ours = [Own(key, _comment(sorted(ids)), tuple(sorted(ids))) for key, ids in flows.items()]
    known = {own.key for own in ours}
    return (
        ours
        + [own for own in _essentials(rules, family, egress) if own.key not in known]
        + [own for direction in ("in", "out") if direction in shut for own in _tail(direction, family)]
    )


def is_tail(own):
    """Tell whether a rule of ours shuts what is not declared."""
    return own.key.action == "deny"


def merged(items, ours, make, right):
    """Return ``items`` (things with an ``own``, see ufw_files and ufw_kernel) with ``ours`` among them.

    What is not ours stays where it is, and so does what is right. New rules follow those that are there, and those that
    shut the rest stand behind everything. ``make(own)`` turns an `Own` into an item; ``right(item, own)`` tells whether
    an item says the same.
    """
    left = {rule.key: rule for rule in ours}
    kept, old_tails, place = [], {}, None
    for item in items:
        if item.own is None:
            kept.append(item)
        elif is_tail(item.own):
            old_tails.setdefault(item.own.key, item)
        else:
            match = left.pop(item.own.key, None)
            if match:
                kept.append(item if right(item, match) else make(match))
            place = len(kept)
    place = len(kept) if place is None else place
    kept[place:place] = [make(rule) for rule in ours if rule.key in left and not is_tail(rule)]
    for rule in filter(is_tail, ours):
        item = old_tails.get(rule.key)
        kept.append(item if item and right(item, rule) else make(rule))
    return kept


def flow_changes(before, after):
    """Return ``{"added": [...], "removed": [...], "changed": [...]}``: flow ids, for two lists of `Own`."""
    known = {(own.key, own.comment): own.flows for own in after}
    old, new = _by_flow(before, known), _by_flow(after, known)
    return {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "changed": sorted(flow for flow in set(old) & set(new) if old[flow] != new[flow]),
    }


def own(key, comment):
    """Return the `Own` for what was read: a key and a comment that `is_ours`."""
    ids = _HIDDEN_FLOWS.sub("", comment[len(TAG) :].lstrip(": ")).split(", ")
    return Own(key, comment, tuple(flow for flow in ids if FLOW_ID.match(flow)))


def is_ours(comment):
    """Tell whether a comment (text or None) is one of ours."""
    return comment is not None and (comment == TAG or comment.startswith(TAG + ": "))


def sentence(key):
    """Return a rule as one would give it to ufw."""
    where = []
    for word, address, port in (("from", key.src, key.sport), ("to", key.dst, key.dport)):
        where.append("%s %s" % (word, "any" if address in ANYWHERE.values() else address))
        if port != "any":
            where.append("port %s" % port)
    protocol = "" if key.protocol == "any" else "proto %s " % key.protocol
    return "%s %s %s%s" % (key.action, key.direction, protocol, " ".join(where))


def tuple_line(ours):
    """Return the tuple of a rule of ours as ufw writes it."""
    key = ours.key
    return "### tuple ### %s %s %s %s %s %s %s comment=%s" % (
        key.action,
        key.protocol,
        key.dport,
        key.dst,
        key.sport,
        key.src,
        key.direction,
        binascii.hexlify(ours.comment.encode()).decode(),
    )


def parse_tuple(line):
    """Return ``(key, comment)`` for a tuple line.

    The key is None when the rule has something that ours never have (an interface, an application, a route).
    """
    line, _word, encoded = line.partition(" comment=")
    fields = line.split()[3:]
    comment = binascii.unhexlify(_even(encoded.strip())).decode(errors="replace") if encoded else None
    if len(fields) == 6:
        fields.append("in")  # as ufw wrote it before it knew of directions
    if len(fields) != 7 or ":" in fields[0] or fields[6] not in ("in", "out"):
        return None, comment
    return Key(fields[6], *fields[:6]), comment


def rule_line(key, family, comment=""):
    """Return a rule as the line for iptables-restore that ufw writes; with ``comment``, as we load it."""
    words = ["-A", CHAINS[family][key.direction]]
    if key.protocol != "any":
        words += ["-p", key.protocol]
    several = key.dport.count(",") + key.dport.count(":")
    if several:
        words += ["-m multiport --dports", key.dport]
    if key.dst != ANYWHERE[family]:
        words += ["-d", key.dst]
    if key.dport != "any" and not several:
        words += ["--dport", key.dport]
    if key.src != ANYWHERE[family]:
        words += ["-s", key.src]
    if key.sport != "any":
        words += ["--sport", key.sport]
    if comment:
        words.append('-m comment --comment "%s"' % comment)
    return " ".join(words + ["-j", VERDICTS[key.action]])


def parse_rule(line, family):
    """Return ``(key, comment)`` for a line of iptables-save, or ``(None, None)`` when it is not of the kind we write."""
    words = [quoted or plain for quoted, plain in _WORDS.findall(line)]
    directions = {chain: direction for direction, chain in CHAINS[family].items()}
    found = {"-p": "any", "--dport": "any", "--sport": "any", "-s": ANYWHERE[family], "-d": ANYWHERE[family]}
    comment = None
    if len(words) % 2 or words[0] != "-A" or words[1] not in directions:
        return None, None
    for option, value in zip(words[2::2], words[3::2]):
        if option == "--comment":
            comment = value
        elif option in ("--dport", "--dports"):
            found["--dport"] = value
        elif option in ("-s", "-d", "-p", "--sport", "-j"):
            found[option] = value
        elif option != "-m" or value not in ("tcp", "udp", "multiport", "comment"):
            return None, None
    action = _ACTIONS.get(found.get("-j"))
    try:
        dst, src = (_networks(family, [address_ranges.parse_network(found[way])[1:]])[0] for way in ("-d", "-s"))
    except ValueError:
        return None, None
    if action is None:
        return None, None
    protocol = _NUMBERS.get(found["-p"], found["-p"])
    return Key(directions[words[1]], action, protocol, found["--dport"], dst, found["--sport"], src), comment


def port_lists(ranges):
    """Return merged port ranges as texts of at most `MOST_PORTS` each: ``["80,443,6000:7000", ...]``."""
    lists, room = [], 0
    for low, high in ranges:
        size = 1 if low == high else 2
        if size > room:
            lists.append([])
            room = MOST_PORTS
        lists[-1].append(str(low) if low == high else "%d:%d" % (low, high))
        room -= size
    return [",".join(texts) for texts in lists]


def _keys(rule, family):
    if rule.protocol == "igmp" and family == 6:
        return
    peers = [ANYWHERE[family]] if rule.anyone else _networks(family, rule.peers.get(family, ()))
    for peer in peers:
        for ports in port_lists(rule.ports) or ["any"]:
            yield _key(rule.direction, rule.protocol, ports, peer, family)


def _key(direction, protocol, dport, peer, family, sport="any", action="allow"):
    ends = (ANYWHERE[family], peer) if direction == "in" else (peer, ANYWHERE[family])
    return Key(direction, action, protocol, dport, ends[0], sport, ends[1])


def _essentials(rules, family, egress):
    """What the host needs besides; ufw's own rules, before ours, let pass the rest."""
    igmp = any(rule.protocol == "igmp" for rule in rules)
    if igmp and family == 4:
        # The querier is a router or switch that no vendor lists, and asks a group, not this host.
        yield _named(Key("in", "allow", "igmp", "any", _MULTICAST, "any", ANYWHERE[4]), "IGMP queries")
    if egress == "enforce" and igmp and family == 4:
        yield _named(_key("out", "igmp", "any", _MULTICAST, 4), "IGMP reports")
    if egress == "enforce":
        ports, peers = (("67", "68"), [ANYWHERE[4]]) if family == 4 else (("547", "546"), ["fe80::/10", "ff02::1:2"])
        for peer in peers:
            yield _named(_key("out", "udp", ports[0], peer, family, ports[1]), "DHCP requests")


def _tail(direction, family):
    for protocol in ("any",) if direction == "in" else _NAMED[family]:
        key = _key(direction, protocol, "any", ANYWHERE[family], family, action="deny")
        yield _named(key, "not declared")


def _named(key, what):
    return Own(key, "%s: %s" % (TAG, what), ())


def _comment(flows):
    return "%s: %s" % (TAG, comment_of(flows)) if flows else TAG


def _networks(family, ranges):
    """Return address ranges as the fewest networks, in ufw's text: a host has no prefix."""
    texts = []
    for low, high in ranges:
        while low <= high:
            size = 1 << ((high - low + 1).bit_length() - 1)
            if low:
                size = min(size, low & -low)
            texts.append(address_ranges.range_text(family, (low, low + size - 1)))
            low += size
    return texts


def _by_flow(rules, known):
    flows = {}
    for rule in rules:
        for flow in known.get((rule.key, rule.comment), rule.flows):
            flows.setdefault(flow, set()).add(rule.key)
    return flows


def _even(text):
    return text[: len(text) // 2 * 2]
