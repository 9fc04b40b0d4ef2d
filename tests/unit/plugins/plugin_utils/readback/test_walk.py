# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk through rules for all packets at once, beside one that takes a single packet at a time."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import classes, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Chain, Rule, Table
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import Scene, scene, values
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.walk import UNFILTERED, walk
from ansible_collections.vidnet.portmatrix.tests.support import model_walk

EVERYONE = ranges.EVERY["ipv4"]
HOOKS = ("prerouting", "input")


def rule(verdict: str, target: str = "", certain: bool = True, **box: Any) -> Rule:
    text = f"{verdict} {target} {box}" if certain else f"perhaps {verdict} {target} {box}"
    return Rule((box,), certain, verdict, target, text)


def base(*rules: Rule, policy: str = "accept", hook: str = "input", priority: int = 0, name: str = "in") -> Chain:
    return Chain(name, rules, hook, priority, policy)


def table(*chains: Chain, name: str = "t") -> Table:
    return Table(name, frozenset({"ipv4"}), {chain.name: chain for chain in chains})


def ends(*tables: Table, port: int = 80, source: int = 7) -> tuple[str, str]:
    """Return the verdict and the rule for one packet, found among those of all."""
    found = [
        (end.verdict, end.rule)
        for stage in [scene(tables, "in", "ipv4", EVERYONE)]
        for end in all_ends(stage)
        if ranges.contains(values(stage.ports, end.ports), port)
        and ranges.contains(values(stage.peers, end.peers), source)
    ]
    assert len(found) == 1
    return found[0]


def all_ends(stage: Scene) -> list[Any]:
    everything = classes.all_of(stage.boxes)
    return walk(stage, everything, everything, (1 << len(stage.peers)) - 1)


PORT = {"destination_port": ((80, 90),)}
PEER = {"source": ((0, 9),)}
OTHER = {"source": ((10, 19),)}


def test_nothing_filters_where_there_is_no_chain() -> None:
    assert ends() == ("accept", UNFILTERED)


def test_the_first_rule_that_matches_decides() -> None:
    rules = base(rule("accept", **PORT, **OTHER), rule("drop", **PEER), rule("accept", **PORT))
    assert ends(table(rules)) == ("drop", rules.rules[1].text)


def test_the_policy_decides_where_no_rule_does() -> None:
    assert ends(table(base(rule("accept", **OTHER), policy="drop"))) == ("drop", "t in: policy drop")
    assert ends(table(base(rule("drop", **OTHER)))) == ("accept", "t in: policy accept")


def test_dropping_in_one_base_chain_is_final_and_accepting_is_not() -> None:
    first = table(base(rule("accept", **PORT), policy="drop"), name="first")
    second = table(base(rule("drop", **PEER), priority=10), name="second")
    assert ends(first, second)[0] == "drop"
    assert ends(second, first)[0] == "drop"
    assert ends(first, second, source=15)[0] == "accept"


def test_the_rule_of_a_chain_that_drops_the_rest_is_told_before_others() -> None:
    ours = table(base(rule("accept", **PORT), policy="drop"), name="ours")
    theirs = table(base(rule("accept", **PEER), priority=10), name="theirs")
    assert ends(ours, theirs)[1] == rule("accept", **PORT).text


def test_return_comes_back_to_the_caller_and_goto_to_its_caller() -> None:
    last = Chain("last", (rule("return", **PEER), rule("drop")))
    middle = Chain("middle", (rule("goto", "last"), rule("drop")))
    rules = base(rule("jump", "middle"), rule("accept", **PORT), policy="drop")
    assert ends(table(rules, middle, last))[0] == "accept"
    assert ends(table(rules, middle, last), source=15)[0] == "drop"


def test_return_in_a_base_chain_leads_to_its_policy() -> None:
    assert ends(table(base(rule("return"), rule("accept"), policy="drop")))[1] == "t in: policy drop"


def test_a_jump_to_a_chain_that_is_not_there_is_unknown() -> None:
    assert ends(table(base(rule("jump", "nowhere"))))[0] == "unknown"


@pytest.mark.parametrize(
    ("first", "then", "verdict"),
    [
        ("accept", "drop", "unknown"),
        ("drop", "accept", "unknown"),
        ("accept", "accept", "accept"),
        ("drop", "drop", "drop"),
        ("reject", "drop", "drop"),
        ("return", "drop", "unknown"),
        ("unknown", "drop", "unknown"),
    ],
)
def test_a_rule_that_may_match_matters_where_the_end_is_another(first: str, then: str, verdict: str) -> None:
    perhaps = rule(first, certain=False)
    found = ends(table(base(perhaps, rule(then))))
    assert found[0] == verdict
    if verdict == "unknown":
        assert found[1] == perhaps.text


