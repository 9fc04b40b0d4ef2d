# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import addresses
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.peers import Peers
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.rules import Draft, Drafts


def final(
    *drafts: tuple[str, str, list[tuple[int, int]], str, str],
) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Return the rules for drafts of (direction, protocol, ports, peers, flow); equal peers are one object, as in the compiler."""
    sets: dict[str, Peers] = {}
    made = Drafts()
    for direction, protocol, ports, peers, flow in drafts:
        known = sets.setdefault(peers, Peers(addresses.network(peer) for peer in peers.split()))
        made.add(Draft(direction, protocol, tuple(ports), known, flow))
    reasons = {draft[4]: draft[4].upper() for draft in drafts}
    rules = [rule.rule(reasons) for rule in made.final()]
    assert all(rule["reason"] == "; ".join(flow.upper() for flow in rule["flows"]) for rule in rules)
    return [
        (r["direction"] + " " + r["protocol"] + " " + ",".join(r["ports"]), *map(tuple, (r["peers"], r["flows"])))
        for r in rules
    ]  # type: ignore[misc]


def test_flows_of_the_same_packets_share_a_rule() -> None:
    assert final(("in", "tcp", [(80, 80)], "10.0.0.5", "b"), ("in", "tcp", [(80, 80)], "10.0.0.5", "a")) == [
        ("in tcp 80", ("10.0.0.5/32",), ("a", "b"))
    ]


def test_a_rule_that_another_covers_joins_it() -> None:
    assert final(
        ("in", "tcp", [(80, 80)], "10.0.0.5", "a"),
        ("in", "tcp", [(79, 81)], "10.0.0.0/24", "b"),
        ("in", "tcp", [(80, 80)], "10.0.1.5", "c"),
    ) == [("in tcp 79-81", ("10.0.0.0/24",), ("a", "b")), ("in tcp 80", ("10.0.1.5/32",), ("c",))]


def test_a_rule_that_another_covers_in_part_stays() -> None:
    assert len(final(("in", "tcp", [(80, 82)], "10.0.0.5", "a"), ("in", "tcp", [(79, 81)], "10.0.0.0/24", "b"))) == 2
    assert (
        len(final(("in", "tcp", [(80, 80)], "10.0.0.5 10.0.1.5", "a"), ("in", "tcp", [(79, 81)], "10.0.0.0/24", "b")))
        == 2
    )


def test_only_rules_of_one_direction_and_protocol_are_compared() -> None:
    kinds = [("in", "tcp"), ("in", "udp"), ("out", "tcp"), ("out", "udp")]
    assert len(final(*((direction, protocol, [(80, 80)], "any", "a") for direction, protocol in kinds))) == 4


def test_ports_in_several_ranges_are_covered_range_by_range() -> None:
    assert final(
        ("in", "tcp", [(80, 80), (443, 443)], "any", "a"), ("in", "tcp", [(79, 81), (440, 450)], "any", "b")
    ) == [("in tcp 79-81,440-450", ("any",), ("a", "b"))]


def test_a_whole_and_its_two_halves_are_one_rule() -> None:
    for order in (1, -1):
        drafts = [
            ("in", "tcp", [(80, 80)], "10.0.0.0/25 10.0.0.128/25", "a"),
            ("in", "tcp", [(80, 80)], "10.0.0.0/24", "b"),
        ]
        assert final(*drafts[::order]) == [("in tcp 80", ("10.0.0.0/24",), ("a", "b"))]


def test_any_covers_igmp_of_some() -> None:
    assert final(("out", "igmp", [], "239.0.0.1", "a"), ("out", "igmp", [], "any", "b")) == [
        ("out igmp ", ("any",), ("a", "b"))
    ]


def test_rules_are_sorted_by_direction_protocol_ports_and_peers() -> None:
    drafts = [
        ("out", "tcp", [(80, 80)], "10.0.0.5", "a"),
        ("in", "udp", [(80, 80)], "10.0.0.5", "a"),
        ("in", "tcp", [(443, 443)], "10.0.0.5", "a"),
        ("in", "tcp", [(80, 80)], "2001:db8::5", "a"),
        ("in", "tcp", [(80, 80)], "10.0.0.15", "a"),
        ("in", "tcp", [(80, 80)], "10.0.0.5", "a"),
    ]
    assert [rule[:2] for rule in final(*drafts)] == [
        ("in tcp 80", ("10.0.0.5/32",)),
        ("in tcp 80", ("10.0.0.15/32",)),
        ("in tcp 80", ("2001:db8::5/128",)),
        ("in tcp 443", ("10.0.0.5/32",)),
        ("in udp 80", ("10.0.0.5/32",)),
        ("out tcp 80", ("10.0.0.5/32",)),
    ]
    assert final(*drafts) == final(*reversed(drafts))


def test_a_reason_that_flows_share_is_given_once() -> None:
    drafts = Drafts()
    for flow in ("a", "b", "c"):
        drafts.add(Draft("in", "tcp", ((80, 80),), PEERS, flow))
    assert drafts.final()[0].rule({"a": "Web", "b": "Media", "c": "Web"}) == {
        "direction": "in",
        "protocol": "tcp",
        "ports": ["80"],
        "peers": ["10.0.0.5/32"],
        "flows": ["a", "b", "c"],
        "reason": "Web; Media",
    }


PEERS = Peers([addresses.network("10.0.0.5")])
