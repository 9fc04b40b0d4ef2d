# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of a Windows host against the stand-in, with a clock of the test's own and connections that fail when it says so."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import clients, transaction
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.transaction import Clock, Wanted
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost

RULES = [
    {
        "direction": "in",
        "protocol": "tcp",
        "ports": ["5986"],
        "peers": ["10.0.0.0/24"],
        "flows": ["portmatrix.management"],
    },
    {"direction": "in", "protocol": "tcp", "ports": ["7563"], "peers": ["10.0.9.9/32"], "flows": ["own.media"]},
]
INTENT = Intent(RULES, management_port=5986)
WANTED = Wanted(INTENT, 90, [], "bob on desk")


class Controller:
    """Executions by way of the stand-in; ``on`` is asked before each and may give the answer in its place."""

    def __init__(
        self, host: WindowsHost, on: Callable[[str, int], dict[str, Any] | None] = lambda operation, number: None
    ) -> None:
        self.host, self.on = host, on
        self.seconds = 0.0
        self.calls: list[str] = []
        self.renewed: list[int] = []

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        operation = arguments["operation"]
        self.calls.append(operation)
        json.dumps(arguments)
        answer = self.on(operation, self.calls.count(operation))
        return self.host.run(dict(arguments)) if answer is None else answer

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.host.advance(seconds)

    def applied(self, wanted: Wanted = WANTED, check: bool = False) -> dict[str, Any]:
        clock = Clock(lambda: self.seconds, lambda: 1e9 + self.seconds, self.sleep)
        return transaction.applied(
            self.execute, lambda: self.renewed.append(len(self.calls)), wanted, check=check, clock=clock
        )


@pytest.fixture
def host(tmp_path: Path) -> WindowsHost:
    return WindowsHost.made(tmp_path / "host.json")


def unreachable(*operations: str, until: int = 10**9) -> Callable[[str, int], dict[str, Any] | None]:
    """The connection fails for these operations, the first ``until`` times."""

    def on(operation: str, number: int) -> dict[str, Any] | None:
        return {"unreachable": True, "msg": "no route"} if operation in operations and number <= until else None

    return on


