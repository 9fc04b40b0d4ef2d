# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for a Windows host: what they change, that they change it once, and that everything can be given back."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import boxes, values, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.boxes import Box
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import accepted
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Listener, Packets
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import (
    PROFILES,
    State,
    a_state,
    applied,
    others,
    row,
)

RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"
PORTS = [
    MatrixPort(6, ((7563, 7563),), "milestone.recording.media", frozenset({"milestone_recording_server"})),
    MatrixPort(6, ((5432, 5432),), "milestone.recording.drivers", frozenset({"milestone_recording_server"})),
]
BROAD = WindowsRule("Recording Server", protocol=6, local_ports="7563", description="Installer's")
METRICS = WindowsRule("Metrics", protocol=6, local_ports="9182")


def policy_rule(*ports: str, peers: tuple[str, ...] = ("10.0.0.5/32",), flow: str = "milestone.recording.media") -> Any:
    return {
        "direction": "in",
        "protocol": "tcp",
        "ports": list(ports),
        "peers": list(peers),
        "flows": [flow],
        "reason": "Smart Client shows video",
    }


MANAGEMENT = policy_rule("5986", peers=("10.0.99.0/24",), flow="portmatrix.management")
RULES = (policy_rule("7563"), MANAGEMENT)
ENFORCE = Intent(RULES, ports=PORTS, management_port=5986)
AUDIT = ENFORCE._replace(mode="audit")
ABSENT = ENFORCE._replace(state="absent")
DICE = random.Random(1)


def done(state: State, *intents: Intent) -> State:
    """Return the host after one plan after the other was applied."""
    for intent in intents:
        state = applied(state, plan(state, intent).request(), DICE)
    return state


def names(state: State, enabled: bool = True) -> list[str]:
    return sorted(rule["name"] for rule in state["rules"] if rule["enabled"] is enabled and rule["group"] != GROUP)


# --- what must hold for any host


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
    unique_by=lambda rule: json.dumps(rule),
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


# --- what a plan says and does


def test_the_first_plan_in_full() -> None:
    planned = plan(a_state([BROAD, METRICS], {"public": {"enabled": False}}), ENFORCE)
    request = planned.request()
    assert planned.changed and planned.flows == {
        "added": ["milestone.recording.media", "portmatrix.management"],
        "removed": [],
        "changed": [],
    }
    assert [
        (rule["local_ports"], rule["remote_addresses"], rule["direction"], rule["group"]) for rule in request["add"]
    ] == [
        ("5986", "10.0.99.0/255.255.255.0", 1, GROUP),
        ("7563", "10.0.0.5/255.255.255.255", 1, GROUP),
    ]
    broad = {
        "name": "Recording Server",
        "program": "",
        "service": "",
        "protocol": 6,
        "local_ports": "7563",
        "direction": 1,
    }
    assert request["disable"] == [broad] and request["enable"] == []
    assert request["profiles"] == [{"name": "public", "enabled": True}]
    note = json.loads(request["note"])
    assert note == {
        "version": 1,
        "rules": [{**broad, "was": True}],
        "profiles": {"public": {"enabled": False}},
        "intent": note["intent"],
    }
    (found,) = planned.foreign
    assert (found["rule"], found["disposition"], found["ports"]) == ("Recording Server", "disabled", ["7563"])
    assert (planned.drift, planned.warnings) == ([], [])


def test_the_diff_is_for_people() -> None:
    before = done(a_state([BROAD], {"public": {"enabled": False}}), AUDIT)
    rules = (policy_rule("7563", peers=("10.0.0.5/32", "10.0.1.0/24")), MANAGEMENT)
    assert plan(before, ENFORCE._replace(rules=rules)).diff == [
        {
            "before_header": "rules of vidnet.portmatrix",
            "after_header": "rules of vidnet.portmatrix",
            "before": "in tcp 7563: milestone.recording.media\n  from 10.0.0.5\n",
            "after": "in tcp 7563: milestone.recording.media\n  from 10.0.0.5\n  from 10.0.1.0/24\n",
        },
        {
            "before_header": "rules of others",
            "after_header": "rules of others",
            "before": "'Recording Server' is enabled\n"
            "  The rule 'Recording Server' lets in TCP 7563 from 0.0.0.0-10.0.0.4, 10.0.0.6-10.0.0.255, 10.0.2.0-255.255.255.255, ::/0,"
            " which the policy does not.\n",
            "after": "'Recording Server' is disabled\n",
        },
        {
            "before_header": "profiles",
            "after_header": "profiles",
            "before": "domain: logs what is let in\ndomain: logs what is dropped\nprivate: logs what is let in\nprivate: logs what is"
            " dropped\npublic: off\npublic: logs what is let in\npublic: logs what is dropped\n",
            "after": "domain: does not log what is let in\ndomain: does not log what is dropped\nprivate: does not log what is let in\n"
            "private: does not log what is dropped\npublic: on\npublic: does not log what is let in\npublic: does not log what is dropped\n",
        },
    ]


