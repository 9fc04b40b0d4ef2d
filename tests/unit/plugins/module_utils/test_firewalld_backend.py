# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewalld back-end against a real firewalld: what it changes, what it leaves alone, and what breaks it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import DRIVE, PYTHON, FirewalldLab
from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule

pytestmark = pytest.mark.managers

HOST4, FRIEND4, STRANGER4 = "10.9.0.1", "10.9.0.2", "10.9.0.3"
OLD = [rule("7001", FRIEND4, flows=("test.media",)), rule("7003", FRIEND4, flows=("test.kept",))]
NEW = [rule("7002", FRIEND4, flows=("test.media",)), rule("7003", FRIEND4, flows=("test.kept",))]
PORTS = (7001, 7002, 7003, 7004)
ZONE = """\
<zone>
  <service name="ssh"/>
  <port port="7004" protocol="tcp"/>
  <rule family="ipv4"><source address="10.9.0.3"/><port port="7001" protocol="tcp"/><accept/></rule>
</zone>
"""
# the n-th change of a running policy is the last thing that the process does
KILLED = "import os, signal; from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_bus\n"
KILLED += "real, left = firewalld_bus.Bus.set_policy, [%d]\n"
KILLED += "def dying(self, name, changes):\n    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
KILLED += "    left[0] -= 1\n    real(self, name, changes)\nfirewalld_bus.Bus.set_policy = dying\n"


@pytest.fixture(scope="module")
def running():
    with FirewalldLab() as lab:
        lab.host(HOST, f"{HOST4}/24")
        lab.host("friend", f"{FRIEND4}/24")
        lab.host("stranger", f"{STRANGER4}/24")
        lab.shell("cat > /etc/firewalld/zones/public.xml", input=ZONE)
        lab.start_firewalld()
        lab.serve(HOST, *PORTS)
        yield lab


@pytest.fixture
def lab(running):
    yield running
    assert "error" not in running.bring([], state="absent")


def reached(lab, host="friend"):
    return lab.reached(host, "tcp", HOST4, *PORTS)


def zones(lab):
    return lab.command("--list-all-zones"), lab.command("--permanent", "--list-all-zones")


def active(lab):
    """Return the name of the inbound policy in force."""
    return re.search(r"^(portmatrix-in-\w)$", lab.command("--get-active-policies"), re.MULTILINE).group(1)


def test_only_what_is_declared_gets_in_whatever_the_zones_say(lab) -> None:
    before = zones(lab)
    assert reached(lab) == {7004}
    assert reached(lab, "stranger") == {7001, 7004}
    changed = lab.bring(OLD)
    assert (changed["running"], changed["boot"]) == (True, True)
    assert changed["flows"] == {"added": ["test.kept", "test.media"], "removed": [], "changed": []}
    assert reached(lab) == {7001, 7003}
    assert reached(lab, "stranger") == set()
    assert zones(lab) == before


def test_what_differs_is_told_and_changed(lab) -> None:
    lab.bring(OLD)
    changed = lab.bring(NEW)
    assert changed["flows"] == {"added": [], "removed": [], "changed": ["test.media"]}
    assert [part["before_header"] for part in changed["diff"]] == ["firewalld, in force", "boot path"]
    was = set(changed["diff"][0]["before"].splitlines())
    assert was - set(changed["diff"][0]["after"].splitlines()) == {
        f'\trule family="ipv4" source address="{FRIEND4}" port port="7001" protocol="tcp" accept'
    }
    assert reached(lab) == {7002, 7003}
    assert lab.bring([])["flows"] == {"added": [], "removed": ["test.kept", "test.media"], "changed": []}
    assert reached(lab) == set()


def test_flows_are_known_without_the_boot_path_too(lab) -> None:
    lab.bring(OLD, persist=False)
    changed = lab.bring(NEW, persist=False)
    assert changed["flows"] == {"added": [], "removed": [], "changed": ["test.media"]}
    assert changed["boot"] is False
    assert "portmatrix" not in lab.shell("find /etc/firewalld")


