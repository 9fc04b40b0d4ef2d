# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's policy as Windows rules: one for each direction, protocol and set of peers and ports, split where Windows has limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules, port_ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import (
    ALL_PROFILES,
    ANY,
    GROUP,
    WindowsRule,
)

PROTOCOLS = {"tcp": 6, "udp": 17, "igmp": 2}
NAMES = {number: name for name, number in PROTOCOLS.items()}
#: Addresses, networks and ranges of one rule; Windows names no limit, and slows down above.
MOST_PEERS = 1000
#: What MS-FASP allows for a name and for a description is 10,000 characters; a name is kept short enough to be read.
LONGEST_DESCRIPTION = 10000
_MOST_PORTS_SHOWN = 3
_HASH = 12


def build(rules: Iterable[Mapping[str, Any]], profiles: int = ALL_PROFILES) -> list[WindowsRule]:
    """Return the Windows rules for ``portmatrix_rules``, in a stable order, for the ``profiles`` of these bits.

    A rule's name ends in a hash of all that it holds: another rule never has it, and a rule that changes gets a new one, so
    that new rules can be added before former ones are removed. Raises policy_rules.RuleError with every problem.
    """
    return [made for rule in policy_rules.checked(list(rules)) for made in _of(rule, profiles)]


def _of(rule: Any, profiles: int) -> Iterator[WindowsRule]:
    ports = ",".join(port_ranges.texts(rule.ports)) or ANY
    inbound = rule.direction == "in"
    parts = [ANY] if rule.anyone else list(_parts(rule.peers))
    description = _description(rule)
    for number, peers in enumerate(parts, 1):
        part = f" part {number} of {len(parts)}" if len(parts) > 1 else ""
        yield _named(
            WindowsRule(
                name=f"portmatrix {_purpose(rule.flows)} {rule.direction} {rule.protocol}{_shown(rule.ports)}{part}",
                group=GROUP,
                description=description,
                direction=rule.direction,
                protocol=PROTOCOLS[rule.protocol],
                local_ports=ports if inbound else ANY,
                remote_ports=ANY if inbound else ports,
                remote_addresses=peers,
                profiles=profiles,
            )
        )


def _parts(peers: Mapping[int, Any]) -> Iterator[str]:
    texts = [text for family in sorted(peers) for text in normal.address_texts(family, tuple(peers[family]))]
    for first in range(0, len(texts), MOST_PEERS):
        yield ",".join(texts[first : first + MOST_PEERS])


def _named(rule: WindowsRule) -> WindowsRule:
    digest = hashlib.sha256(repr(tuple(rule)).encode()).hexdigest()[:_HASH]
    return rule._replace(name=f"{rule.name} [{digest}]")


def _purpose(flows: tuple[str, ...]) -> str:
    if not flows:
        return "rule"
    return flows[0] + (f" and {len(flows) - 1} more" if len(flows) > 1 else "")


def _shown(ports: list[tuple[int, int]]) -> str:
    texts = port_ranges.texts(ports)
    more = f" and {len(texts) - _MOST_PORTS_SHOWN} more" if len(texts) > _MOST_PORTS_SHOWN else ""
    return f" {','.join(texts[:_MOST_PORTS_SHOWN])}{more}" if texts else ""


def _description(rule: Any) -> str:
    """Return why the rule is there; without ``|``, which Windows refuses, and ``@`` in front, which it looks up."""
    reason = rule.reason.replace("|", "/").lstrip("@ ")
    flows = f"Flows: {', '.join(rule.flows)}" if rule.flows else ""
    return _cut(". ".join(text.rstrip(". ") for text in (reason, flows) if text))


def _cut(text: str) -> str:
    if _units(text) <= LONGEST_DESCRIPTION:
        return text
    encoded = text.encode("utf-16-le")[: 2 * (LONGEST_DESCRIPTION - 3)]
    return encoded.decode("utf-16-le", "ignore").rstrip() + "..."


def _units(text: str) -> int:
    """Return how many characters Windows counts, which are units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2