def lock(host: WindowsHost, until: float, over: float) -> None:
    text = datetime.datetime.fromtimestamp(until, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with host.change() as data:
        data["lock"] = {"transaction": "a" * 16, "by": "ann on desk", "until": text, "over": over}


def test_a_change_is_three_executions_the_last_over_a_new_connection(host: WindowsHost) -> None:
    controller = Controller(host)
    result = controller.applied()
    assert (result["changed"], result["confirmed"], result["backend"]) == (True, True, "windows")
    assert controller.calls == ["read", "apply", "confirm"] and controller.renewed == [2]
    assert result["flows"]["added"] == ["own.media", "portmatrix.management"]
    again = Controller(host)
    assert again.applied()["changed"] is False
    assert again.calls == ["read"]


def test_a_look_reads_once(host: WindowsHost) -> None:
    controller = Controller(host)
    result = controller.applied(check=True)
    assert result["changed"] and "confirmed" not in result and controller.calls == ["read"] and not host.own()


def test_a_look_says_that_a_change_waits(host: WindowsHost) -> None:
    lock(host, 1e9 + 500, 9e9)
    (warning,) = Controller(host).applied(check=True)["warnings"]
    assert warning.startswith("a change by ann on desk waits to be confirmed until 2001-09-09T01:55:00Z")


def test_without_a_window_a_change_is_for_good_at_once(host: WindowsHost) -> None:
    controller = Controller(host)
    result = controller.applied(WANTED._replace(seconds=0))
    assert result["changed"] and "confirmed" not in result and controller.calls == ["read", "apply"]
    assert host.data()["note"] and not host.data()["lock"]


def test_a_host_that_cannot_be_reached_at_first_is_lost(host: WindowsHost) -> None:
    with pytest.raises(transaction.Lost, match="no route"):
        Controller(host, unreachable("read")).applied()


def test_what_the_module_fails_with_is_said(host: WindowsHost) -> None:
    result = Controller(host, lambda operation, number: {"failed": True, "msg": "access denied"}).applied()
    assert result == {"failed": True, "changed": False, "msg": "access denied"}


def test_a_held_lock_is_waited_for_and_then_said_whose_it_is(host: WindowsHost) -> None:
    lock(host, 1e9 + 1000, 9e9)
    controller = Controller(host)
    result = controller.applied()
    assert result["msg"] == (
        "a change by ann on desk waits to be confirmed until 2001-09-09T02:03:20Z; nothing was changed, try again later"
    )
    assert result["failed"] and set(controller.calls) == {"read"}
    assert transaction.WAIT <= controller.seconds < transaction.WAIT + 5


def test_who_was_quicker_after_the_reading_is_waited_for_too(host: WindowsHost) -> None:
    held = {"failed": True, "msg": "held", "held": {"by": "ann on desk", "until": "soon"}}
    controller = Controller(host, lambda operation, number: held if operation == "apply" and number < 3 else None)
    assert controller.applied()["confirmed"]
    assert controller.calls == ["read", "apply"] * 3 + ["confirm"]


@pytest.mark.parametrize("there", [True, False])
def test_an_overdue_change_is_taken_back_or_left_to_the_host(host: WindowsHost, there: bool) -> None:
    lock(host, 1e9 - 100, 0)
    if there:
        with host.change() as data:
            data["snapshots"]["a" * 16] = {"rules": data["rules"], "profiles": data["profiles"]}
    controller = Controller(host)
    assert controller.applied()["confirmed"]
    assert controller.calls == ["read", "rollback", *(["read"] if there else []), "apply", "confirm"]


def test_no_new_connection_in_time_leaves_it_to_the_host(host: WindowsHost) -> None:
    controller = Controller(host, unreachable("confirm"))
    result = controller.applied()
    assert (result["failed"], result["changed"], result["confirmed"]) == (True, False, False)
    assert result["msg"].startswith(
        "no new connection could be made after the change (no route); the host was to bring"
    )
    assert controller.seconds >= 90 + transaction.LATE
    assert not host.own()


def test_a_connection_that_comes_back_confirms(host: WindowsHost) -> None:
    assert Controller(host, unreachable("confirm", until=3)).applied()["confirmed"]


def test_a_confirmation_that_comes_too_late_is_said(host: WindowsHost) -> None:
    result = Controller(host, unreachable("confirm", until=50)).applied()
    assert result["msg"].endswith("the host has brought its former policy back") and not host.own()


def test_a_confirmation_whose_answer_was_lost_counts(host: WindowsHost) -> None:
    def on(operation: str, number: int) -> dict[str, Any] | None:
        if (operation, number) == ("confirm", 1):
            (identity,) = host.data()["snapshots"]
            host.run({"operation": "confirm", "transaction": identity, "probes": []})
            return {"unreachable": True, "msg": "reset"}
        return None

    assert Controller(host, on).applied()["confirmed"] and host.own()


@pytest.mark.parametrize(
    ("seconds", "ending"), [(90, "the host has its former policy"), (0, "nothing takes them back")]
)
def test_a_lost_answer_to_the_change(host: WindowsHost, seconds: int, ending: str) -> None:
    def on(operation: str, number: int) -> dict[str, Any] | None:
        return {"unreachable": True, "msg": "reset"} if operation == "apply" else None

    result = Controller(host, on).applied(WANTED._replace(seconds=seconds))
    assert result["failed"] and result["msg"].startswith(
        "the connection was lost while the rules were changed (reset); "
    )
    assert result["msg"].endswith(ending)


def test_a_change_whose_answer_was_lost_is_taken_back_once_it_can_be(host: WindowsHost) -> None:
    busy = {"failed": True, "msg": "busy", "held": {"by": "", "until": ""}}
    controller = Controller(host, lambda operation, number: busy if (operation, number) == ("rollback", 1) else None)
    execute = controller.execute

    def losing(arguments: Mapping[str, Any]) -> dict[str, Any]:
        answer = execute(arguments)
        return {"unreachable": True, "msg": "reset"} if arguments["operation"] == "apply" else answer

    controller.execute = losing  # type: ignore[method-assign]
    result = controller.applied()
    assert result["msg"].endswith("the host has its former policy") and not host.own()
    assert controller.calls == ["read", "apply", "rollback", "rollback"]


def test_a_change_that_windows_takes_otherwise_is_taken_back(host: WindowsHost) -> None:
    with host.change() as data:
        data["faults"]["ignores"] = "add"
    controller = Controller(host)
    result = controller.applied()
    assert "is not there as it was written" in result["msg"] and result["msg"].endswith("the former policy is back")
    assert controller.calls == ["read", "apply", "rollback"] and controller.renewed == [2]
    at_once = Controller(host).applied(WANTED._replace(seconds=0))
    assert at_once["changed"] and at_once["msg"].endswith("with confirm_timeout 0 that is for good")


def test_only_probes_that_answered_before_are_asked_after(host: WindowsHost) -> None:
    asked: dict[str, Any] = {}
    targets = [{"address": "10.0.9.10", "port": port} for port in (80, 81)]
    with host.change() as data:
        data["answering"] = [["10.0.9.10", 80]]
    controller = Controller(host)
    execute = controller.execute

    def noting(arguments: Mapping[str, Any]) -> dict[str, Any]:
        asked[arguments["operation"]] = arguments.get("probes")
        return execute(arguments)

    controller.execute = noting  # type: ignore[method-assign]
    assert controller.applied(WANTED._replace(probes=targets))["confirmed"]
    assert asked["apply"] == targets and asked["confirm"] == targets[:1]


def test_a_lock_out_is_refused_before_anything_is_sent(host: WindowsHost) -> None:
    with host.change() as data:
        data["rules"] = []
        data["profiles"] = {name: {**settings, "enabled": False} for name, settings in data["profiles"].items()}
        data["connections"][0]["remote_address"] = "192.0.2.1"
    for check in (True, False):
        controller = Controller(host)
        result = controller.applied(check=check)
        assert (
            result["failed"] and "from 192.0.2.1" in result["msg"] and result["msg"].endswith("; nothing was changed")
        )
        assert controller.calls == ["read"]
    named = WANTED._replace(client=clients.Client(("10.0.0.250",), 5986))
    assert Controller(host).applied(named)["confirmed"]


def test_a_connection_that_is_not_seen_is_warned_of(host: WindowsHost) -> None:
    with host.change() as data:
        data["connections"] = []
    (warning,) = Controller(host).applied()["warnings"]
    assert "does not show where this connection to its port 5986 comes from" in warning


def test_what_the_module_warns_of_is_passed_on_once(host: WindowsHost) -> None:
    def on(operation: str, number: int) -> dict[str, Any] | None:
        return {**host.run({"operation": "read"}), "warnings": ["odd", "odd"]} if operation == "read" else None

    assert Controller(host, on).applied()["warnings"] == ["odd"]