@pytest.mark.parametrize("way", ["jump", "goto"])
def test_a_chain_that_may_be_passed_leaves_both_ways_open(way: str) -> None:
    side = Chain("side", (rule("drop", **PEER),))
    rules = base(rule(way, "side", certain=False), rule("accept", **PORT), policy="drop")
    assert ends(table(rules, side))[0] == "unknown"
    assert ends(table(rules, side), port=99)[0] == "drop"


def test_what_may_be_let_in_is_shut_where_a_later_chain_drops_it() -> None:
    first = table(base(rule("accept", certain=False), policy="drop"), name="first")
    second = table(base(rule("drop", **PEER), priority=10), name="second")
    assert ends(first, second)[0] == "drop"
    assert ends(first, second, source=15) == ("unknown", rule("accept", certain=False).text)


def test_a_translated_packet_is_beyond_the_reading_only_where_its_destination_changes() -> None:
    assert ends(table(base(rule("translate"), hook="prerouting")))[0] == "unknown"
    assert ends(table(base(rule("translate"), rule("drop"))))[0] == "accept"


def test_chains_before_connection_tracking_take_every_packet_for_invalid() -> None:
    early = base(rule("drop", state=frozenset({"invalid"})), hook="prerouting", priority=-300)
    stage = scene([table(early)], "in", "ipv4", EVERYONE)
    assert [end.verdict for end in walk(stage, 0, 1, 1)] == ["drop"]
    late = scene([table(early._replace(priority=-150))], "in", "ipv4", EVERYONE)
    assert [end.verdict for end in walk(late, 0, 1, 1)] == ["accept"]


VERDICTS = ("accept", "drop", "reject", "return", "jump", "goto", "unknown", "continue")


def some_tables(random_: random.Random, doubtful: bool) -> list[Table]:
    def spans() -> ranges.Ranges:
        ends_ = sorted(random_.sample(range(1, 20), random_.choice([2, 2, 4])))
        return tuple(zip(ends_[::2], ends_[1::2]))

    def some_rule(below: list[str]) -> Rule:
        verdict = random_.choice(VERDICTS if doubtful else VERDICTS[:6])
        if verdict in ("jump", "goto") and not below:
            verdict = "return"
        target = random_.choice(below) if verdict in ("jump", "goto") else ""
        boxes = []
        for _box in range(random_.choice([0, 1, 1, 1, 2])):
            box: dict[str, Any] = {}
            if random_.random() < 0.7:
                box["destination_port"] = spans()
            if random_.random() < 0.7:
                box["source"] = spans()
            boxes.append(box)
        certain = not doubtful or random_.random() < 0.7
        return Rule(tuple(boxes), certain, verdict, target, f"{verdict} {target} {boxes} {certain}")

    found = []
    for number in range(random_.randint(1, 2)):
        chains = []
        names = ["c3", "c2", "c1"]
        for place, name in enumerate(names):
            chains.append(Chain(name, tuple(some_rule(names[:place]) for _rule in range(random_.randint(0, 4)))))
        for hook in random_.sample(HOOKS, random_.randint(1, 2)):
            rules = tuple(some_rule(names) for _rule in range(random_.randint(1, 6)))
            policy = random_.choice(["accept", "drop"])
            chains.append(Chain(hook, rules, hook, random_.choice([-10, 0, 10]), policy))
        found.append(Table(f"t{number}", frozenset({"ipv4"}), {chain.name: chain for chain in chains}))
    return found


@pytest.mark.parametrize("doubtful", [False, True])
def test_all_packets_at_once_end_as_each_does_by_itself(doubtful: bool) -> None:
    known = 0
    for seed in range(250):
        random_ = random.Random(seed)
        tables = some_tables(random_, doubtful)
        stage = scene(tables, "in", "ipv4", EVERYONE)
        told = [(values(stage.ports, end.ports), values(stage.peers, end.peers), end) for end in all_ends(stage)]
        for _packet in range(12):
            port, source = random_.randint(1, 21), random_.randint(0, 21)
            (end,) = [
                end for ports, peers, end in told if ranges.contains(ports, port) and ranges.contains(peers, source)
            ]
            facts = {"family": "ipv4", "destination_port": port, "source": source}
            possible = model_walk.ends(tables, "in", facts)
            where = f"seed {seed}: port {port} from {source} ends with {end.verdict} by {end.rule}, possible {possible}"
            if end.verdict == "unknown":
                assert doubtful, where
            else:
                assert possible == {"drop" if end.verdict == "reject" else end.verdict}, where
                known += 1
    assert known > 1000
