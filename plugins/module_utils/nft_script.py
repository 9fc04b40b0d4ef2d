# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's policy as nftables text: pure functions, used by the module on the target and the render filter alike.

The same few functions write the lines that are wanted (here) and the lines that the kernel holds (nft_listing), so that
comparing the two is comparing texts.
"""

from __future__ import annotations

from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, nft_audit, port_ranges
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked

TABLE = "inet portmatrix"
OWN = "portmatrix: "
"""Begins the comment of a rule that belongs to no flow; no flow id holds a colon."""
LONGEST_COMMENT = 128

Table = namedtuple("Table", "chains sets foreign")
"""chains: name -> `Chain`. sets: name -> the lines of its declaration. foreign: `Foreign` things in our table that we
never put there."""
Chain = namedtuple("Chain", "header lines")
"""header: the declaration of a base chain, "" of any other. lines: `Line` in the order of evaluation."""
Foreign = namedtuple("Foreign", "kind name text")
Line = namedtuple("Line", "body comment flows note")
"""One rule: its statements, its comment, all flow ids behind it, and what else to say about it in a script."""

CHAINS = {"input": "in", "output": "out"}
"""The chains of our table, and the direction of their rules."""
_PREFIX = {4: "ip", 6: "ip6"}


def script(rules: list, egress: str = "allow", mode: str = "enforce") -> str:
    """Return the nft script that puts ``rules`` (list of dicts) in place, whatever the table held before, without a gap.

    ``egress`` is ``"allow"`` (outbound rules are left out) or ``"enforce"``. ``mode`` is ``"enforce"`` or ``"audit"``, which
    drops nothing and counts what would be dropped. Raises RuleError on wrong rules.
    """
    return text(policy(checked(rules), egress, mode))


def policy(rules, egress, mode="enforce"):
    """Return the `Table` wanted for checked rules."""
    verdict = "accept" if mode == "audit" else "drop"
    chains = {"input": Chain(header("input", verdict=verdict), _input(rules, verdict))}
    if egress == "enforce":
        chains["output"] = Chain(header("output", verdict=verdict), _output(rules, verdict))
    counted = [direction for chain, direction in CHAINS.items() if mode == "audit" and chain in chains]
    return Table(chains, nft_audit.sets(counted), [])


def text(table):
    """Return the script for a wanted `Table`.

    The table and its base chains are added, which leaves those that exist alone, then emptied and filled: all in one
    transaction, so no packet ever meets an empty chain. Sets are added in the same way and keep what they hold.
    """
    out = [
        "#!/usr/sbin/nft -f",
        "# Written by vidnet.portmatrix from the policy of this host: changes here are undone.",
    ]
    out.append("add table %s" % TABLE)
    # As statements of their own: in a table's block, sets with counters crash nft 0.9.8 when the table was added before.
    for name, declaration in sorted(table.sets.items()):
        out.append("add set %s %s { %s; }" % (TABLE, name, "; ".join(declaration)))
    for name, chain in table.chains.items():
        out.append("add chain %s %s { %s }" % (TABLE, name, chain.header))
        out.append("flush chain %s %s" % (TABLE, name))
    out.append("table %s {" % TABLE)
    for name, chain in table.chains.items():
        out.append("\tchain %s {" % name)
        for line in chain.lines:
            if line.note:
                out.append("\t\t# %s" % line.note)
            out.append("\t\t" + line_text(line))
        out.append("\t}")
    out.append("}")
    return "\n".join(out) + "\n"


def header(hook, priority="filter", verdict="drop", kind="filter"):
    """Return the declaration of a base chain."""
    return "type %s hook %s priority %s; policy %s;" % (kind, hook, priority, verdict)


def line_text(line):
    """Return one rule as nft text."""
    return '%s comment "%s"' % (line.body, line.comment) if line.comment else line.body


def comment_of(flows):
    """Return flow ids as a comment, with those that do not fit counted: ``"a, b +3"``."""
    shown = ""
    for number, flow in enumerate(flows):
        longer = "%s, %s" % (shown, flow) if shown else flow
        left = len(flows) - number - 1
        if len(longer) + (len(" +%d" % left) if left else 0) > LONGEST_COMMENT:
            return "%s +%d" % (shown, left + 1)
        shown = longer
    return shown


def one_or_set(texts):
    """Return ``a`` for one text and ``{ a, b }`` for several, as nft takes and lists them."""
    return texts[0] if len(texts) == 1 else "{ %s }" % ", ".join(texts)


def addresses_text(family, ranges):
    """Return merged address ranges as nft text."""
    return one_or_set([address_ranges.range_text(family, pair) for pair in ranges])


def ports_text(ranges):
    """Return merged port ranges as nft text."""
    return one_or_set(port_ranges.texts(ranges))


def _own(body, verdict, what):
    return Line("%s counter %s" % (body, verdict) if body else "counter %s" % verdict, OWN + what, (), "")


def _input(rules, verdict):
    lines = [
        _own('iif "lo"', "accept", "loopback"),
        _own("ct state established,related", "accept", "replies, and errors about our own packets"),
        _own("ct state invalid", verdict, "belongs to no connection"),
        _own("icmp type echo-request", "accept", "ping"),
        _own(
            "icmpv6 type { destination-unreachable, echo-request, packet-too-big, parameter-problem, time-exceeded }",
            "accept",
            "ping, and what IPv6 cannot do without",
        ),
        _own(
            "icmpv6 type { nd-neighbor-advert, nd-neighbor-solicit, nd-router-advert, nd-router-solicit }"
            " ip6 hoplimit 255",
            "accept",
            "neighbour discovery, from this link only",
        ),
        _own(
            "ip6 saddr fe80::/10"
            " icmpv6 type { mld-listener-done, mld-listener-query, mld-listener-report, mld2-listener-report }",
            "accept",
            "multicast listener discovery",
        ),
        _own("ip6 saddr fe80::/10 udp sport 547 udp dport 546", "accept", "DHCPv6 replies"),
    ]
    if _multicast(rules):
        # The querier is a router or switch that no vendor lists. A host that does not hear its queries stops
        # answering, and a snooping switch then stops the stream after a few minutes.
        lines.append(
            _own("ip daddr 224.0.0.0/4 igmp type membership-query", "accept", "who still listens, asked by any querier")
        )
    return _ended(lines, rules, "in", verdict)


def _output(rules, verdict):
    lines = [
        _own('oif "lo"', "accept", "loopback"),
        _own("ct state established,related", "accept", "replies"),
        _own("meta l4proto { 1, 58 }", "accept", "ICMP and ICMPv6 with neighbour and listener discovery"),
        _own("meta nfproto ipv4 udp sport 68 udp dport 67", "accept", "DHCP"),
        _own("ip6 daddr { fe80::/10, ff02::1:2 } udp sport 546 udp dport 547", "accept", "DHCPv6"),
    ]
    if _multicast(rules):
        lines.append(_own("ip daddr 224.0.0.0/4 ip protocol 2", "accept", "IGMP reports"))
    return _ended(lines, rules, "out", verdict)


def _multicast(rules):
    return any(rule.protocol == "igmp" for rule in rules)


def _ended(lines, rules, direction, verdict):
    for rule in rules:
        if rule.direction == direction:
            lines.extend(_lines(rule))
    # Before the chain's own policy does the same, so that what no rule accepts is counted.
    ends = [("counter drop", nft_audit.LISTED)] if verdict == "drop" else nft_audit.statements(direction)
    return lines + [Line(statement, OWN + what, (), "") for statement, what in ends]


def _lines(rule):
    comment = comment_of(rule.flows)
    ids = ", ".join(rule.flows)
    note = ": ".join(part for part in ("" if comment == ids else ids, rule.reason) if part)
    for peers in _peers(rule):
        body = " ".join(part for part in (peers, _service(rule), "counter accept") if part)
        yield Line(body, comment, rule.flows, note)


def _peers(rule):
    """Yield one match for each address family: nothing at all means anyone, and only `rule.anyone` may say so."""
    if rule.anyone:
        yield ""
    side = "saddr" if rule.direction == "in" else "daddr"
    for family, ranges in sorted(rule.peers.items()):
        if family == 6 and rule.protocol == "igmp":
            continue  # IGMP is of IPv4 alone; its sister MLD is always let through on the link
        yield "%s %s %s" % (_PREFIX[family], side, addresses_text(family, ranges))


def _service(rule):
    if rule.protocol == "igmp":
        return "ip protocol 2"
    return "%s dport %s" % (rule.protocol, ports_text(rule.ports))
