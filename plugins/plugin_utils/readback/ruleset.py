# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in force on a host, from the listings that were read there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import (
    ipset_save,
    iptables_save,
    nft_json,
    places,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import HOOKS, Chain, Rule, Table

_FAMILIES = {"ipv4": "ip", "ipv6": "ip6"}


class Ruleset(NamedTuple):
    """The tables in force, and the host they are in force on."""

    tables: list[Table]
    host: places.Host


def ruleset(read: Mapping[str, Any] | Ruleset, addresses: Iterable[str] = ()) -> Ruleset:
    """Return what ``read``, the result ``ruleset`` of the module policy_readback, says; or what it is, where that was done.

    ``addresses`` are further ones of the host, as texts.
    A listing that cannot be read becomes a rule that nothing is known of; without that of the sets, rules that ask for one may
    match or not. Raises ValueError where ``read`` is something else.
    """
    if isinstance(read, Ruleset):
        return read
    if not isinstance(read, Mapping) or "nft" not in read:
        raise ValueError("ruleset: must be the result ruleset of the module vidnet.portmatrix.policy_readback")
    host = places.host(read.get("interfaces") or (), [*(read.get("addresses") or ()), *addresses])
    interfaces = host.interfaces | {places.LOOPBACK}
    listings = read.get("iptables") or {}
    sets = _sets(read.get("ipset") or "")
    tables: list[Table] = []
    shared: dict[tuple[str, str], iptables_save.Saved] = {}
    for family, short in _FAMILIES.items():
        for kind, text in sorted((listings.get(family) or {}).items()):
            try:
                found = iptables_save.saved(text, family, sets, interfaces)
                if kind == "nft":
                    shared.update({(short, one.read.name): one for one in found})
                else:
                    tables += map(iptables_save.table, found)
            except ValueError as error:
                tables.append(_unreadable(f"iptables-{kind}-save, {family}: {error}"))
    try:
        tables += nft_json.tables(read["nft"], interfaces, host.addresses, shared)
    except ValueError as error:
        tables.append(_unreadable(f"nft: {error}"))
    return Ruleset(tables, host)


def _sets(text: str) -> dict[str, ipset_save.IpSet]:
    try:
        return ipset_save.sets(text)
    except ValueError:
        return {}


def _unreadable(why: str) -> Table:
    rule = Rule(({},), True, "unknown", "", f"the listing could not be read: {why}")
    chains = {hook: Chain(hook, (rule,), hook, 0, "accept") for hook in HOOKS}
    return Table("unreadable", frozenset(_FAMILIES), chains)
