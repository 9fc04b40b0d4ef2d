# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against a real ufw: what it changes, what it leaves alone, and what it says."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH, MODULES
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab

pytestmark = pytest.mark.managers

MANAGEMENT = rule("22", "10.9.0.0/24", flows=("portmatrix.management",))
POLICY = [
    MANAGEMENT,
    rule("7563,6000-7000", "10.9.0.2", "10.9.1.0/24", "2001:db8:9::/64", flows=("a.media", "a.audio")),
    rule("", "10.9.0.0/24", protocol="igmp", flows=("a.multicast",)),
    rule("443", "any", direction="out", flows=("a.updates",)),
]
BY_HAND = """
ufw allow 2222/tcp
ufw limit 2223/tcp comment 'mine'
ufw allow log 2224
ufw reject out 2225/udp
ufw deny in on eth0 from 192.0.2.0/24
ufw allow from 10.9.0.9 to any app OpenSSH
ufw route allow in on eth0 out on eth1 to 10.7.7.7
ufw allow in on eth0 to any port 2226 proto tcp
"""
APP = "mkdir -p /etc/ufw/applications.d; printf '[OpenSSH]\\ntitle=x\\ndescription=x\\nports=22/tcp\\n' > /etc/ufw/applications.d/ssh"
OTHERS = """
iptables -t nat -A POSTROUTING -j MASQUERADE
iptables -N DOCKER; iptables -I FORWARD -j DOCKER; iptables -A DOCKER -p tcp --dport 80 -j ACCEPT
iptables -N f2b-sshd; iptables -I INPUT -p tcp --dport 22 -j f2b-sshd
iptables -A f2b-sshd -s 192.0.2.1 -j REJECT; iptables -A f2b-sshd -j RETURN
nft 'add table inet mine; add chain inet mine input { type filter hook input priority 5; }; add rule inet mine input counter'
"""
DRIFT = {
    "a rule removed": "ufw delete allow proto tcp from 10.9.0.2 to any port 6000:7000,7563",
    "a rule removed from the kernel": "iptables -D ufw-user-input 2",
    "all rules removed from the kernel": "iptables -F ufw-user-input; iptables -F ufw-user-output",
    "all rules removed from the kernel, IPv6": "ip6tables -F ufw6-user-input",
    "a rule widened in the kernel": (
        "iptables -R ufw-user-input 2 -p tcp -m comment --comment 'portmatrix: a.audio, a.media' -j ACCEPT"
    ),
    "a rule added in our name": (
        "iptables -A ufw-user-input -p tcp --dport 9 -m comment --comment 'portmatrix: a.b' -j ACCEPT"
    ),
    "a rule added in our name with ufw": "ufw allow 9/tcp comment 'portmatrix: a.b'",
    "lines of the file edited": "sed -i 's/ --dport 22 -s 10.9.0.0.24 / --dport 22 /' /etc/ufw/user.rules",
    "the file brought back": "cp /run/before.rules /etc/ufw/user.rules",
}


@pytest.fixture(scope="module")
def lab():
    with UfwLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.shell(APP)
        lab.enable()
        lab.shell("cp /etc/ufw/user.rules /run/before.rules")
        lab.boot()
        yield lab


@pytest.fixture
def clean(lab):
    """The laboratory with a host that knows no policy and no rules made by hand."""
    yield lab
    lab.shell(
        "cp /usr/share/ufw/iptables/user*.rules /etc/ufw/; nft flush ruleset; rm -f /run/calls; /lib/ufw/ufw-init start"
    )
    lab.ufw("logging low")  # writes the files as they are after any other command


def everything(lab):
    """All files and rules of ufw, and of everyone else."""
    return (
        lab.shell("cat /etc/ufw/*.rules /etc/ufw/*.conf /etc/default/ufw; stat -c '%n %a %u %g' /etc/ufw/*"),
        lab.saved(4),
        lab.saved(6),
        lab.shell("iptables-save -t nat | grep ^-A || true; nft -s list table inet mine 2>/dev/null || true"),
    )


def foreign(lab):
    """Everything but the lines of ours."""
    files, *rest = everything(lab)
    files = re.sub(r"\n### tuple ### [^\n]* comment=706f72746d6174726978[^\n]*\n[^\n]*\n", "", files)
    kernel = "\n".join(rest)
    return files, "\n".join(line for line in kernel.splitlines() if "portmatrix" not in line)