def test_audit_only_adds_and_logs() -> None:
    state = a_state([BROAD], {"public": {"enabled": False}})
    planned = plan(state, AUDIT)
    request = planned.request()
    assert len(request["add"]) == 2 and request["disable"] == []
    assert request["profiles"] == [
        {"name": name, "log_allowed": True, "log_dropped": True} for name in ("domain", "private", "public")
    ]
    assert [each["disposition"] for each in planned.foreign] == ["reported"]
    assert planned.warnings == ["The public profile is off: everything is let in and out."]


def test_from_enforced_to_audit_gives_back_and_remembers_the_logs_only() -> None:
    state = done(a_state([BROAD], {"public": {"enabled": False}}), ENFORCE, AUDIT)
    assert names(state) == ["Recording Server"] and state["profiles"]["public"]["enabled"] is False
    note = json.loads(state["note"])
    assert note["rules"] == [] and note["profiles"]["public"] == {"log_allowed": False, "log_dropped": False}
    assert state["profiles"]["private"]["log_dropped"] is True


@pytest.mark.parametrize(
    ("foreign", "disposition", "enabled"),
    [
        ("disable", "disabled", False),
        ("report", "reported", True),
        (("Recording Server",), "left", True),
        (("Another",), "disabled", False),
    ],
)
def test_what_becomes_of_an_installers_rule(foreign: Any, disposition: str, enabled: bool) -> None:
    intent = ENFORCE._replace(foreign=foreign)
    assert [each["disposition"] for each in plan(a_state([BROAD]), intent).foreign] == [disposition]
    assert (names(done(a_state([BROAD]), intent)) == ["Recording Server"]) is enabled
    assert (names(done(a_state([BROAD]), ENFORCE, intent)) == ["Recording Server"]) is enabled


def test_a_rule_that_is_disabled_stays_in_the_rows_and_is_nothing_new() -> None:
    planned = plan(done(a_state([BROAD, METRICS]), ENFORCE), ENFORCE)
    assert [(each["rule"], each["disposition"]) for each in planned.foreign] == [("Recording Server", "disabled")]
    assert not planned.changed and planned.request()["disable"] == []


def test_what_the_policy_grants_now_is_given_back() -> None:
    state = done(a_state([BROAD]), ENFORCE)
    assert names(state) == []
    assert names(done(state, ENFORCE._replace(rules=(policy_rule("7563", peers=("any",)),)))) == ["Recording Server"]


@pytest.mark.parametrize("group", ["OpenSSH Server", "Remote Desktop", "@FirewallAPI.dll,-25000"])
def test_what_is_never_touched(group: str) -> None:
    planned = plan(a_state([BROAD._replace(group=group)]), ENFORCE)
    assert [each["disposition"] for each in planned.foreign] == ["untouched"] and planned.request()["disable"] == []


def test_group_policys_rules_are_told_and_never_disabled() -> None:
    text = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=7563|Name=Domain wide|"
    given = {"rules": {"{1}": text, "{2}": "v2.31|Action=Allow|"}, "values": {}}
    planned = plan(a_state([], group_policy=given), ENFORCE)
    assert [each["disposition"] for each in planned.foreign] == ["group policy"] and planned.request()["disable"] == []
    assert "can only be changed there" in planned.warnings[0] and "{2}" in planned.warnings[1]


