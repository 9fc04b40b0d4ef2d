# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof and the audit of Windows hosts through ansible-playbook, against stand-ins: no Windows host has been seen."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.windows_log_module import HEAD, file_of, line
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import rule
from tests.support.ansible_runs import SCRIPTS, hostvars, run
from tests.support.recorded_site import CLIENT, SERVER, WindowsSite

INSTALLER = "Milestone XProtect Recording Server"
WINRM = rule("WinRM over HTTPS", group="@FirewallAPI.dll,-30267", protocol=6, local_ports="5986")
WIDE = rule(INSTALLER, protocol=6, local_ports="7563")
VARIABLES = {"portmatrix_undeclared_sample": 2, "portmatrix_confirm_timeout": 60}
STRANGER = "10.0.0.99"


def within(addresses: list[str], site: WindowsSite, *arguments: str) -> CompletedProcess[str]:
    """Run a playbook where responders have the hosts' addresses to listen on: in a network namespace, all of them on its loopback."""
    commands = ["ip link set lo up", *(f"ip address add {address}/32 dev lo" for address in addresses)]
    play = shlex.join([str(SCRIPTS / "ansible-playbook"), "-i", "inventory", *arguments])
    namespace = ("unshare", "--user", "--map-root-user", "--net")
    return run(
        "sh", "-ec", "\n".join([*commands, f"exec {play}"]), prefix=namespace, cwd=site.directory, **site.environment
    )


class Proven:
    """Hosts with their policy, what somebody has done to them since, and the proof."""

    def __init__(self, directory: Path) -> None:
        self.site = site = WindowsSite(directory)
        for name in ("tidy", "loose", "shut", "doubtful", "off"):
            site.host(name, rules=[WINRM, WIDE], wired=True)
        site.host("audited", {"portmatrix_mode": "audit"}, rules=[WINRM, WIDE], wired=True)
        site.host("gone", {"portmatrix_state": "absent"}, rules=[WINRM, WIDE], wired=True)
        for place, host in enumerate(site.hosts.values(), 1):
            with host.change() as data:
                data["addresses"] = [f"10.0.0.{place}"]
        site.write(**VARIABLES)
        applied = site.apply()
        assert not [name for name, result in applied.items() if result.get("failed")], applied
        self.before = self.proof("before", 0)
        self._disturb()
        self.after = self.proof("after", 2)

    def _disturb(self) -> None:
        hosts = self.site.hosts
        with hosts["loose"].change() as data:
            for row in data["rules"]:
                row["enabled"] = True
        with hosts["shut"].change() as data:
            data["rules"] = [row for row in data["rules"] if "milestone.recording.media" not in row["name"]]
        with hosts["doubtful"].change() as data:
            near = rule("Near", protocol=6, local_ports="7563", remote_addresses="LocalSubnet")
            data["rules"] += [near, rule("Backup agent", protocol=6, local_ports="10000")]
        with hosts["off"].change() as data:
            data["profiles"]["public"]["enabled"] = False
        with hosts["audited"].change() as data:
            data["rules"] = [row for row in data["rules"] if "milestone.recording.media" not in row["name"]]
            data["rules"] = [row for row in data["rules"] if row["name"] != INSTALLER]

    def proof(self, name: str, code: int) -> dict[str, Any]:
        directory = self.site.directory / name
        addresses = [address for host in self.site.hosts.values() for address in host.data()["addresses"]]
        self.done = within(
            addresses,
            self.site,
            "vidnet.portmatrix.verify",
            *("-e", f"portmatrix_report_dir={directory}", "-e", "portmatrix_hosts=milestone_recording_server"),
        )
        assert self.done.returncode == code, self.done.stdout + self.done.stderr
        found: dict[str, Any] = json.loads((directory / "proof.json").read_text(encoding="utf-8"))
        return found

    def rows(self, host: str) -> list[tuple[str, str, list[str], str]]:
        return [
            (row["kind"], row["family"], row["ports"], row["rule"])
            for row in self.after["readback"]
            if row["host"] == host
        ]


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Proven:
    return Proven(tmp_path_factory.mktemp("proof"))


def test_hosts_that_have_their_policy_are_proven(proven: Proven) -> None:
    hosts = {host["name"]: (host["state"], host["backend"], host["read_back"]) for host in proven.before["hosts"]}
    assert hosts == {
        **dict.fromkeys(("tidy", "loose", "shut", "doubtful", "off"), ("proven", "windows", True)),
        "audited": ("audit", "windows", True),
        "gone": ("absent", "", False),
    }
    assert proven.before["readback"] == [] and proven.before["summary"]["differences"] == 0


def test_what_somebody_did_is_found_with_the_rule(proven: Proven) -> None:
    assert proven.rows("tidy") == []
    wide = f"the rule '{INSTALLER}'"
    assert proven.rows("loose") == [("open", family, ["7563"], wide) for family in ("ipv4", "ipv6")]
    assert proven.rows("shut") == [("shut", "ipv4", ["7563"], "no rule lets it in")]
    near = "the rule 'Near', for LocalSubnet"
    assert proven.rows("doubtful") == [("unknown", family, ["7563"], near) for family in ("ipv4", "ipv6")]
    assert {(kind, why) for kind, _family, _ports, why in proven.rows("off")} == {("open", "the firewall is off")}
    assert "while the public profile is current" in proven.done.stdout
    assert proven.rows("audited") == [("shut", "ipv4", ["7563"], "no rule lets it in")]
    assert proven.rows("gone") == []