def test_a_second_run_changes_nothing(clean):
    assert clean.apply(POLICY, egress="enforce")["changed"] is True
    stat = "stat -c '%n %i %y' /etc/ufw/* /run/ufw.lock"
    before, files = everything(clean), clean.shell(stat)
    result = clean.apply(POLICY, egress="enforce", _ansible_diff=True)
    assert (result["changed"], result["diff"]) == (False, [])
    assert result["flows"] == {"added": [], "removed": [], "changed": []}
    assert (everything(clean), clean.shell(stat)) == (before, files)


@pytest.mark.skipif(not shutil.which("strace"), reason="NOT TESTED: strace is not installed on this machine")
def test_a_second_run_opens_nothing_for_writing_and_restores_nothing(clean):
    clean.apply(POLICY)
    for check in ({}, {"_ansible_check_mode": True}):
        calls = traced(clean, POLICY, **check)
        assert "iptables-save" in calls and "ip6tables-save" in calls
        assert not re.search(r"execve\([^\n]*(-restore|/ufw\")[^\n]*= 0$", calls, re.MULTILINE)
        written = re.findall(r'open(?:at)?\([^\n]*?"([^"]+)"[^\n]*O_(?:WRONLY|RDWR|CREAT)[^\n]*= \d', calls)
        assert not [path for path in written if not path.startswith(("/dev/", "/proc/", "/tmp/"))]
    assert "-restore" in traced(clean, POLICY[:1])


def traced(lab, rules, **params):
    """Return the files opened and programs run by the module."""
    log = "/run/calls"
    lab.module(HOST, "ufw_policy", "strace", "-f", "-o", log, "-e", "trace=open,openat,execve", rules=rules, **params)
    return lab.shell(f"cat {log}")


def test_the_order_of_rules_and_peers_is_no_change(clean):
    clean.apply(POLICY)
    mixed = [{**item, "peers": item["peers"][::-1], "ports": item["ports"][::-1]} for item in reversed(POLICY)]
    assert clean.apply(mixed)["changed"] is False


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_rules_made_by_hand_and_other_peoples_are_as_before(clean, egress):
    clean.shell(BY_HAND)
    clean.shell(OTHERS)
    before, alone = everything(clean), foreign(clean)
    for rules in (POLICY, POLICY[:2], POLICY[1:]):
        assert clean.apply(rules, egress=egress)["changed"] is True
        assert foreign(clean)[0] == alone[0]
        assert foreign(clean)[1].splitlines() == alone[1].splitlines()
        assert clean.apply(rules, egress=egress)["changed"] is False
    assert clean.apply(state="absent")["changed"] is True
    assert everything(clean) == before
    assert clean.apply(state="absent")["changed"] is False


def test_ufw_takes_our_rules_for_its_own_and_writes_them_alike(clean):
    clean.shell(BY_HAND)
    clean.apply(POLICY, egress="enforce")
    files = [clean.file(family) for family in (4, 6)]
    running = [clean.running(family, way) for family in (4, 6) for way in ("in", "out")]
    shown = clean.ufw("status numbered")
    assert re.search(r"6000:7000,7563/tcp +ALLOW IN +10\.9\.1\.0/24 +# portmatrix: a\.audio, a\.media", shown)
    clean.ufw("allow 999/tcp")  # writes both files anew
    assert [clean.file(family) for family in (4, 6)] != files
    clean.ufw("delete allow 999/tcp")
    assert [clean.file(family) for family in (4, 6)] == files
    clean.ufw("reload")
    assert [clean.running(family, way) for family in (4, 6) for way in ("in", "out")] == running
    assert clean.apply(POLICY, egress="enforce")["changed"] is False
    clean.boot()
    assert [clean.running(family, way) for family in (4, 6) for way in ("in", "out")] == running
    assert clean.apply(POLICY, egress="enforce")["changed"] is False
    number = re.search(r"\[ *(\d+)\] 22/tcp +ALLOW IN +10\.9\.0\.0/24", clean.ufw("status numbered")).group(1)
    clean.ufw(f"--force delete {number}")
    assert clean.apply(POLICY, egress="enforce")["changed"] is True
    assert clean.apply(state="absent")["changed"] is True
    clean.apply(POLICY, egress="enforce")
    assert [clean.file(family) for family in (4, 6)] == files


