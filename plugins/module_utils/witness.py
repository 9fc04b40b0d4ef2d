# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts where the packets of a few flows pass on this host: before every other rule, and after all of them.

The table has counters and no verdict, so it changes nothing that passes. Packets of other flows cost one look into a set.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import timers
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft, NftError, find
from ansible_collections.vidnet.portmatrix.plugins.module_utils.port_ranges import HIGHEST, LOWEST
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import PROTOCOLS

TABLE = "inet portmatrix_witness"
MOST_FLOWS = 200

# The outermost priorities belong to the kernel itself.
_FIRST, _LAST = -2147483000, 2147483000
POINTS = {
    "arrived": ("prerouting", _FIRST),
    "taken": ("input", _LAST),
    "sent": ("output", _FIRST),
    "left": ("postrouting", _LAST),
}
"""Where packets are counted: chain -> its hook and priority."""
SIDES = ("request", "answer")

_PREFIX = {4: "ip", 6: "ip6"}
_SET = re.compile(r"\tset (?:(%s)_(%s)_)?(%s)[46] {$" % ("|".join(POINTS), "|".join(SIDES), "|".join(PROTOCOLS)))
_ELEMENT = re.compile(r"([0-9a-f.:]+) \. ([0-9a-f.:]+) \. (\d+)(?: counter packets (\d+))?")

Flow = namedtuple("Flow", "source address protocol port")
"""``source`` asks ``port`` of ``address``."""


def checked_flows(flows):
    """Return ``flows`` (list of dict) as `Flow`, each once; raises ValueError that names every wrong key and what is allowed."""
    problems = []
    found = []
    for number, flow in enumerate(flows):
        wrong = list(_problems(flow))
        problems.extend("flows[%d].%s" % (number, problem) for problem in wrong)
        if not wrong:
            addresses = [str(ipaddress.ip_address(flow[key])) for key in ("source", "address")]
            found.append(Flow(*addresses, flow["protocol"], flow["port"]))
    if len(flows) > MOST_FLOWS:
        problems.append("flows: %d; allowed are at most %d" % (len(flows), MOST_FLOWS))
    if problems:
        raise ValueError("; ".join(problems))
    return list(dict.fromkeys(found))


def _problems(flow):
    versions = set()
    for key in ("source", "address"):
        try:
            versions.add(ipaddress.ip_address(flow[key].replace("%", "zone")).version)
        except ValueError:
            yield "%s: %r; allowed is an IPv4 or IPv6 address without a zone" % (key, flow[key])
    if len(versions) > 1:
        yield "source: %(source)s; allowed is an address of the same family as %(address)s" % flow
    if flow["protocol"] not in PROTOCOLS:
        yield "protocol: %r; allowed are %s" % (flow["protocol"], " and ".join(PROTOCOLS))
    if not LOWEST <= flow["port"] <= HIGHEST:
        yield "port: %s; allowed are ports from %d to %d" % (flow["port"], LOWEST, HIGHEST)


def present(flows, seconds):
    """Count the packets of ``flows`` (list of `Flow`) from now on, for ``seconds``, instead of any others.

    Raises NftError when this host cannot.
    """
    tool = find()
    name = uuid.uuid4().hex[:12]
    nft = Nft([tool])
    nft.check(script(flows, name))
    # the module may end with the controller; a later table of this name has another mark, and stays
    timers.armed(
        [tool, "delete chain %s; delete table %s" % (_mark(name), TABLE)],
        seconds,
        "portmatrix-witness-%s" % name,
        "Stop counting the packets of flows that were being located",
        ("SuccessExitStatus=1",),
    )
    nft.apply(script(flows, name))


def read():
    """Return what was counted, a list of dict in the form of `counts`; raises NftError when nothing is being counted."""
    listing = Nft([find()]).read(TABLE)
    if not listing:
        raise NftError("there is no table %s on this host: its time was over, or all rules were replaced" % TABLE)
    return counts(listing)


def absent(check=False):
    """Count no more; return whether anything was counted. With ``check`` nothing is done. Raises NftError."""
    nft = Nft([find()])
    if not nft.read(TABLE):
        return False
    if not check:
        nft.apply("add table %s\ndelete table %s\n" % (TABLE, TABLE))
    return True


def script(flows, name):
    """Return the nft script (text) that counts ``flows`` instead of any others; ``name`` tells this table from a later one."""
    flows_of = {}
    for flow in flows:
        flows_of.setdefault((flow.protocol, ipaddress.ip_address(flow.source).version), []).append(flow)
    # As statements of their own: in a table's block, sets with counters crash nft 0.9.8 when the table was added before.
    lines = ["add table %s" % TABLE, "delete table %s" % TABLE, "add table %s" % TABLE, "add chain %s" % _mark(name)]
    for kind, members in sorted(flows_of.items()):
        elements = ", ".join("%s . %s . %d" % (flow.source, flow.address, flow.port) for flow in members)
        lines.append("add set %s { %s }" % (_asked(*kind), _type(kind)))
        lines.append("add element %s { %s }" % (_asked(*kind), elements))
    for point, (hook, priority) in POINTS.items():
        chain = "%s %s" % (TABLE, point)
        lines.append("add chain %s { type filter hook %s priority %d; policy accept; }" % (chain, hook, priority))
        for side in SIDES:
            for kind in sorted(flows_of):
                counted = "%s_%s_%s%d" % (point, side, *kind)
                size = "size %d; flags dynamic; counter" % MOST_FLOWS
                lines.append("add set %s %s { %s %s; }" % (TABLE, counted, _type(kind), size))
                key = _key(side, *kind)
                lines.append("add rule %s %s @%s%d add @%s { %s }" % (chain, key, *kind, counted, key))
    return "\n".join(lines) + "\n"


def counts(listing):
    """Return of each flow ``{source, address, protocol, port, request, answer}``, the last two a dict of point -> packets.

    ``listing`` is the table as nft prints it (text).
    """
    found = {}
    holder = None
    for line in listing.splitlines():
        opening = _SET.match(line)
        if opening:
            holder = opening.groups()
        for source, address, port, packets in _ELEMENT.findall(line) if holder else ():
            point, side, protocol = holder
            empty = {each: dict.fromkeys(POINTS, 0) for each in SIDES}
            sides = found.setdefault(Flow(source, address, protocol, int(port)), empty)
            if point:
                sides[side][point] = int(packets)
    return [dict(flow._asdict(), **sides) for flow, sides in sorted(found.items())]


def _mark(name):
    return "%s run_%s" % (TABLE, name)


def _asked(protocol, version):
    """Return the set of the flows themselves."""
    return "%s %s%d" % (TABLE, protocol, version)


def _type(kind):
    return "type ipv%d_addr . ipv%d_addr . inet_service;" % (kind[1], kind[1])


def _key(side, protocol, version):
    """Return the three fields that are looked up; those of an answer are the other way around."""
    fields = ("saddr", "daddr", "dport") if side == "request" else ("daddr", "saddr", "sport")
    family = _PREFIX[version]
    return "%s %s . %s %s . %s %s" % (family, fields[0], family, fields[1], protocol, fields[2])