def test_packets_find_the_same_and_the_rule_is_named(proven: Proven) -> None:
    wrong = [row for row in proven.after["results"] if not row["ok"]]
    assert {(row["to"], tuple(row["ports"]), row["expected"], row["observed"]) for row in wrong} == {
        ("loose", ("7563",), "shut", "open")
    }
    assert {(row["where"]["place"], row["where"]["host"], row["where"]["rule"]) for row in wrong} == {
        ("listener", "loose", f"the rule '{INSTALLER}'")
    }
    asked = {port for row in proven.after["results"] for port in row["ports"]}
    assert {"7563", "443"} <= asked and not {"22", "3389", "5985"} & asked


def test_nothing_was_changed_and_each_host_was_read_once(proven: Proven) -> None:
    assert proven.site.hosts["tidy"].data()["done"][-2:] == ["read", "read"]
    assert re.search(r"tidy +: ok=\d+ +changed=0", proven.done.stdout)


def test_a_host_that_is_not_managed_is_not_asked_where_a_difference_is(tmp_path: Path) -> None:
    """Nobody can log in there, as on a camera: that ends nothing, and the others' rules do."""
    site = WindowsSite(tmp_path)
    site.host("rs1", rules=[WINRM], wired=True)
    site.write(**VARIABLES)
    report = ("-e", f"portmatrix_report_dir={tmp_path / 'report'}")
    done = within(["10.0.0.1"], site, "vidnet.portmatrix.site", *report)
    assert done.returncode == 2 and "must be open, was unreachable" in done.stdout, done.stdout + done.stderr
    assert len(re.findall("unreachable=0", done.stdout)) == 3 and "unreachable=1" not in done.stdout
    found = json.loads((tmp_path / "report" / "proof.json").read_text(encoding="utf-8"))
    wrong = [row for row in found["results"] if not row["ok"]]
    assert {row["to"] for row in wrong} == {"ms1", "sc1"}
    assert {row["where"]["place"] for row in wrong} == {"way"}
    assert found["readback"] == []


class Audited:
    """Two recording servers in audit mode, and what they have logged."""

    def __init__(self, directory: Path) -> None:
        self.site = site = WindowsSite(directory)
        for number, name in enumerate(("rs1", "rs2"), 1):
            site.host(name, {"portmatrix_mode": "audit"}, rules=[WINRM, WIDE], addresses=[f"10.0.0.{number}"])
        site.write(**VARIABLES)
        assert all(result["confirmed"] for name, result in site.apply().items() if name in site.hosts)
        for number, host in enumerate(site.hosts.values(), 1):
            address = f"10.0.0.{number}"
            lines = [
                *(line(CLIENT, address, 7563, number=port) for port in (50000, 50001)),
                line(SERVER, address, 9182),
                line(SERVER, address, 9182, action="DROP"),
                line(STRANGER, address, 3389),
                line(STRANGER, address, 7563),
                line(address, SERVER, 443, path="SEND"),
            ]
            file_of(host).write_text(HEAD + "".join(lines), encoding="utf-8")
        self.audit = directory / "audit"
        self.done = site.play("vidnet.portmatrix.audit", "-e", f"portmatrix_audit_dest={self.audit}")

    def report(self) -> str:
        assert self.done.returncode == 0, self.done.stdout + self.done.stderr
        return self.done.stdout


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    return Audited(tmp_path_factory.mktemp("audit"))


def test_what_was_logged_and_is_not_declared(audited: Audited) -> None:
    shown = audited.report()
    for text in (
        "1 seen but not declared, 1 unknown peer",
        "ms1 -> rs1, ms1 -> rs2: tcp 9182, 4 packets",
        f"{STRANGER} -> rs1: tcp 7563, 1 packet",
        "perhaps milestone_smart_client",
        "rs1: milestone.recording.management_api, portmatrix.management",
        "warning: Windows logs a connection once",
    ):
        assert text in shown, shown
    assert "3389" not in shown
    assert re.search(r"rs1 +: ok=\d+ +changed=0", shown)


def test_the_flows_are_ready_to_paste(audited: Audited) -> None:
    audited.report()
    directory = audited.site.directory / "inventory" / "group_vars" / "all"
    directory.mkdir(parents=True)
    shutil.copy(audited.audit / "portmatrix_flows_audit.yml", directory)
    rules = hostvars(audited.site.directory / "inventory")["rs1"]["portmatrix_rules"]
    assert [each["peers"] for each in rules if each["ports"] == ["9182"]] == [[f"{SERVER}/32"]]
    again: CompletedProcess[str] = audited.site.play("vidnet.portmatrix.audit")
    assert "0 seen but not declared, 1 unknown peer" in again.stdout, again.stdout + again.stderr


def test_a_host_whose_firewall_is_off_is_no_success(audited: Audited) -> None:
    audited.report()
    with audited.site.hosts["rs2"].change() as data:
        data["service"] = "Stopped"
    done = audited.site.play("vidnet.portmatrix.audit")
    with audited.site.hosts["rs2"].change() as data:
        data["service"] = "Running"
    assert done.returncode == 2 and "the service MpsSvc (Windows Defender Firewall) is Stopped" in done.stdout
    assert "rs1: milestone.recording.management_api" in done.stdout


def test_a_host_without_a_policy_is_named(tmp_path: Path) -> None:
    site = WindowsSite(tmp_path)
    site.host("rs1")
    site.write(**VARIABLES)
    done = site.play("vidnet.portmatrix.audit")
    assert done.returncode == 2
    assert "there is no rule of this collection on this host" in done.stdout
