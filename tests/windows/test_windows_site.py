# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of Windows hosts through ansible-playbook and the role, against stand-ins: no Windows host has been seen."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import profile, rule
from tests.support.recorded_site import CLIENT, SERVER, WindowsSite

STRANGER = "10.0.0.77"
BROAD = "Milestone XProtect Recording Server"
PROGRAM = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"
BY_POLICY = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5986|Name=WinRM of the domain|"
WINDOW = 3


def broad(name: str = BROAD, **fields: Any) -> dict[str, Any]:
    """Return an installer's rule: everything for its program, from anywhere."""
    return rule(name, program=PROGRAM, protocol=6, **fields)


def with_broad(*more: dict[str, Any]) -> dict[str, Any]:
    return {
        "rules": [
            rule("WinRM over HTTPS", protocol=6, local_ports="5986"),
            rule("Backup agent", program=r"C:\Backup\agent.exe", protocol=6, local_ports="9101"),
            rule("Remote Desktop", group="@FirewallAPI.dll,-28752", protocol=6, local_ports="3389"),
            broad(),
            *more,
        ]
    }


def pending() -> dict[str, Any]:
    """Return a change of somebody else that waits, and is confirmed while somebody reads for the second time."""
    over = time.time() + 600
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(over))
    lock = {"transaction": "f" * 16, "by": "ann on desk", "until": until, "over": over}
    return {"lock": lock, "faults": {"settles_after": 2}}


def firewall(host: WindowsHost) -> tuple[Any, Any, str]:
    """Return all that a change changes."""
    data = host.data()
    return sorted(data["rules"], key=str), data["profiles"], data["note"]


FLOWS = ["milestone.recording.management_api", "milestone.recording.media", "portmatrix.management"]
PLAIN = {"portmatrix_confirm_timeout": 60}
PROFILES = ("domain", "private", "public")
ONE_OFF = {name: profile(enabled=name != "private", default_inbound=int(name == "public")) for name in PROFILES}
ALL_OFF = {name: profile(enabled=False) for name in PROFILES}
ANSWERING = [[SERVER, port] for port in range(80, 10000)]
CHANGED = (
    "plain",
    "foreign",
    "reporting",
    "leaving",
    "open",
    "open_reporting",
    "audited",
    "probing",
    "at_once",
    "by_ssh",
    "waiting",
)
REFUSED = ("locked_out", "off", "by_policy", "taken_over", "wrong_backend", "wrong_foreign")
TAKEN_BACK = ("cut_off", "lost", "failing", "ignoring", "silent")


class Story:
    """What a number of hosts went through: looked at, applied to, applied to again, changed, and given back."""

    def __init__(self, directory: Path) -> None:
        self.site = site = WindowsSite(directory)
        host = site.host
        host("plain", PLAIN)
        host("foreign", PLAIN, **with_broad())
        host("reporting", {**PLAIN, "portmatrix_windows_foreign": "report"}, **with_broad())
        host("leaving", {**PLAIN, "portmatrix_windows_foreign": [BROAD]}, **with_broad(broad("Another")))
        host("open", PLAIN, profiles=ONE_OFF)
        host("open_reporting", {**PLAIN, "portmatrix_windows_profiles": "report"}, profiles=ONE_OFF)
        host("audited", {**PLAIN, "portmatrix_mode": "audit"}, **with_broad())
        host("probing", PLAIN, answering=ANSWERING)
        host("at_once", {"portmatrix_confirm_timeout": 0})
        ssh = {"connections": [], "ssh_connection": "10.0.0.250 50000 10.0.0.1 22"}
        host("by_ssh", {**PLAIN, "ansible_port": 22}, rules=[rule("sshd", protocol=6, local_ports="22")], **ssh)
        host("waiting", PLAIN)

        host("locked_out", {"portmatrix_management_sources": ["10.9.9.0/24"]}, rules=[], profiles=ALL_OFF)
        host("off", service="Stopped")
        host(
            "by_policy",
            group_policy={"rules": {"{1}": BY_POLICY}, "values": {"PrivateProfile": {"AllowLocalPolicyMerge": 0}}},
        )
        host("taken_over", products=[{"name": "Other Firewall", "categories": [2]}])
        host("wrong_backend", {"portmatrix_backend": "nftables"})
        host("wrong_foreign", {"portmatrix_windows_foreign": "remove"})

        host("cut_off", faults={"cut_off": True})
        host("lost", faults={"cut_off": True, "cut_established": True})
        host("failing", faults={"fail_at": "add"}, **with_broad())
        host("ignoring", faults={"ignores": "disable"}, **with_broad())
        host("silent", answering=ANSWERING, faults={"silent_after": True})
        site.write(portmatrix_confirm_timeout=WINDOW)
        self.fresh = self.firewalls()
        self.planned = site.apply("--check", "--diff")
        self.looked_at = self.firewalls()
        with site.hosts["waiting"].change() as data:
            data.update(pending())
        self.first, self.first_counts = self.counted()
        self.applied = self.firewalls()
        self.refused = {name: self.first[name]["msg"] for name in (*REFUSED, *TAKEN_BACK) if name in self.first}
        for name in (*REFUSED, *TAKEN_BACK):
            site.variables.pop(name, None)
        site.write()
        self.second, self.second_counts = self.counted()
        self.again = self.firewalls()
        self._disturb()
        self.third, self.third_counts = self.counted()
        self.repaired = self.firewalls()
        self.absent = site.apply("-e", "portmatrix_state=absent")
        self.given_back = self.firewalls()

    def _disturb(self) -> None:
        """A parameter changes, people change things on a host, another comes under audit."""
        self.site.variables["plain"]["portmatrix_parameters"] = {"milestone_media_port": 7600}
        self.site.variables["leaving"]["portmatrix_mode"] = "audit"
        self.site.write()
        with self.site.hosts["foreign"].change() as data:
            for row in data["rules"]:
                row["enabled"] = row["enabled"] or row["name"] == BROAD
            data["rules"] = [row for row in data["rules"] if "milestone.recording.media" not in row["name"]]
        with self.site.hosts["open"].change() as data:
            data["profiles"]["private"]["enabled"] = False

    def counted(self) -> tuple[dict[str, Any], dict[str, tuple[list[str], int]]]:
        """Apply; return the results, and of each host the operations and the number of connections."""
        for host in self.site.hosts.values():
            with host.change() as data:
                data.update(done=[], connected=0)
        results = self.site.apply()
        counts = {name: host.data() for name, host in self.site.hosts.items()}
        return results, {name: (data["done"], data["connected"]) for name, data in counts.items()}

    def firewalls(self) -> dict[str, Any]:
        return {name: firewall(host) for name, host in self.site.hosts.items()}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("windows"))


