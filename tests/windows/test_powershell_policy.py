# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""win_firewall_policy and its siblings, run by Ansible under a real PowerShell with stand-ins for Windows; no Windows host was asked."""

from __future__ import annotations

import datetime
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import windows_store
from tests.support.powershell_host import PowerShellHost, missing

ONE, TWO = "0123456789abcdef", "fedcba9876543210"
RECORDER = r"C:\Program Files\Milestone\XProtect Recording Server\VideoOS.Recorder.Service.exe"
BROAD = windows_store.rule("Milestone XProtect Recording Server", program=RECORDER, interfaces=["Ethernet"])
RULES = [
    BROAD,
    windows_store.rule("Same name", protocol=6, local_ports="80"),
    windows_store.rule("Same name", protocol=17, local_ports="80"),
    windows_store.rule(
        "SAME NAME", protocol=6, local_ports="80", direction=2, remote_users="O:LSD:(A;;CC;;;S-1-5-32-544)"
    ),
]
SELECTOR = {
    "name": BROAD["name"],
    "program": RECORDER,
    "service": "",
    "protocol": 256,
    "local_ports": "",
    "direction": 1,
}
MEDIA = {
    "name": "portmatrix media",
    "description": "milestone.recording.media",
    "group": "vidnet.portmatrix",
    "direction": 1,
    "protocol": 6,
    "local_ports": "7563,9001",
    "remote_ports": "",
    "local_addresses": "*",
    "remote_addresses": "10.0.0.5,10.1.0.0/16,2001:db8::/64",
    "profiles": 0x7FFFFFFF,
    "action": 1,
    "enabled": True,
}
IGMP = {**MEDIA, "name": "portmatrix igmp", "protocol": 2, "local_ports": "", "remote_addresses": "*"}
BAD = {**MEDIA, "name": "portmatrix bad", "local_ports": "70000"}
APPLY = {"operation": "apply", "transaction": ONE, "by": "admin on controller", "timeout": 90}
CONFIRM = {"operation": "confirm", "transaction": ONE}
ROLLBACK = {"operation": "rollback", "transaction": ONE}
READ: dict[str, Any] = {"operation": "read"}
TASK = f"portmatrix rollback {ONE}"
CHANGE = {**APPLY, "add": [MEDIA, IGMP], "disable": [SELECTOR], "remove_after": ["Same name"], "note": '{"version": 1}'}

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def host(tmp_path: Path) -> PowerShellHost:
    return PowerShellHost(tmp_path, RULES, windows_store.profile(log_file="", log_size=0))


def test_the_state_is_all_there_is(host: PowerShellHost) -> None:
    policies = "HKLM:\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
    settings = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
    logging = {"LogDroppedPackets": 1, "LogFilePath": "C:\\fw.log", "LogFileSize": 16384}
    host.write(
        "registry.json",
        {
            f"{policies}\\FirewallRules": {"{1}": "v2.31|Action=Allow|"},
            f"{policies}\\DomainProfile": {"AllowLocalPolicyMerge": 0},
            f"{settings}\\StandardProfile\\Logging": logging,
        },
    )
    host.write("products.json", [{"name": "Other Firewall", "categories": [2, 3]}])
    (result,) = host.policy_run(READ)
    state = result["state"]
    assert not result["changed"]
    assert state["rules"] == RULES
    assert state["profiles"]["private"] == windows_store.profile(
        log_dropped=True, log_file="C:\\fw.log", log_size=16384
    )
    assert state["profiles"]["public"] == windows_store.profile(log_file="", log_size=0)
    assert state["group_policy"] == {
        "rules": {"{1}": "v2.31|Action=Allow|"},
        "values": {"DomainProfile": {"AllowLocalPolicyMerge": 0}},
    }
    assert state["products"] == [{"name": "Other Firewall", "categories": [2, 3]}]
    assert (state["current_profiles"], state["modify_state"], state["service"]) == (2, 0, "Running")
    assert (state["note"], state["pending"], state["unread"]) == ("", None, [])
    assert "127.0.0.1" in state["addresses"]
    assert state["powershell"].startswith("7.")
    assert not host.state_directory.exists()


def test_without_the_service_nothing_is_said_to_filter(host: PowerShellHost) -> None:
    host.write("services.json", {"MpsSvc": "Stopped"})
    (result,) = host.policy_run(READ)
    assert result["state"]["service"] == "Stopped"
    assert result["state"]["rules"] == []
    assert not any(profile["enabled"] for profile in result["state"]["profiles"].values())