def test_the_second_run_changes_nothing_anywhere(lab) -> None:
    lab.bring(OLD)
    facts = "nft -a list ruleset; find /etc/firewalld /run/portmatrix -printf '%p %T@ %C@ %i\\n' | sort"
    before = lab.shell(facts)
    watch = ["dbus-monitor", "--system", "type='method_call',destination='org.fedoraproject.FirewallD1'"]
    monitor = lab.start(HOST, *watch, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    again = lab.bring(OLD)
    time.sleep(0.3)
    monitor.terminate()
    calls = set(re.findall(r"^method call .*member=(\w+)", monitor.communicate()[0], re.MULTILINE))
    assert (again["running"], again["boot"], again["diff"]) == (False, False, [])
    assert lab.shell(facts) == before
    assert "getPolicySettings" in calls
    assert calls <= {"getPolicySettings", "getPolicies", "Introspect", "Get", "queryPanicMode"}


def test_check_only_looks(lab) -> None:
    before = lab.state()
    planned = lab.bring(OLD, "check")
    assert (planned["running"], planned["boot"]) == (True, True)
    assert lab.state() == before


def test_leaving_leaves_nothing(lab) -> None:
    before = lab.state()
    rules = [*OLD, rule("7001", FRIEND4, direction="out")]
    for params in ({}, {"egress": "enforce"}, {"mode": "audit"}):
        assert lab.bring(rules, **params)["running"]
    left = lab.bring([], state="absent")
    assert (left["running"], left["boot"]) == (True, True)
    assert lab.state() == before
    again = lab.bring([], state="absent")
    assert (again["running"], again["boot"], again["diff"]) == (False, False, [])


def test_the_boot_path_changes_only_when_it_is_told_to(lab) -> None:
    before = lab.shell("find /etc/firewalld -type f | sort | xargs cat")
    lab.bring(OLD, "apply")
    assert lab.shell("find /etc/firewalld -type f | sort | xargs cat") == before
    assert reached(lab) == {7001, 7003}
    lab.command("--reload")
    assert reached(lab) == {7004}
    lab.bring(OLD)
    lab.bring(NEW, "apply")
    assert reached(lab) == {7002, 7003}
    lab.command("--reload")
    assert reached(lab) == {7001, 7003}
    lab.bring(NEW)
    lab.command("--reload")
    assert reached(lab) == {7002, 7003}
    assert not lab.bring(NEW)["running"]


def test_files_load_as_the_running_policy_is(lab) -> None:
    rules = [rule("7001,7100-7200", FRIEND4, "2001:db8::/64"), rule("", "any", protocol="igmp")]
    lab.bring([*rules, rule("554", FRIEND4, protocol="udp", direction="out")], egress="enforce")
    lab.command("--check-config")
    lab.command("--reload")
    again = lab.bring([*rules, rule("554", FRIEND4, protocol="udp", direction="out")], egress="enforce")
    assert (again["running"], again["boot"]) == (False, False)


@pytest.mark.parametrize(
    ("change", "opened"),
    [
        (
            [
                "--remove-rich-rule",
                f'rule family="ipv4" source address="{FRIEND4}" port port="7001" protocol="tcp" accept',
            ],
            None,
        ),
        (["--add-rich-rule", "rule port port=7004 protocol=tcp accept"], {7001, 7003, 7004}),
        (["--add-port", "7002/tcp"], {7001, 7002, 7003}),
        (["--remove-ingress-zone", "ANY"], {7004}),
    ],
)
def test_what_is_changed_by_hand_in_our_policy_is_noticed_and_undone(lab, change, opened) -> None:
    lab.bring(OLD)
    lab.command("--policy", active(lab), *change)
    assert reached(lab) == (opened or {7003})
    repaired = lab.bring(OLD)
    assert (repaired["running"], repaired["boot"]) == (True, False)
    assert reached(lab) == {7001, 7003}


def test_what_is_changed_by_hand_in_our_files_is_noticed_and_undone(lab) -> None:
    lab.bring(OLD)
    lab.command("--permanent", "--policy", "portmatrix-in-a", "--set-target", "ACCEPT")
    lab.command("--permanent", "--policy", "portmatrix-in-a", "--remove-rich-rule", 'rule priority="32767" drop')
    repaired = lab.bring(OLD)
    assert (repaired["running"], repaired["boot"]) == (False, True)
    lab.command("--reload")
    assert reached(lab) == {7001, 7003}
    lab.command("--permanent", "--policy", "portmatrix-in-a", "--set-target", "ACCEPT")
    lab.command("--reload")
    assert lab.bring(OLD)["running"]
    assert "ACCEPT" not in lab.command("--list-all-policies")
    assert reached(lab) == {7001, 7003}


def test_what_others_changed_in_the_running_firewalld_outlives_our_first_policy_and_its_end(lab) -> None:
    lab.command("--zone", "public", "--add-rich-rule", 'rule family="ipv4" source address="192.0.2.1" reject')
    lab.command("--zone", "trusted", "--add-source", "192.0.2.0/24")
    lab.command("--direct", "--add-rule", "ipv4", "filter", "INPUT", "0", "-s", "192.0.2.7", "-j", "DROP")
    lab.command("--zone", "home", "--add-service", "http", "--timeout", "20")
    ends = time.monotonic() + 20
    before = zones(lab), lab.command("--direct", "--get-all-rules")
    assert "192.0.2.1" in before[0][0]
    lab.bring(OLD)
    assert (zones(lab), lab.command("--direct", "--get-all-rules")) == before
    lab.bring([], state="absent")
    assert (zones(lab), lab.command("--direct", "--get-all-rules")) == before
    time.sleep(max(0, ends - time.monotonic()) + 1)
    assert lab.command("--zone", "home", "--query-service", "http", check=False).strip() == "no"
    lab.command("--complete-reload")


def test_restore_brings_back_what_was_in_force(lab) -> None:
    lab.bring(OLD)
    snapshot = lab.bring(NEW, "apply")["snapshot"]
    assert reached(lab) == {7002, 7003}
    for _time in range(2):
        assert lab.restore(json.loads(json.dumps(snapshot))) == {}
        assert reached(lab) == {7001, 7003}
    assert not lab.bring(OLD)["running"]


def test_restore_of_the_first_policy_leaves_none(lab) -> None:
    before = lab.command("--get-active-policies"), zones(lab)
    snapshot = lab.bring(OLD, "apply", egress="enforce")["snapshot"]
    lab.restore(snapshot)
    assert (lab.command("--get-active-policies"), zones(lab)) == before
    assert reached(lab) == {7004}


def test_restore_works_after_firewalld_was_started_anew(lab) -> None:
    snapshot = lab.bring(OLD, "apply")["snapshot"]
    on = lab.bring(NEW, "")["snapshot"]
    lab.command("--reload")
    assert lab.restore(snapshot) == {}
    assert reached(lab) == {7004}
    assert lab.restore(on) == {}
    assert reached(lab) == {7001, 7003}


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("modes", [("enforce", "enforce"), ("enforce", "audit"), ("audit", "enforce")], ids="-".join)
def test_killed_at_any_change_the_old_or_the_new_is_in_force_whole(lab, step, modes) -> None:
    lab.bring(OLD, mode=modes[0])
    old = reached(lab)
    given = {"rules": NEW, "steps": ["apply"], "egress": "allow", "mode": modes[1], "state": "present", "persist": True}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": COLLECTIONS_PATH}
    command = [PYTHON, "-B", "-c", KILLED % step + DRIVE]
    killed = lab.run(HOST, *command, input=json.dumps(given), env=environment, check=False)
    now = reached(lab)
    assert "error" not in lab.bring(NEW, mode=modes[1])
    new = reached(lab)
    assert now in (old, new)
    assert old != new
    assert killed.returncode == -signal.SIGKILL or step >= 3


def test_firewalld_dying_leaves_the_old_in_force_and_to_boot(lab) -> None:
    lab.bring(OLD)
    many = [*NEW, *(rule("7100", f"10.8.{number}.0/24") for number in range(0, 250, 2))]
    given = {
        "rules": many,
        "steps": ["apply"],
        "egress": "allow",
        "mode": "enforce",
        "state": "present",
        "persist": True,
    }
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": COLLECTIONS_PATH}
    module = lab.start(HOST, PYTHON, "-B", "-c", DRIVE, stdin=subprocess.PIPE, env=environment)
    module.stdin.write(json.dumps(given))
    module.stdin.close()
    time.sleep(1.2)
    lab.kill_firewalld()
    result = json.loads(module.stdout.read())
    assert result == {"error": result["error"]}
    assert re.match(
        r"firewalld did not take the policy portmatrix-in-\w: it does not answer; did it end\?", result["error"]
    )
    assert reached(lab) == {7001, 7003}
    assert "firewalld does not run on this host" in lab.bring(NEW)["error"]
    lab.start_firewalld()
    assert reached(lab) == {7001, 7003}
    assert lab.bring(OLD)["flows"] == {"added": [], "removed": [], "changed": []}
    assert reached(lab) == {7001, 7003}
    assert not lab.bring(OLD)["running"]


@pytest.mark.parametrize("options", ["ro", "size=512k"])
def test_where_nothing_can_be_written_the_old_stays_whole(lab, options) -> None:
    lab.bring(OLD)
    lab.mount(f"mount -o remount,{options} /etc/firewalld")
    if options != "ro":
        lab.shell("cat /dev/zero > /etc/firewalld/fill 2> /dev/null || true")
    try:
        files = lab.shell("find /etc/firewalld/policies -type f | sort | xargs cat")
        failed = lab.bring([*NEW, rule("1-65535", *(f"10.7.{n}.1" for n in range(60)))], "persist")
        assert "/etc/firewalld/policies" in failed["error"]
        assert lab.shell("find /etc/firewalld/policies -type f | sort | xargs cat") == files
        if options == "ro":
            assert "cannot be written" in lab.bring(NEW, "check apply")["error"]
            assert reached(lab) == {7001, 7003}
    finally:
        lab.mount("mount -o remount,rw,size=50% /etc/firewalld; rm -f /etc/firewalld/fill")


def test_a_firewalld_started_over_the_rules_of_one_that_was_killed_ends_up_with_the_policy(lab) -> None:
    lab.bring(OLD)
    snapshot = lab.bring(NEW, "apply")["snapshot"]
    lab.kill_firewalld()
    lab.start_firewalld()
    assert lab.restore(snapshot) == {}
    assert reached(lab) == {7001, 7003}
    lab.bring(NEW, "apply")
    lab.kill_firewalld()
    lab.start_firewalld()
    assert "error" not in lab.bring(NEW)
    assert reached(lab) == {7002, 7003}
    assert not lab.bring(NEW)["running"]


def test_rules_that_someone_flushed_from_the_kernel_are_back(lab) -> None:
    lab.bring(OLD)
    lab.shell("nft flush ruleset")
    assert reached(lab) == {7001, 7002, 7003, 7004}
    repaired = lab.bring(OLD)
    assert repaired["warnings"] == [
        "the kernel does not hold what firewalld believes it does, so firewalld is reloaded"
    ]
    assert reached(lab) == {7001, 7003}
    assert not lab.bring(OLD)["running"]


def test_panic_mode_and_wrong_files_are_named(lab) -> None:
    lab.command("--panic-on")
    try:
        assert "panic" in lab.bring(OLD, "check")["error"]
    finally:
        lab.command("--panic-off")
    lab.shell("echo '<policy target=\"NONSENSE\"/>' > /etc/firewalld/policies/wrong.xml")
    try:
        assert "mistake in its files" in lab.bring(OLD, "check")["error"]
    finally:
        lab.shell("rm /etc/firewalld/policies/wrong.xml")


def test_a_host_without_firewalld_or_a_message_bus_has_none_active() -> None:
    with FirewalldLab() as bare:
        bare.host(HOST, f"{HOST4}/24")
        assert "firewalld does not run" in bare.bring(OLD)["error"]
        bare.start_firewalld()
        assert bare.bring(OLD)["running"]
        bare.kill_firewalld()
        with contextlib.suppress(ProcessLookupError):
            os.kill(bare.firewalld.pid, signal.SIGKILL)
        assert "firewalld does not run" in bare.bring(NEW)["error"]
