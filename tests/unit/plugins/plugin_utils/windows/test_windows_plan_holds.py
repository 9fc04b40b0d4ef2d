# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the plan of any Windows host: it changes once, is what comes of it, and can be given back."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, values, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import accepted
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Listener, Packets
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import (
    PROFILES,
    State,
    a_state,
    applied,
    others,
)
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.planned_host import (
    ABSENT,
    DICE,
    MANAGEMENT,
    PORTS,
    RECORDER,
    done,
    policy_rule,
)


def a_rule(**given: Any) -> WindowsRule:
    """Hypothesis would fill the other fields as well, with any text."""
    return WindowsRule(**given)


foreign_rules = st.lists(
    st.builds(
        a_rule,
        name=st.sampled_from(["A", "B", "C"]),
        group=st.sampled_from(["", "Some", "OpenSSH Server"]),
        enabled=st.sampled_from([True, True, False]),
        direction=st.sampled_from(["in", "in", "in", "out"]),
        action=st.sampled_from(["allow", "allow", "allow", "block"]),
        protocol=st.sampled_from([6, 6, 17, 256]),
        local_ports=st.sampled_from(["*", "7563", "7000-8000", "9182", "5432,22", "RPC"]),
        remote_addresses=st.sampled_from(["*", "10.0.0.0/255.255.255.0", "10.0.0.5", "LocalSubnet", "2001:db8::/32"]),
        profiles=st.sampled_from([0x7FFFFFFF, 0x7FFFFFFF, 1, 2, 6]),
        program=st.sampled_from(["", "", RECORDER, RECORDER.upper(), r"C:\other.exe", "System"]),
        service=st.sampled_from(["", "", "", "Milestone XProtect Recording Server", "winmgmt"]),
    ).map(lambda rule: rule._replace(local_ports="") if rule.protocol == 256 else rule),
    max_size=7,
)
junk = st.lists(st.builds(a_rule, name=st.sampled_from(["old", "older"]), group=st.just(GROUP)), max_size=2)
profiles = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {
                "enabled": st.booleans(),
                "default_inbound": st.sampled_from([0, 1]),
                "default_outbound": st.sampled_from([0, 1]),
                "log_allowed": st.booleans(),
                "log_dropped": st.booleans(),
            }
        )
        for name in PROFILES
    }
)


def _host(theirs: list[WindowsRule], ours: list[WindowsRule], found: Any, shut: bool) -> State:
    if shut:
        found["public"].update(default_inbound=0, block_all_inbound=True)
    return a_state([*theirs, *ours], found)


states = st.builds(_host, foreign_rules, junk, profiles, st.sampled_from([False, False, True]))
policies = st.lists(
    st.sampled_from(
        [
            policy_rule("7563"),
            policy_rule("7563", "7600-7700", peers=("10.0.0.0/30", "2001:db8::1")),
            policy_rule("5432", peers=("any",), flow="milestone.recording.drivers"),
            {**policy_rule("80", flow="acme.web"), "direction": "out"},
            MANAGEMENT,
        ]
    ),
    max_size=3,
    unique_by=json.dumps,
)
intents = st.builds(
    Intent,
    policies,
    state=st.sampled_from(["present", "present", "present", "absent"]),
    mode=st.sampled_from(["enforce", "enforce", "audit"]),
    egress=st.sampled_from(["allow", "enforce"]),
    foreign=st.sampled_from(["disable", "disable", "report", ("A",)]),
    profiles=st.sampled_from(["enforce", "enforce", "report"]),
    ports=st.just(PORTS),
    management_port=st.just(5986),
)


@stable(60)
@given(state=states, intent=intents, seed=st.integers(0, 1000))
def test_a_second_plan_finds_nothing_to_do(state: State, intent: Intent, seed: int) -> None:
    first = plan(state, intent)
    after = applied(state, first.request(), random.Random(seed))
    again = plan(after, intent)
    assert first.unmet(after) == []
    assert (again.changed, again.diff, again.drift, again.flows) == (
        False,
        [],
        [],
        {"added": [], "removed": [], "changed": []},
    )
    assert (first.changed, first.request()) == (plan(state, intent).changed, plan(state, intent).request())
    assert first.changed or after == {**state, "rules": after["rules"], "note": after["note"]}


@stable(60)
@given(state=states, wanted=st.lists(intents, max_size=4))
def test_absent_gives_back_what_was_not_ours(state: State, wanted: list[Intent]) -> None:
    after = done(state, *wanted, ABSENT)
    assert others(after) == others(state)
    assert not [rule for rule in after["rules"] if rule["group"] == GROUP]
    assert after["note"] == "" and not plan(after, ABSENT).changed


@stable(60)
@given(state=states, intent=intents, before=intents)
def test_where_a_host_comes_from_makes_no_difference(state: State, intent: Intent, before: Intent) -> None:
    straight, round_about = done(state, intent), done(state, before, intent)
    assert others(straight) == others(round_about)
    assert _memory(straight) == _memory(round_about)


def _memory(state: State) -> Any:
    note = json.loads(state["note"] or '{"rules": [], "profiles": {}}')
    return sorted(note["rules"], key=repr), note["profiles"]


@stable(60)
@given(
    state=states, intent=intents.map(lambda intent: intent._replace(state="present", mode="enforce", foreign="disable"))
)
def test_enforced_the_matrix_lets_in_what_is_granted_and_nothing_else(state: State, intent: Intent) -> None:
    intent = intent._replace(profiles="enforce")
    planned = plan(state, intent)
    after = wire.firewall(applied(state, planned.request(), DICE)).policy
    spared = {each["rule"] for each in planned.foreign if each["disposition"] != "disabled"}
    blocks = any(rule.action == "block" for rule in after.local)
    for profile in PROFILES:
        for family in ("ipv4", "ipv6"):
            found = accepted(
                after, Packets("in", family, 6, profile), Listener(RECORDER, "Milestone XProtect Recording Server")
            )
            granted = _granted(intent, family)
            assert spared or boxes.without(map(_of_matrix, found.possible), granted) == []
            shut = wire.firewall(state).settings[profile]["default_inbound"] == "block_all"
            assert blocks or shut or boxes.without(granted, found.sure) == []
            assert not (shut and found.possible)
    assert planned.after.profiles == list(after.profiles)


def _of_matrix(box: Box) -> Box:
    return box._replace(ports=ranges.intersect(box.ports, ((5432, 5432), (7563, 7563))))


def _granted(intent: Intent, family: str) -> list[Box]:
    every = ranges.EVERY[family]
    return [
        Box(
            every if rule.anyone else tuple(rule.peers.get(int(family[-1]), ())),
            every,
            tuple(rule.ports),
            values.ALL_PORTS,
        )
        for rule in policy_rules.checked(list(intent.rules))
        if rule.direction == "in"
    ]


@stable(40)
@given(state=states, intent=intents, seed=st.integers(0, 1000))
def test_the_policy_as_it_will_be_is_the_one_that_comes(state: State, intent: Intent, seed: int) -> None:
    planned = plan(state, intent)
    came = wire.firewall(applied(state, planned.request(), random.Random(seed))).policy
    for profile in PROFILES:
        packets = Packets("in", "ipv4", 6, profile)
        assert _packets(accepted(planned.after, packets)) == _packets(accepted(came, packets))


def _packets(found: Any) -> list[Any]:
    return [sorted(boxes.merged(each)) for each in found]