def test_a_rule_of_group_policy_that_windows_lists_as_well_is_not_the_hosts_own() -> None:
    text = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=7563|Name=Recording Server|"
    given = {"rules": {"{1}": text}, "values": {}}
    planned = plan(a_state([BROAD], group_policy=given), ENFORCE)
    assert [each["disposition"] for each in planned.foreign] == ["group policy"]
    both = plan(a_state([BROAD, BROAD], group_policy=given), ENFORCE)
    assert [each["disposition"] for each in both.foreign] == ["group policy", "disabled"]
    resource = text.replace("Name=Recording Server", "Name=@x.dll,-1")
    assert len(plan(a_state([BROAD], group_policy={"rules": {"{1}": resource}, "values": {}}), ENFORCE).foreign) == 1


def test_our_own_former_rules_in_a_group_policy_are_judged() -> None:
    text = (
        f"v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=7563|RA4=10.0.7.7|Name=portmatrix x|EmbedCtxt={GROUP}|"
    )
    planned = plan(a_state([], group_policy={"rules": {"{1}": text}, "values": {}}), ENFORCE)
    assert [(each["rule"], each["beyond"]) for each in planned.foreign] == [("portmatrix x", ["10.0.7.7"])]


@pytest.mark.parametrize(
    ("twin", "why"),
    [
        (BROAD._replace(enabled=False, profiles=4), "a rule that is disabled"),
        (BROAD._replace(action="block", remote_addresses="10.9.9.9"), "a block rule"),
        (BROAD._replace(group="OpenSSH Server", remote_addresses="10.0.0.5"), "a rule for ssh"),
    ],
)
def test_a_rule_that_cannot_be_told_from_another_is_left_and_told(twin: WindowsRule, why: str) -> None:
    state = a_state([BROAD, twin])
    planned = plan(state, ENFORCE)
    assert planned.request()["disable"] == [] and planned.foreign[0]["disposition"] == "left"
    assert f"{why} has the same name" in " ".join(planned.warnings)
    assert others(done(state, ENFORCE)) == others(state)


def test_a_copy_of_an_own_rule_never_takes_the_own_rule_with_it() -> None:
    state = done(a_state(), ENFORCE)
    copied = next(rule for rule in state["rules"] if rule["local_ports"] == "7563")
    state["rules"].append({**copied, "group": "", "remote_addresses": "*"})
    planned = plan(state, ENFORCE)
    assert planned.request()["disable"] == [] and "this collection's own" in planned.warnings[0]


def test_two_alike_are_disabled_and_given_back_together() -> None:
    state = a_state([BROAD, BROAD._replace(profiles=1)])
    assert names(done(state, ENFORCE)) == []
    assert len(plan(state, ENFORCE).request()["disable"]) == 1
    assert names(done(state, ENFORCE, ABSENT)) == ["Recording Server"] * 2


def test_letters_in_another_case_are_another_selector_and_yet_alike() -> None:
    rules = [WindowsRule("R", protocol=6, program=RECORDER), WindowsRule("R", protocol=6, program=RECORDER.upper())]
    assert len(plan(a_state(rules), ENFORCE).request()["disable"]) == 2
    planned = plan(a_state([rules[0], rules[1]._replace(enabled=False)]), ENFORCE)
    assert planned.request()["disable"] == [] and {each["disposition"] for each in planned.foreign} == {"left"}


def test_what_the_host_opens_itself_is_ruled_only_where_that_is_enforced() -> None:
    intent = ENFORCE._replace(rules=[{**policy_rule("80", flow="acme.web"), "direction": "out"}])
    assert not plan(a_state(), intent).changed
    request = plan(a_state(), intent._replace(egress="enforce")).request()
    assert [(rule["direction"], rule["remote_ports"]) for rule in request["add"]] == [(2, "80")]
    assert {each["default_outbound"] for each in request["profiles"]} == {"block"}


def test_a_note_that_is_left_over_goes_with_absent() -> None:
    state = done(a_state([BROAD]), ENFORCE)
    planned = plan(a_state(note=state["note"]), ABSENT)
    assert planned.changed and planned.request()["note"] == ""


# --- drift


def enforced(*rules: WindowsRule, **changes: Any) -> State:
    return done(a_state(rules or [BROAD], **changes), ENFORCE)


def test_a_rule_put_back_is_drift_and_disabled_again() -> None:
    state = enforced()
    for rule in state["rules"]:
        rule["enabled"] = True
    planned = plan(state, ENFORCE)
    assert planned.drift == [
        "Somebody enabled the rule 'Recording Server' again, which was disabled for what it lets in."
    ]
    assert names(done(state, ENFORCE)) == [] and names(done(state, ENFORCE, ABSENT)) == ["Recording Server"]


