# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows of a site for a picture: of each flow, who listens on which ports and who connects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..module_utils import port_ranges
from .peer_names import Party, PeerNames
from .policy import MANAGEMENT, MANAGEMENT_REASON

Policies = Mapping[str, Mapping[str, Any]]
Listening = dict[tuple[str, str], set[tuple[int, int]]]


def flows(
    policies: Policies, matrix: Mapping[str, Any], names: PeerNames, hosts: Collection[str]
) -> list[dict[str, Any]]:
    """Return ``{id, description, listeners, initiators}`` of every flow with an end among ``hosts``, sorted by id.

    A listener is ``{host, protocol, ports}``. An end that is no host of the inventory is the text of its networks.
    """
    descriptions = {flow["id"]: " ".join(flow.get("description", "").split()) for flow in matrix["flows"]}
    descriptions[MANAGEMENT] = MANAGEMENT_REASON
    found: dict[str, _Ends] = {}
    for host in sorted(policies):
        for rule in policies[host]["rules"]:
            peers = [end for party in names.peers(host, rule) for end in ends(party)]
            if host not in hosts:
                peers = [peer for peer in peers if peer in hosts]
            for flow in rule["flows"] if peers else ():
                into = found.setdefault(flow, _Ends())
                if rule["direction"] == "in":
                    into.listen(into.listeners, rule, [host], peers)
                elif names.is_multicast(rule):
                    into.listen(into.groups, rule, peers, [host])
                else:
                    into.listen(into.listeners, rule, [peer for peer in peers if peer not in policies], [host])
    return [{"id": flow, "description": descriptions.get(flow, ""), **found[flow].entry()} for flow in sorted(found)]


def ends(party: Party) -> tuple[str, ...]:
    """Return the names of a party's hosts, or the text of a network."""
    return party.hosts or (party.text,)


class _Ends:
    """Both ends of one flow, as its rules name them; ``groups`` are what multicast is sent to."""

    def __init__(self) -> None:
        self.listeners: Listening = {}
        self.groups: Listening = {}
        self.initiators: set[str] = set()

    def listen(
        self, into: Listening, rule: Mapping[str, Any], listeners: Sequence[str], initiators: Sequence[str]
    ) -> None:
        for listener in listeners:
            ports = into.setdefault((listener, rule["protocol"]), set())
            ports.update(map(port_ranges.parse_range, rule["ports"]))
        self.initiators.update(initiators)

    def entry(self) -> dict[str, Any]:
        """Return the ends in plain data; groups stand for listeners only where no host is known to listen."""
        listeners = [
            {"host": host, "protocol": protocol, "ports": port_ranges.texts(ports)}
            for (host, protocol), ports in sorted((self.listeners or self.groups).items())
        ]
        return {"listeners": listeners, "initiators": sorted(self.initiators)}
