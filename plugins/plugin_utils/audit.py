# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what hosts have counted to what was seen but not declared, and what was declared but never seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..module_utils import address_ranges, nft_counters, nft_script, policy_rules, port_ranges
from . import audit_flows
from .audit_ends import End, Ends, Pair
from .audit_flows import Sight
from .audit_hints import Hints, best
from .matrix import Matrix
from .site import Site


def evaluate(
    matrix: Matrix, site: Site, rules: Mapping[str, list[dict[str, Any]]], results: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the report on ``results``, host -> what the module policy_counters returned, in plain data.

    ``rules``: host -> its rules now; what they accept by now is left out. The keys of the report:

    - ``flows``: ``{flow, packets, flags, pairs, like}``; ``flow`` is as ``portmatrix_flows`` takes it;
    - ``groups``: group -> host, for groups that these flows name and that the inventory lacks;
    - ``unknown``: ``{peer, seen, candidates, networks}``; ``networks`` is as ``portmatrix_networks`` takes it;
    - ``other``: what no flow can say, ``{host, direction, protocol, peer, packets}``;
    - ``never_seen``: host -> flow ids; ``hosts``: host -> ``{mode, egress, overflow, invalid}``; ``warnings``: texts.

    Raises ValueError for a host that is not in the site, and for results that policy_counters did not return.
    """
    audit = _Audit(matrix, site)
    for name in sorted(results):
        if name not in site.hosts:
            raise ValueError(f"{name!r} is not a host of the inventory")
        audit.host(name, policy_rules.checked(rules.get(name, [])), results[name])
    flows = audit.flows()
    used = {name for entry in flows for end in ("from", "to") for name in entry["flow"][end]}
    return {
        "flows": flows,
        "groups": audit.ends.made(used),
        "unknown": audit.strangers(),
        "other": audit.other,
        "never_seen": audit.never_seen,
        "hosts": audit.hosts,
        "warnings": audit.warnings,
    }


class _Audit:
    """Collects host by host."""

    def __init__(self, matrix: Matrix, site: Site) -> None:
        self.site = site
        self.ends = Ends(site, matrix)
        self.hints = Hints(matrix, site)
        self.taken = {*matrix.flows, *site.own_flows}
        self.seen: dict[Pair, dict[tuple[str, int], Sight]] = {}
        self.unknown: dict[str, dict[tuple[str, str, str, int], Sight]] = {}
        self.other: list[dict[str, Any]] = []
        self.never_seen: dict[str, list[str]] = {}
        self.hosts: dict[str, dict[str, Any]] = {}
        self.warnings: list[str] = []

    def host(self, name: str, rules: list[Any], result: Mapping[str, Any]) -> None:
        """Take in what one host has counted under its ``rules`` (list of `policy_rules.Rule`)."""
        try:
            self.hosts[name] = {key: result[key] for key in ("mode", "egress", "overflow", "invalid")}
            for row in result["seen"]:
                self.row(name, rules, row)
            never = _unseen(result["flows"]) if "flows" in result else self.declared(name, rules, result)
        except KeyError as missing:
            raise ValueError(f"{name}: the result of policy_counters has no {missing.args[0]!r}") from None
        if never:
            self.never_seen[name] = never
        for remark in result.get("remarks", ()):
            self.warn(remark)
        if result["mode"] != "audit":
            self.warn(f"{name} enforces its policy: what is not declared is dropped there, and not listed")
        if result["overflow"]:
            self.warn(f"{name}: {result['overflow']} packets did not fit in the list, so it is not complete")

    def row(self, name: str, rules: list[Any], row: Mapping[str, Any]) -> None:
        """Take in one entry of ``seen``, unless the rules accept it by now or nothing could."""
        if _accepted(rules, row):
            return
        if row["protocol"] not in policy_rules.PROTOCOLS or (row["protocol"] != "igmp" and not row["port"]):
            kept = ("direction", "protocol", "peer", "packets")
            self.other.append({"host": name, **{part: row[part] for part in kept}})
            return
        peer, own = self.ends.at(row["peer"], name), End("host", name)
        if peer == own:
            return
        family = address_ranges.parse_address(row["peer"])[0]
        if peer is not None and family not in self.site.hosts[name].versions:
            self.warn(
                f"{name} has no address of IPv{family} in portmatrix_addresses, so no flow can say what it met there"
            )
            peer = None
        if peer is None:
            self.stranger(name, row)
            return
        pair = (peer, own) if row["direction"] == "in" else (own, peer)
        key = (row["protocol"], row["port"])
        self.seen.setdefault(pair, {}).setdefault(key, Sight()).rows.append(row)

    def warn(self, warning: str) -> None:
        """Warn once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def stranger(self, host: str, row: Mapping[str, Any]) -> None:
        """Take in one entry of ``seen`` whose peer nobody is."""
        key = (host, row["direction"], row["protocol"], row["port"])
        self.unknown.setdefault(row["peer"], {}).setdefault(key, Sight()).rows.append(row)

    def declared(self, name: str, rules: list[Any], result: Mapping[str, Any]) -> list[str]:
        """Return the flows whose rules have all counted nothing; warn of rules that are not there."""
        counted = {(rule["direction"], rule["match"]): rule["packets"] for rule in result["rules"]}
        wanted = nft_script.policy(rules, result["egress"], result["mode"])
        packets: dict[str, int] = {}
        unapplied = 0
        for chain, direction in nft_script.CHAINS.items():
            for line in wanted.chains[chain].lines if chain in wanted.chains else ():
                key = (direction, nft_counters.match_of(line))
                if line.flows and key not in counted:
                    unapplied += 1
                for flow in line.flows if key in counted else ():
                    packets[flow] = packets.get(flow, 0) + counted[key]
        if unapplied:
            self.warn(f"{name} has not yet got {unapplied} of its rules: apply its policy")
        return _unseen(packets)

    def flows(self) -> list[dict[str, Any]]:
        """Return the flows between known ends.

        A network joins the unknown where a flow of its component would also be one of hosts that were not seen.
        """
        named, nameless = audit_flows.nameable(self.ends, self.seen)
        for pair, service in nameless:
            host = pair[pair[0].kind == "network"].name
            for row in self.seen[pair][service.protocol, service.port].rows:
                self.stranger(host, row)
        return audit_flows.entries(named, self.seen, self.hints, self.taken)

    def strangers(self) -> list[dict[str, Any]]:
        """Return the peers that nobody is, by address, with what would make them known."""
        return [self.strange(peer, self.unknown[peer]) for peer in sorted(self.unknown, key=_by_number)]

    def strange(self, peer: str, sights: Mapping[tuple[str, str, str, int], Sight]) -> dict[str, Any]:
        """Return the report on one of them."""
        by_way: dict[tuple[str, str, str, tuple[str, ...]], dict[int, int]] = {}
        for (host, direction, protocol, port), sight in sights.items():
            by_way.setdefault((host, direction, protocol, sight.flags(protocol, port)), {})[port] = sight.packets
        rows = [
            {
                "host": host,
                "direction": direction,
                "protocol": protocol,
                "ports": [] if protocol == "igmp" else port_ranges.texts((port, port) for port in ports),
                "packets": sum(ports.values()),
                "flags": list(flags),
            }
            for (host, direction, protocol, flags), ports in sorted(by_way.items())
        ]
        candidates = self.hints.candidates(sights)
        noise = all(row["flags"] for row in rows)
        component = "" if noise else best(candidates)
        networks = {component: [peer]} if component else {}
        return {"peer": peer, "seen": rows, "candidates": candidates, "networks": networks}


def _unseen(packets: Mapping[str, int]) -> list[str]:
    return sorted(flow for flow, number in packets.items() if not number)


def _accepted(rules: Sequence[Any], row: Mapping[str, Any]) -> bool:
    family, number = address_ranges.parse_address(row["peer"])
    return any(
        rule.direction == row["direction"]
        and rule.protocol == row["protocol"]
        and (rule.protocol == "igmp" or any(low <= row["port"] <= high for low, high in rule.ports))
        and (rule.anyone or any(low <= number <= high for low, high in rule.peers.get(family, ())))
        for rule in rules
    )


def _by_number(peer: str) -> tuple[int, int]:
    found: tuple[int, int] = address_ranges.parse_address(peer)
    return found