def test_a_rule_that_is_new_is_drift() -> None:
    state = enforced()
    state["rules"].append(row(WindowsRule("Everything")))
    assert plan(state, ENFORCE).drift == [
        "Somebody added or enabled the rule 'Everything' since this host was last brought to its policy."
    ]
    assert plan(state, ENFORCE._replace(rules=RULES[:1])).drift == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"remote_addresses": "*"}, "Somebody changed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
        ({"enabled": False}, "Somebody changed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
        ({"name": "mine"}, "Somebody removed the rule 'portmatrix milestone.recording.media in tcp 7563 ["),
    ],
)
def test_own_rules_that_somebody_changed(change: dict[str, Any], sentence: str) -> None:
    state = enforced()
    next(rule for rule in state["rules"] if rule["local_ports"] == "7563" and rule["group"] == GROUP).update(change)
    planned = plan(state, ENFORCE)
    assert planned.drift[0].startswith(sentence)
    assert (
        planned.flows["changed"] == ([] if "name" in change else ["milestone.recording.media"])
        or not planned.flows["changed"]
    )
    assert not plan(done(state, ENFORCE), ENFORCE).changed


def test_a_rule_added_to_our_group_is_drift() -> None:
    state = enforced()
    state["rules"].append(row(WindowsRule("mine", group=GROUP)))
    assert plan(state, ENFORCE).drift == ["Somebody added a rule 'mine' to the group vidnet.portmatrix."]
    own = next(rule for rule in state["rules"] if rule["group"] == GROUP and rule["local_ports"] == "7563")
    doubled = {**state, "rules": [*state["rules"][:-1], own]}
    assert plan(doubled, ENFORCE).drift == [f"Somebody added a rule {own['name']!r} to the group vidnet.portmatrix."]


def test_a_new_policy_is_no_drift() -> None:
    planned = plan(enforced(), ENFORCE._replace(rules=[policy_rule("7563", peers=("10.0.0.6/32",))]))
    assert planned.drift == [] and planned.flows == {
        "added": [],
        "removed": ["portmatrix.management"],
        "changed": ["milestone.recording.media"],
    }


def test_a_profile_switched_off_again_is_drift() -> None:
    state = enforced(profiles={"public": {"enabled": False, "default_inbound": 1}})
    state["profiles"]["public"].update(enabled=False, default_inbound=1)
    assert plan(state, ENFORCE).drift == [
        "Somebody changed the public profile back: it is off again.",
        "Somebody changed the public profile back: it allows inbound again.",
    ]


def test_what_windows_did_not_do_is_told() -> None:
    state = a_state([BROAD], {"public": {"enabled": False}})
    planned = plan(state, ENFORCE)
    unmet = planned.unmet(state)
    assert len(unmet) == 4 and "is not there as it was written" in unmet[0]
    assert unmet[2:] == ["The rule 'Recording Server' is still enabled.", "The public profile still is off."]
    gone = plan(done(state, ENFORCE), ABSENT)
    assert [text.rpartition(" ")[2] for text in gone.unmet(done(state, ENFORCE))] == [
        "there.",
        "there.",
        "disabled.",
        "on.",
    ]


def test_what_a_plan_for_2000_rules_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the figure; what must hold is that nothing differs."""
    policy = [
        policy_rule(
            str(7000 + number), peers=tuple(f"10.{number}.{each}.0/24" for each in range(5)), flow=f"acme.flow{number}"
        )
        for number in range(100)
    ]
    ports = [MatrixPort(6, ((7000 + number, 7000 + number),), f"acme.flow{number}") for number in range(100)]
    intent = Intent(policy, ports=[*PORTS, *ports])
    own = [rule._replace(name=f"{rule.name} {number}") for number in range(4) for rule in windows_host.own()]
    theirs = [*windows_host.installer(), *own][:1900]
    state = done(a_state(theirs), intent)
    start = time.process_time()
    planned = plan(state, intent)
    seconds = time.process_time() - start
    assert len(state["rules"]) == 2000 and not planned.changed
    first = plan(a_state(theirs), intent)
    start = time.process_time()
    assert first.diff and first.request()
    with capsys.disabled():
        print(
            f" 2000 rules, 100 of them own: planned in {seconds:.3f} s, diff in {time.process_time() - start:.3f} s of CPU ",
            end="",
        )