@pytest.mark.parametrize("change", DRIFT)
def test_what_was_done_by_hand_to_our_rules_is_undone(clean, change):
    clean.apply(POLICY, egress="enforce")
    good = sorted(clean.running() + clean.running(6)), tally(clean)
    clean.shell(DRIFT[change])
    assert clean.apply(POLICY, egress="enforce", _ansible_check_mode=True)["changed"] is True
    assert clean.apply(POLICY, egress="enforce")["changed"] is True
    assert (sorted(clean.running() + clean.running(6)), tally(clean)) == good
    assert clean.apply(POLICY, egress="enforce")["changed"] is False


def tally(lab):
    """The rules of both files, in any order."""
    return sorted("".join(lab.file(family) for family in (4, 6)).split("\n\n"))


def test_what_was_added_by_hand_to_the_kernel_is_kept(clean):
    clean.apply(POLICY)
    for change in ("-I ufw-user-input 1", "-I ufw-user-input 3", "-A ufw-user-output"):
        clean.shell(f"iptables {change} -s 192.0.2.7 -m length --length 77 -j DROP")
    by_hand = [line for way in ("in", "out") for line in clean.running(4, way) if "192.0.2.7" in line]
    assert clean.apply(POLICY)["changed"] is False
    clean.apply(POLICY[:1], egress="enforce")
    clean.apply(state="absent")
    assert [line for way in ("in", "out") for line in clean.running(4, way)] == by_hand and len(by_hand) == 3


def test_counters_go_on_counting_across_a_change(clean):
    clean.ufw("allow from 10.9.0.77")
    clean.apply(POLICY)
    clean.shell("iptables -R ufw-user-input 1 -s 10.9.0.77 -j ACCEPT -c 12 345")
    clean.apply(POLICY[:2])
    assert "[12:345] -A ufw-user-input -s 10.9.0.77/32 -j ACCEPT" in clean.shell("iptables-save -c")


def test_a_rule_that_was_made_by_hand_already_is_not_made_again(clean):
    clean.ufw("allow proto tcp from 10.9.0.0/24 to any port 22")
    before = clean.file(), clean.running()
    assert clean.apply([MANAGEMENT])["changed"] is False
    assert (clean.file(), clean.running()) == before
    clean.shell("iptables -F ufw-user-input")
    assert clean.apply([MANAGEMENT])["changed"] is True
    assert clean.running() == before[1]
    clean.apply(state="absent")
    assert (clean.file(), clean.running()) == (before[0], [])
    clean.ufw("delete allow proto tcp from 10.9.0.0/24 to any port 22")
    assert clean.apply([MANAGEMENT])["changed"] is True


def test_a_rule_of_ours_that_a_person_takes_over_is_theirs(clean):
    clean.apply([MANAGEMENT])
    clean.ufw("allow proto tcp from 10.9.0.0/24 to any port 22 comment mine")
    assert clean.apply([MANAGEMENT])["changed"] is False
    clean.apply(state="absent")
    assert len(clean.running()) == 1


def test_a_rule_of_ours_that_a_person_limits_is_theirs_whatever_they_call_it(clean):
    clean.apply([MANAGEMENT])
    clean.ufw("limit proto tcp from 10.9.0.0/24 to any port 22 comment 'portmatrix: mine'")
    limited = clean.running()
    assert clean.apply([MANAGEMENT])["changed"] is True
    assert clean.apply([MANAGEMENT])["changed"] is False
    clean.apply(state="absent")
    assert clean.running() == limited and len(limited) == 3


def test_a_rule_by_hand_that_stands_against_the_policy_is_named(clean):
    clean.ufw("reject proto tcp from 10.9.0.0/24 to any port 22")
    (warning,) = clean.apply([MANAGEMENT])["warnings"]
    sentence = "a rule made by hand stands against this policy: reject in proto tcp from 10.9.0.0/24 to any port 22"
    assert sentence in str(warning)


def test_check_mode_says_what_apply_does_and_changes_nothing(clean):
    for params in ({"rules": POLICY}, {"rules": POLICY[:2], "egress": "enforce"}, {"state": "absent"}):
        before = everything(clean)
        said = clean.apply(_ansible_check_mode=True, _ansible_diff=True, **params)
        assert everything(clean) == before
        done = clean.apply(_ansible_diff=True, **params)
        assert (said["changed"], said["diff"], said["flows"]) == (True, done["diff"], done["flows"])