def test_a_plan_says_what_would_change_and_touches_nothing(story: Story) -> None:
    assert story.looked_at == story.fresh
    planned = story.planned["foreign"]
    assert planned["changed"] and "confirmed" not in planned
    assert planned["flows"]["added"] == FLOWS
    assert any(BROAD in each["before"] for each in planned["diff"])
    assert {(row["rule"], row["disposition"]) for row in planned["foreign"]} == {(BROAD, "disabled")}
    assert "cut off this very connection" in story.planned["locked_out"]["msg"]


@pytest.mark.parametrize("name", CHANGED)
def test_a_first_run_is_confirmed_over_a_second_connection(story: Story, name: str) -> None:
    result = story.first[name]
    assert (result["changed"], result["backend"], result.get("failed")) == (True, "windows", False)
    assert result.get("confirmed") == (None if name == "at_once" else True)
    expected = (["read", "apply"], 1) if name == "at_once" else (["read", "apply", "confirm"], 2)
    if name != "waiting":
        assert story.first_counts[name] == expected
    data = story.site.hosts[name].data()
    assert not (data["lock"] or data["tasks"] or data["snapshots"] or data["notes"])


@pytest.mark.parametrize("name", CHANGED)
def test_a_second_run_is_one_execution_and_changes_nothing(story: Story, name: str) -> None:
    assert (story.second[name]["changed"], story.second[name]["drift"]) == (False, [])
    assert story.second_counts[name] == (["read"], 1)
    assert story.again[name] == story.applied[name]


def test_only_who_is_declared_gets_in(story: Story) -> None:
    host = WindowsHost.made(story.site.directory / "look.json")
    for name, expected in (
        ("plain", False),
        ("foreign", False),
        ("open", False),
        ("reporting", True),
        ("leaving", True),
    ):
        with host.change() as data:
            data["rules"], data["profiles"], _note = story.applied[name]
        assert host.lets_in(CLIENT, 7563)
        assert listens(host, 7563) == expected, name


def listens(host: WindowsHost, port: int) -> bool:
    """Tell whether a stranger reaches the recording server's program, which is what the installer's rule is for."""
    with host.change() as data:
        data["rules"] = [
            {**row, "program": "" if row["program"] == PROGRAM else row["program"]} for row in data["rules"]
        ]
    return host.lets_in(STRANGER, port)


def enabled(rules: Any) -> dict[str, bool]:
    return {row["name"]: row["enabled"] for row in rules if row["group"] != "vidnet.portmatrix"}


def test_rules_of_others_are_disabled_reported_or_left(story: Story) -> None:
    others = {"WinRM over HTTPS": True, "Backup agent": True, "Remote Desktop": True}
    assert enabled(story.applied["foreign"][0]) == {**others, BROAD: False}
    assert enabled(story.applied["reporting"][0]) == {**others, BROAD: True}
    assert enabled(story.applied["leaving"][0]) == {**others, BROAD: True, "Another": False}
    assert enabled(story.applied["audited"][0]) == {**others, BROAD: True}
    dispositions = {
        name: {(row["rule"], row["disposition"]) for row in story.first[name]["foreign"]}
        for name in ("foreign", "reporting", "leaving", "audited")
    }
    assert dispositions == {
        "foreign": {(BROAD, "disabled")},
        "reporting": {(BROAD, "reported")},
        "leaving": {(BROAD, "left"), ("Another", "disabled")},
        "audited": {(BROAD, "reported")},
    }


