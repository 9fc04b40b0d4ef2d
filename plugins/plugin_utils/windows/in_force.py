# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read from a Windows host: its whole policy, and whether that holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.places import KINDS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import Policy
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.grants import FAMILIES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.judged import Judge
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import PROFILES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.passage import Passage, passage, unhindered
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.refusals import (
    GROUP_OVERRIDES,
    INBOUND_BLOCKED,
    taken_over,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Here, Packets, whole
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.wire import Host

_SEVERAL = {"ipv4": KINDS["ipv4"].multicast + KINDS["ipv4"].broadcast, "ipv6": KINDS["ipv6"].multicast}


class InForce(NamedTuple):
    """What was read from a Windows host: its whole policy, the ports of the matrix there, its addresses, and the current profiles.

    ``off`` says why nothing of the policy holds, empty where it does; ``doubts`` why nobody can tell whether it does.
    """

    policy: Policy
    ports: Sequence[MatrixPort] = ()
    addresses: Mapping[str, Ranges] = {}
    current: Sequence[str] = tuple(PROFILES)
    off: str = ""
    doubts: Sequence[str] = ()

    def passage(self, packets: Packets, judge: Judge) -> Passage:
        """Return what becomes of packets."""
        if self.off:
            return unhindered(whole(packets, self.here), self.off)
        return passage(self.policy, packets, judge, self.here)

    def about(self, direction: str, protocol: int, judge: Judge) -> InForce:
        """Return the same without the rules that say nothing of packets of a direction and protocol, which are most of them."""
        local, group_policy = (
            [rule for rule in rules if rule.enabled and rule.direction == direction and judge.judged(rule, protocol)]
            for rules in (self.policy.local, self.policy.group_policy)
        )
        return self._replace(policy=self.policy._replace(local=local, group_policy=group_policy))

    @property
    def here(self) -> Here:
        """What packets may come to: the host's own addresses, those of many hosts, and any where none is known."""
        mine = {
            family: ranges.union(own, _SEVERAL[family])
            if (own := self.addresses.get(family, ()))
            else ranges.EVERY[family]
            for family in FAMILIES
        }
        return Here(values.Addresses(mine["ipv4"], mine["ipv6"], frozenset()))

    def peers(self, family: str, direction: str) -> Ranges:
        """Return the addresses that can be at the other end."""
        kinds = KINDS[family]
        never = ranges.union(kinds.loop, kinds.never, self.addresses.get(family, ()))
        if direction == "in":
            never = ranges.union(never, _SEVERAL[family])
        return ranges.subtract(ranges.EVERY[family], never)


def read(state: Mapping[str, Any], ports: Sequence[MatrixPort], addresses: Iterable[str] = ()) -> InForce:
    """Return what is in force by the ``state`` that win_firewall_policy gives; ``addresses`` are the host's by the inventory.

    Raises ValueError where the state is something else.
    """
    try:
        host = wire.firewall(state)
        own = _by_family([*addresses, *map(str, state["addresses"])])
        service = str(state["service"])
        return InForce(
            _blocked(host),
            ports,
            own,
            host.current,
            ""
            if service == "Running"
            else f"the firewall's service (MpsSvc) is not running ({service or 'not there'})",
            [*_doubts(host), *host.unread],
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"windows: allowed is what win_firewall_policy returns; not understood: {error!r}") from error


def _blocked(host: Host) -> Policy:
    """Return the policy, with the current profiles shut where only the state of all of it says so."""
    profiles = host.policy.profiles
    if host.raw["modify_state"] == INBOUND_BLOCKED and not any(each.block_all_inbound for each in profiles):
        profiles = [each._replace(block_all_inbound=each.name in host.current) for each in profiles]
    return host.policy._replace(profiles=profiles)


def _doubts(host: Host) -> Iterator[str]:
    yield from taken_over(host)
    if host.raw["modify_state"] == GROUP_OVERRIDES and not any(host.by_policy[name] for name in host.current):
        yield "group policy overrides the host's own rules (LocalPolicyModifyState is 1)"


def _by_family(texts: Iterable[str]) -> dict[str, Ranges]:
    found: dict[str, list[tuple[int, int]]] = {family: [] for family in FAMILIES}
    for text in texts:
        address = text.partition("%")[0].partition("/")[0]
        found[ranges.family_of(address)].append(ranges.network(address))
    return {family: ranges.subtract(ranges.union(pairs), KINDS[family].loop) for family, pairs in found.items()}