def test_connections_of_management_are_told(host: PowerShellHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        (result,) = host.policy_run({**READ, "management_port": server.getsockname()[1]})
        local, remote = server.getsockname(), client.getsockname()[0]
    row = {"local_address": local[0], "local_port": local[1], "remote_address": remote}
    assert row in result["state"]["connections"]


def test_a_confirmed_change_stays(host: PowerShellHost) -> None:
    (applied,) = host.policy_run(CHANGE)
    assert applied["changed"]
    assert (applied["enabled"], applied["disabled"], applied["answered"]) == ([], [1], [])
    assert applied["state"]["pending"]["by"] == "admin on controller"
    assert applied["state"]["note"] == ""
    rows = {row["name"]: row for row in applied["state"]["rules"]}
    assert rows["portmatrix media"]["remote_addresses"] == (
        "10.0.0.5/255.255.255.255,10.1.0.0/255.255.0.0,2001:db8::/64"
    )
    assert (rows["portmatrix igmp"]["local_ports"], rows["portmatrix igmp"]["protocol"]) == ("", 2)
    assert not rows[BROAD["name"]]["enabled"]
    assert sorted(name.lower() for name in host.names()).count("same name") == 2
    task = host.tasks()[TASK]
    assert task["principal"]["user"] == "S-1-5-18"
    assert [trigger["startup"] for trigger in task["triggers"]] == [False, True]
    assert host.kept() == {"lock", f"{ONE}.wfw", f"{ONE}.note"}

    again, confirmed, after = host.policy_run({**APPLY, "transaction": TWO}, CONFIRM, READ)
    assert again["failed"]
    assert again["held"]["by"] == "admin on controller"
    assert confirmed["changed"]
    assert host.kept() == {"lock", "note.json"}
    assert host.tasks() == {}
    assert (after["state"]["note"], after["state"]["pending"]) == ('{"version": 1}', None)
    assert after["state"]["rules"] == applied["state"]["rules"]
    before = host.policy()
    assert host.fire(TASK, task) == 0, "a task that comes late finds nothing to take back"
    assert host.policy() == before


def test_a_rollback_brings_everything_back(host: PowerShellHost) -> None:
    before = host.policy()
    changed = {"name": "public", "enabled": False, "default_inbound": "allow", "default_outbound": "block"}
    applied, back = host.policy_run({**CHANGE, "profiles": [{**changed, "log_dropped": True}]}, ROLLBACK)
    public = applied["state"]["profiles"]["public"]
    assert (public["enabled"], public["default_inbound"], public["default_outbound"]) == (False, 1, 0)
    assert back["rolled_back"]
    assert back["state"]["rules"] == RULES
    assert host.policy() == before
    assert (host.kept(), host.tasks()) == ({"lock"}, {})


def test_the_task_takes_back_what_nobody_confirms(host: PowerShellHost) -> None:
    before = host.policy()
    host.policy_run(CHANGE)
    host.write("faults.json", ["import"])
    assert host.fire(TASK) != 0
    assert TASK in host.tasks(), "it has to try again"
    host.write("faults.json", [])
    assert host.fire(TASK) == 0
    assert host.policy() == before
    assert (host.kept(), host.tasks()) == ({"lock"}, {})
    confirmed, back, read = host.policy_run(CONFIRM, ROLLBACK, READ)
    assert confirmed["gone"] and back["gone"]
    assert f"transaction {ONE} is not pending" in confirmed["msg"]
    assert read["state"]["pending"] is None


def test_a_batch_that_fails_is_taken_back_at_once(host: PowerShellHost) -> None:
    before = host.policy()
    for timeout in (90, 0):
        (result,) = host.policy_run({**CHANGE, "add": [MEDIA, BAD], "timeout": timeout})
        assert result["failed"] and result["rolled_back"]
        assert "portmatrix bad" in result["msg"]
        assert "0x80070057" in result["msg"]
        assert host.policy() == before
        assert (host.kept(), host.tasks()) == ({"lock"}, {})


def test_a_snapshot_that_cannot_be_imported_leaves_the_task(host: PowerShellHost) -> None:
    before = host.policy()
    host.write("faults.json", ["import"])
    for timeout in (90, 0):
        (result,) = host.policy_run({**CHANGE, "add": [MEDIA, BAD], "timeout": timeout})
        assert result["failed"] and not result["rolled_back"]
        assert "could not be imported" in result["msg"]
        assert TASK in host.tasks()
        host.write("faults.json", [])
        assert host.fire(TASK) == 0
        assert host.policy() == before
        host.write("faults.json", ["import"])


def test_without_a_time_a_change_holds_at_once(host: PowerShellHost) -> None:
    (result,) = host.policy_run({**CHANGE, "timeout": 0})
    assert (result["state"]["note"], result["state"]["pending"]) == ('{"version": 1}', None)
    assert (host.kept(), host.tasks()) == ({"lock", "note.json"}, {})
    host.policy_run({**APPLY, "timeout": 0})
    assert host.kept() == {"lock"}, "no note removes the former one"


def test_a_snapshot_that_cannot_be_written_changes_nothing(host: PowerShellHost) -> None:
    before = host.policy()
    host.policy_run({**APPLY, "timeout": 0})
    host.write("faults.json", ["export"])
    (result,) = host.policy_run(CHANGE)
    host.write("faults.json", [])
    (host.state_directory / f"{TWO}.wfw").write_text("somebody's", encoding="utf-8")
    (exists,) = host.policy_run({**CHANGE, "transaction": TWO})
    for failed in (result, exists):
        assert failed["failed"]
        assert failed["msg"].endswith("Nothing was changed.")
        assert not failed["changed"]
    assert "already exists" in exists["msg"]
    assert host.policy() == before
    assert host.tasks() == {}


def held(host: PowerShellHost, transaction: str, seconds: int) -> None:
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    content = {"transaction": transaction, "by": "somebody", "until": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
    (host.state_directory / "lock").write_text(json.dumps(content), encoding="utf-8")


def test_a_lock_holds_as_long_as_it_says(host: PowerShellHost) -> None:
    host.policy_run({**APPLY, "timeout": 0})
    held(host, TWO, 60)
    (busy,) = host.policy_run(CHANGE)
    assert busy["failed"] and busy["held"]["by"] == "somebody"
    assert "portmatrix media" not in host.names()
    held(host, TWO, -1)
    (result,) = host.policy_run(CHANGE)
    assert result["changed"] and not result.get("failed")
    (host.state_directory / "lock").write_text('{"transaction": "01', encoding="utf-8")
    (half,) = host.policy_run({**APPLY, "transaction": TWO, "timeout": 0})
    assert half["changed"] and not half.get("failed")


def test_a_change_that_its_task_should_have_taken_back_goes_first(host: PowerShellHost) -> None:
    before = host.policy()
    host.policy_run(CHANGE)
    held(host, ONE, -1)
    (late,) = host.policy_run({**CHANGE, "transaction": TWO})
    assert late["failed"]
    assert "run this again" in late["msg"]
    assert host.policy() == before
    (result,) = host.policy_run({**CHANGE, "transaction": TWO})
    assert result["changed"] and not result.get("failed")


@pytest.mark.parametrize(
    "rights",
    [
        "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)",
        "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;AU)",
        "O:S-1-5-21-1-2-3-1001G:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
    ],
)
def test_a_state_directory_of_others_is_refused(host: PowerShellHost, rights: str) -> None:
    host.state_directory.mkdir(parents=True)
    host.write("acl.json", {str(host.state_directory): rights})
    for result in host.policy_run(READ, CHANGE):
        assert result["failed"]
        assert "SYSTEM and Administrators alone" in result["msg"]
    assert host.names() == [row["name"] for row in RULES]
    assert host.kept() == set()


def test_a_state_directory_that_leads_elsewhere_is_refused(host: PowerShellHost, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    host.state_directory.symlink_to(tmp_path / "elsewhere")
    (result,) = host.policy_run(CHANGE)
    assert "no directory of its own" in result["msg"]


def test_the_state_directory_is_for_administrators(host: PowerShellHost) -> None:
    host.policy_run({**APPLY, "timeout": 0})
    assert host.read("acl.json") == {str(host.state_directory): "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"}


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that answers nobody: no more connections fit into its queue."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _number in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for each in waiting:
            each.close()


def test_what_answered_has_to_answer(host: PowerShellHost, deaf: int) -> None:
    before = host.policy()
    with socket.create_server(("127.0.0.1", 0)) as server:
        answers = {"address": "127.0.0.1", "port": server.getsockname()[1]}
        silent = {"address": "127.0.0.1", "port": deaf}
        applied, refused = host.policy_run(
            {**CHANGE, "probes": [answers, silent]}, {**CONFIRM, "probes": [answers, silent]}
        )
    assert applied["answered"] == [answers]
    assert refused["failed"] and refused["rolled_back"]
    assert f"127.0.0.1 tcp {deaf}" in refused["msg"]
    assert f"tcp {answers['port']}" not in refused["msg"]
    assert host.policy() == before
    assert host.tasks() == {}


def test_a_refusal_is_an_answer(host: PowerShellHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        shut = {"address": "127.0.0.1", "port": server.getsockname()[1]}
    applied, confirmed = host.policy_run({**CHANGE, "probes": [shut]}, {**CONFIRM, "probes": [shut]})
    assert applied["answered"] == [shut]
    assert confirmed["changed"] and not confirmed.get("failed")


def test_check_mode_touches_nothing(host: PowerShellHost) -> None:
    before = host.policy()
    for result in host.policy_run(CHANGE, CONFIRM, ROLLBACK, check=True):
        assert result["changed"] and not result.get("failed")
    (read,) = host.policy_run(READ, check=True)
    assert not read["changed"] and read["state"]["rules"] == RULES
    assert host.policy() == before
    assert not host.state_directory.exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"transaction": "../../evil"}, "hexadecimal"),
        ({"transaction": ONE.upper()}, "hexadecimal"),
        ({"timeout": -1}, "timeout: -1"),
        ({"state_directory": "portmatrix"}, "state_directory: portmatrix"),
        ({"profiles": [{"name": "public", "default_inbound": "block"}]}, "required together"),
    ],
)
def test_wrong_values_are_refused(host: PowerShellHost, wrong: dict[str, Any], says: str) -> None:
    (result,) = host.policy_run({**CHANGE, **wrong})
    assert result["failed"]
    assert says in result["msg"]
    assert host.tasks() == {}