def test_profiles_are_enforced_or_reported_and_logged_in_audit_mode(story: Story) -> None:
    now = {name: story.applied[name][1] for name in ("open", "open_reporting", "audited")}
    assert all(each["enabled"] and each["default_inbound"] == 0 for each in now["open"].values())
    assert now["open_reporting"] == ONE_OFF
    assert any("private profile is off" in warning for warning in story.first["open_reporting"]["warnings"])
    assert all(each["log_dropped"] and each["log_allowed"] for each in now["audited"].values())


def test_drift_is_found_said_and_repaired(story: Story) -> None:
    drift = story.third["foreign"]["drift"]
    assert any(BROAD in sentence and "enabled" in sentence for sentence in drift)
    assert any("milestone.recording.media" in sentence and "removed" in sentence for sentence in drift)
    assert story.repaired["foreign"] == story.again["foreign"]
    assert any("private profile" in sentence for sentence in story.third["open"]["drift"])
    assert story.repaired["open"] == story.again["open"]


def test_a_parameter_changes_its_flow_only(story: Story) -> None:
    assert story.third["plain"]["flows"] == {"added": [], "removed": [], "changed": ["milestone.recording.media"]}
    assert story.third_counts["plain"] == (["read", "apply", "confirm"], 2)
    ports = {row["local_ports"] for row in story.repaired["plain"][0] if row["group"] == "vidnet.portmatrix"}
    assert ports == {"5986", "7600", "9001"}


def test_audit_gives_back_what_enforcing_disabled(story: Story) -> None:
    assert enabled(story.repaired["leaving"][0])["Another"] is True
    assert all(each["log_dropped"] for each in story.repaired["leaving"][1].values())


@pytest.mark.parametrize("name", CHANGED)
def test_absent_leaves_a_host_as_it_was(story: Story, name: str) -> None:
    assert story.absent[name]["changed"] and not story.absent[name].get("failed")
    assert story.given_back[name] == story.fresh[name]


REASONS = {
    "locked_out": "locked_out: this policy would cut off this very connection: .* from 10.0.0.250 .* nothing was changed",
    "off": "off: .*MpsSvc.* is Stopped",
    "by_policy": "by_policy: .*AllowLocalPolicyMerge.*docs/windows.md",
    "taken_over": "taken_over: .*Other Firewall",
    "wrong_backend": r"wrong_backend: backend \(portmatrix_backend\) is 'nftables', .*; allowed: auto, windows$",
    "wrong_foreign": r"wrong_foreign: foreign \(portmatrix_windows_foreign\) is 'remove'; allowed: disable, report, or a list",
    "cut_off": "cut_off: no new connection could be made after the change .*; the host has brought its former policy back$",
    "lost": "lost: the connection was lost while the rules were changed .*; the host has its former policy$",
    "failing": "failing: .*E_INVALIDARG.*; the former policy is back$",
    "ignoring": "ignoring: the host does not hold what it was told to: .*is still enabled; the former policy is back$",
    "silent": "silent: what answered this host before does not any more: 10.0.9.10 port .*; the former policy is back$",
}


@pytest.mark.parametrize("name", REASONS)
def test_what_fails_says_why_and_leaves_the_host_as_it_was(story: Story, name: str) -> None:
    assert re.search(REASONS[name], story.refused[name]), story.refused[name]
    assert (story.first[name]["failed"], story.first[name]["changed"]) == (True, False)
    assert story.applied[name] == story.fresh[name]
    data = story.site.hosts[name].data()
    assert not (data["lock"] or data["tasks"] or data["snapshots"] or data["notes"])


def test_what_is_refused_is_refused_before_anything_is_sent(story: Story) -> None:
    for name in ("locked_out", "off", "by_policy", "taken_over"):
        assert story.first_counts[name][0] == ["read"], name


def test_another_run_waits_for_a_change_that_is_not_confirmed(story: Story) -> None:
    operations, _connections = story.first_counts["waiting"]
    assert operations == ["read", "read", "read", "apply", "confirm"]


def test_a_dead_controller_and_a_reboot_bring_the_former_policy_back(tmp_path: Path) -> None:
    site = WindowsSite(tmp_path)
    for name in ("timed", "rebooted"):
        site.host(name, faults={"kill_controller": "apply"}, **with_broad())
    site.write(portmatrix_confirm_timeout=600)
    for name, host in site.hosts.items():
        former = firewall(host)
        site.killed(name)
        assert host.own() and not host.rule(BROAD)["enabled"]
        if name == "timed":
            host.advance(599)
            assert host.own()
            host.advance(2)
        else:
            host.reboot()
        assert firewall(host) == former
        assert host.data()["lock"] is None


def test_former_policies_are_not_kept(tmp_path: Path) -> None:
    site = WindowsSite(tmp_path)
    site.host("one")
    site.write()
    for arguments in ((), ("-e", "portmatrix_policy=previous")):
        done = site.play("vidnet.portmatrix.rollback", "--limit", "one", *arguments)
        assert done.returncode == 2
        assert "one: former policies are not kept on Windows hosts" in done.stdout
    assert site.hosts["one"].data()["done"] == []
