# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host has logged, in the form that the module policy_counters has for Linux.

Windows counts nothing by rule. In audit mode it logs what it lets in and what it drops, a line for each connection (pfirewall.log).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import address_ranges, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.places import KINDS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import known as knowledge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import refusals, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP

LET_IN, DROPPED, LOST = "ALLOW", "DROP", "INFO-EVENTS-LOST"
_DIRECTIONS = {"RECEIVE": "in", "SEND": "out"}
_PROTOCOLS = {"6": "tcp", "17": "udp", "2": "igmp"}
#: Core networking sees to these, and no flow can say them.
_NOT_TOLD = frozenset({"icmp", "icmpv6", "1", "58"})

ONE_LINE = "Windows logs a connection once, when it begins: one that is older than the log, or than the audit, was not seen and may be in use all the same"
STAYS = (
    "of Windows hosts, ICMP is not listed, nor what comes to remote desktop, WinRM, ssh and file sharing, whose rules are never touched; ports that"
    " the matrix does not know stay as open as others' rules have them"
)


class _Line(NamedTuple):
    """Connections that are alike."""

    direction: str
    protocol: str
    port: int
    peer: str
    cast: str


def counters(
    host: str,
    state: Mapping[str, Any],
    logged: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
    egress: str = "allow",
) -> dict[str, Any]:
    """Return ``{mode, egress, seen, rules, flows, overflow, invalid, remarks}``, as policy_counters does; ``packets`` are connections.

    ``state`` is what win_firewall_policy read, ``logged`` the result of win_firewall_log, ``rules`` the host's ``portmatrix_rules``: what they grant
    is not in ``seen``. Rules have no counters there: ``flows`` has the connections of each declared flow that the log knows of. ``remarks``
    say what it cannot tell. Raises ValueError where nothing is applied or in force, or for what those modules do not return.
    """
    declared = policy_rules.checked(list(rules))
    try:
        firewall = wire.firewall(state)
        refusals.check_in_force(firewall)
        own = frozenset(address.partition("%")[0] for address in state["addresses"])
        settings = [firewall.settings[name] for name in firewall.current]
        rows = [(str(row["action"]).upper(), row, int(row["count"])) for row in logged["log"]]
        seen, flows = _told(rows, own, declared, egress)
        found = bool(logged["files"])
        truncated, lost = bool(logged["truncated"]), int(logged.get("lost") or 0)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{host}: allowed is what the modules for Windows return; not understood: {error!r}"
        ) from error
    if not any(rule.group == GROUP for rule in firewall.policy.local):
        raise ValueError(
            "there is no rule of this collection on this host, so nothing can be compared: apply its policy, in audit mode"
            " (portmatrix_mode: audit) so that it is logged what comes"
        )
    audited = all(each["log_allowed"] and each["log_dropped"] for each in settings)
    remarks = [STAYS] if audited else []
    if audited and not found:
        remarks.append(f"{host}: no log of the Windows firewall was found, so nothing can be told from it")
    if truncated:
        remarks.append(
            f"{host}: the log of the Windows firewall is too long to be read whole, so the list is not complete"
        )
    if any(not number for number in flows.values()):
        remarks.append(ONE_LINE)
    return {
        "mode": "audit" if audited else "enforce",
        "egress": egress,
        "seen": [{**line._asdict(), "packets": number, "bytes": 0} for line, number in sorted(seen.items())],
        "rules": [],
        "flows": dict(sorted(flows.items())),
        "overflow": lost + sum(number for action, _row, number in rows if action == LOST),
        "invalid": 0,
        "remarks": remarks,
    }


def _told(
    rows: Sequence[tuple[str, Mapping[str, Any], int]], own: frozenset[str], declared: Sequence[Any], egress: str
) -> tuple[Counter[_Line], dict[str, int]]:
    """Return what no rule grants, and flow -> connections."""
    asked = [rule for rule in declared if rule.direction == "in" or egress == "enforce"]
    flows = {flow: 0 for rule in asked for flow in rule.flows}
    seen: Counter[_Line] = Counter()
    for action, row, number in rows:
        line = _line(row, own) if action in (LET_IN, DROPPED) else None
        if line is None or (line.direction == "out" and egress != "enforce"):
            continue
        granting = list(_granting(asked, line))
        for flow in {flow for rule in granting for flow in rule.flows}:
            flows[flow] += number
        if not granting and not (action == LET_IN and _housekeeping(line)):
            seen[line] += number
    return seen, flows


def _line(row: Mapping[str, Any], own: frozenset[str]) -> _Line | None:
    """Return what a row is about; None where it is no packet in or out of the host by itself, or none that is told."""
    protocol = str(row["protocol"]).lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    source, destination = (_address(row[end]) for end in ("source", "destination"))
    if protocol in _NOT_TOLD or not source or not destination or (source in own and destination in own):
        return None
    family = ranges.family_of(destination)
    kinds = KINDS[family]
    number = ranges.network(destination)[0]
    if ranges.contains(kinds.loop, number):
        return None
    direction = _DIRECTIONS.get(str(row.get("path") or "").upper(), "out" if source in own else "in")
    cast = "multicast" if ranges.contains(kinds.multicast, number) else "unicast"
    if cast == "unicast" and family == "ipv4" and _to_all(direction, destination, own):
        cast = "broadcast"
    port = int(row["destination_port"] or 0) if protocol in ("tcp", "udp") else 0
    return _Line(direction, protocol, port, source if direction == "in" else destination, cast)


def _address(text: Any) -> str:
    """Return the usual text of an address, nothing where the log has none."""
    try:
        family, number = address_ranges.parse_address(str(text).partition("%")[0])
    except ValueError:
        return ""
    return str(address_ranges.address_text(family, number))


def _to_all(direction: str, destination: str, own: frozenset[str]) -> bool:
    """What comes in and is for no address of the host is for all of its network, whose mask nobody needs to know for that."""
    return destination == "255.255.255.255" or (direction == "in" and bool(own) and destination not in own)


def _granting(rules: Sequence[Any], line: _Line) -> Iterator[Any]:
    family, number = address_ranges.parse_address(line.peer)
    for rule in rules:
        if (rule.direction, rule.protocol) != (line.direction, line.protocol):
            continue
        peers = rule.anyone or any(low <= number <= high for low, high in rule.peers.get(family, ()))
        if peers and (not rule.ports or any(low <= line.port <= high for low, high in rule.ports)):
            yield rule


def _housekeeping(line: _Line) -> bool:
    return line.direction == "in" and any(
        ranges.contains(each.ports, line.port) for each in knowledge.known().untouched
    )
