# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans for a Windows host say and do."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import plan
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.firewall_model import a_state, others
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.planned_host import (
    ABSENT,
    AUDIT,
    BROAD,
    ENFORCE,
    MANAGEMENT,
    METRICS,
    PORTS,
    RECORDER,
    done,
    names,
    policy_rule,
)


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