def test_the_difference_is_told_by_rule_and_by_flow(clean):
    clean.apply(POLICY[:2])
    changed = [MANAGEMENT, rule("7563", "10.9.0.2", flows=("a.media",)), rule("8080", "any", flows=("a.web",))]
    result = clean.apply(changed, _ansible_diff=True)
    assert result["flows"] == {"added": ["a.web"], "removed": ["a.audio"], "changed": ["a.media"]}
    four, six = result["diff"]
    assert four["before_header"] == "ufw, IPv4, running rules and /etc/ufw/user.rules"
    assert "allow in proto tcp from 10.9.0.2 to any port 7563 comment 'portmatrix: a.media'\n" in four["after"]
    assert "allow in proto tcp from any to any port 8080 comment 'portmatrix: a.web'\n" in six["after"]
    assert "2001:db8:9::/64" in six["before"] and "2001:db8:9::/64" not in six["after"]


def test_after_a_boot_the_flows_are_known_from_the_files(clean):
    clean.apply(POLICY)
    clean.boot()
    result = clean.apply(POLICY[:1])
    assert result["flows"] == {"added": [], "removed": ["a.audio", "a.media", "a.multicast"], "changed": []}


def test_persist_false_changes_the_running_rules_only(clean):
    files = [clean.file(family) for family in (4, 6)]
    assert clean.apply(POLICY, persist=False)["changed"] is True
    assert clean.apply(POLICY, persist=False)["changed"] is False
    assert [clean.file(family) for family in (4, 6)] == files
    assert "6000:7000,7563" in str(clean.running())
    clean.apply(POLICY[:1], persist=False)
    assert "6000:7000,7563" not in str(clean.running())
    result = clean.apply(POLICY[:1], _ansible_diff=True)
    assert [part["before_header"] for part in result["diff"]] == ["ufw, IPv4, /etc/ufw/user.rules"]
    clean.apply(POLICY, persist=False)
    clean.ufw("reload")
    assert len(clean.running()) == 1
    clean.apply(state="absent", persist=False)
    assert clean.running() == []
    clean.apply(state="absent")
    assert [clean.file(family) for family in (4, 6)] == files


def test_wrong_rules_and_the_connection_in_use_are_refused_as_everywhere(clean):
    before = everything(clean)
    assert "rules[0].peers" in clean.apply([rule("22")])["msg"]
    client = {"SSH_CONNECTION": "10.9.5.5 40000 10.9.0.1 22"}
    os.environ.update(client)
    try:
        assert "portmatrix_management_sources" in clean.apply(POLICY)["msg"]
    finally:
        del os.environ["SSH_CONNECTION"]
    assert everything(clean) == before


def test_many_rules_are_one_transaction(clean):
    rules = [
        rule(str(5000 + 2 * number), f"10.1.{number}.0/24", f"2001:db8:{number:x}::/64", flows=(f"a.flow{number}",))
        for number in range(100)
    ]
    assert clean.apply(rules)["changed"] is True
    assert len(clean.running()) == len(clean.running(6)) == 100
    files = [clean.file(family) for family in (4, 6)]
    clean.ufw("allow 999/tcp")
    clean.ufw("delete allow 999/tcp")
    assert [clean.file(family) for family in (4, 6)] == files


def test_the_page_says_what_happens(clean):
    page = (Path(__file__).parents[4] / "docs" / "ufw.md").read_text(encoding="utf-8")
    example = {
        name: re.search(rf"<!-- ufw: {name} -->\n```\w+\n(.*?)```", page, re.DOTALL).group(1)
        for name in ("task", "status")
    }
    clean.ufw("allow 8080/tcp")
    (task,) = yaml.safe_load(example["task"])
    assert clean.apply(**task["vidnet.portmatrix.ufw_policy"])["changed"] is True
    shown = [line.rstrip() for line in clean.ufw("status numbered").splitlines()]
    assert "\n".join(shown).strip() == example["status"].strip()


def test_the_class_needs_no_ansible():
    source = Path(COLLECTIONS_PATH, *MODULES.split(".")[:-1], "module_utils")
    for path in source.glob("ufw_*.py"):
        assert not re.search(r"^\s*(from|import) ansible[. ]", path.read_text(encoding="utf-8"), re.MULTILINE), path
    assert sys.version_info >= (3, 8)