def test_rules_of_one_name_go_one_by_one(host: PowerShellHost) -> None:
    switched = {**SELECTOR, "name": "Same name", "program": "", "protocol": 17, "local_ports": "80"}
    nobody = {**switched, "local_ports": "81"}
    (result,) = host.policy_run({**APPLY, "remove_before": ["Same name"], "disable": [switched, nobody, SELECTOR]})
    assert result["disabled"] == [1, 0, 1]
    assert len(host.names()) == len(RULES) - 1
    (given_back,) = host.policy_run({**ROLLBACK})
    assert given_back["state"]["rules"] == RULES


def test_the_log_is_counted(host: PowerShellHost, tmp_path: Path) -> None:
    log = tmp_path / "pfirewall.log"
    rest = "48 S 1640769051 0 65535 - - - RECEIVE"
    log.write_text(
        "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n"
        "#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\n\n"
        f"2026-11-20 11:43:41 DROP TCP 10.0.0.7 10.0.0.6 1172 445 {rest}\n"
        f"2026-11-20 11:43:50 DROP TCP 10.0.0.7 10.0.0.6 1173 445 {rest}\n"
        "2026-11-20 11:44:00 ALLOW ICMP 10.0.0.7 fe80::1 - - 60 - - - - 8 0 - RECEIVE\n"
        "2026-11-20 11:44:01 INFO-EVENTS-LOST - - - - - - - - - - - - 7 -\n"
        f"2026-11-20 11:44:02 DROP UDP 10.0.0.7 10.0.0.6 1 53 78 - - - - - - - SEND 1234\n",
        encoding="ascii",
    )
    missing_one = str(tmp_path / "none.log")
    everything, later, first = host.run(
        "win_firewall_log",
        {"paths": [str(log), missing_one]},
        {"paths": [str(log)], "since": "2026-11-20T11:43:45"},
        {"paths": [str(log)], "limit": 1},
    )
    assert [row["count"] for row in everything["log"]] == [2, 1, 1]
    assert everything["log"][0] == {
        "action": "DROP",
        "protocol": "TCP",
        "source": "10.0.0.7",
        "destination": "10.0.0.6",
        "destination_port": 445,
        "path": "RECEIVE",
        "count": 2,
        "last": everything["log"][0]["last"],
    }
    assert everything["log"][0]["last"].endswith("Z")
    assert (everything["files"], everything["truncated"], everything["lost"]) == ([str(log)], False, 7)
    assert [row["count"] for row in later["log"]] == [1, 1, 1]
    assert (len(first["log"]), first["truncated"]) == (1, True)


def test_ports_in_use_say_where_they_come_from(host: PowerShellHost, tmp_path: Path) -> None:
    config = tmp_path / "RecorderConfig.xml"
    config.write_text("<recorderconfig><webserver><port>7564</port></webserver></recorderconfig>", encoding="utf-8")
    (host.directory / "http.txt").write_text("    HTTP://+:9001/LogServer/\n", encoding="utf-8")
    row = {"protocol": "tcp", "address": "::", "port": 7564, "pid": 2044, "process": "VideoOS.Recorder.Service.exe"}
    row |= {"path": RECORDER, "services": ["Milestone XProtect Recording Server"]}
    row_udp = {**row, "protocol": "udp", "address": "0.0.0.0", "pid": 2045, "services": []}
    host.write("listening.json", [row, row_udp])
    (found,) = host.run("win_ports_in_use", {"files": [str(config), str(tmp_path / "none.xml"), str(tmp_path)]})
    assert not found["changed"]
    assert found["files"] == [{"path": str(config), "text": config.read_text("utf-8"), "error": ""}]
    assert "HTTP://+:9001/LogServer/" in found["http"]
    assert found["listening"] == [row, row_udp]
