# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as text, and how the real nft of this machine lists them once they are in force."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

HOST = "host"
ADDRESSES = ("10.9.0.1", "2001:db8:9::1")
BATCH = 8
"""Tables that fit into one message to a kernel whose buffers are not ours to enlarge."""
INTERFACES = ("eth0", "eth1", "lo")


class NftReader(Lab):
    """`Lab` with one host, on which rules come into force one set after the other."""

    def __enter__(self) -> NftReader:
        super().__enter__()
        self.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        self.host(HOST, segment="other")
        return self

    def read(self, rules: str) -> dict[str, Any]:
        """Return what policy_readback returns where ``rules`` alone are in force."""
        self.nft(HOST, f"flush ruleset\n{rules}\n")
        return listed(self.run(HOST, "nft", "-j", "list", "ruleset").stdout)

    def read_each(self, texts: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what policy_readback returns for each of several texts whose one table is ``inet test``, all read at once."""
        found: dict[str, dict[str, Any]] = {}
        waiting = list(dict.fromkeys(texts))
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            tables = [text.replace("inet test ", f"inet test{number} ") for number, text in enumerate(batch)]
            entries = json.loads(self.read("\n".join(tables))["nft"])["nftables"]
            for number, text in enumerate(batch):
                mine = [one for one in entries if f"test{number}" in _names(one)]
                found[text] = listed(json.dumps({"nftables": mine}))
        return found


def _names(entry: dict[str, Any]) -> list[Any]:
    return [about.get(key) for about in entry.values() for key in ("table", "name")]


def listed(nft: str) -> dict[str, Any]:
    """Return what policy_readback returns where this is nft's listing."""
    return {"nft": nft, "iptables": {}, "ipset": "", "interfaces": list(INTERFACES), "addresses": list(ADDRESSES)}


def chain(
    *rules: str, hook: str = "input", priority: str = "filter", policy: str = "drop", family: str = "inet"
) -> str:
    """Return a table ``test`` whose chain ``one`` has these rules."""
    lines = "\n".join(rules)
    return f"table {family} test {{\n chain one {{\n type filter hook {hook} priority {priority}; policy {policy};\n{lines}\n}}\n}}\n"


def listing(statements: list[Any], **chains: list[Any]) -> str:
    """Return a listing of a table whose input chain has one rule with these statements."""
    about = {"family": "inet", "table": "test"}
    head = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    content: list[Any] = [{"table": {"family": "inet", "name": "test"}}, {"chain": {**about, "name": "one", **head}}]
    content += [{"chain": {**about, "name": name}} for name in chains]
    content.append({"rule": {**about, "chain": "one", "expr": statements}})
    return json.dumps({"nftables": [{"metainfo": {"version": "1.1.3"}}, *content]})
