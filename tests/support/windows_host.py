# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for a Windows host, kept in a JSON file: what win_firewall_policy does there, scheduled task and lock included.

It has a clock of its own that tests can set forward; a task that is due has fired by the next time that anybody looks. Tests change what is
in the file by :meth:`WindowsHost.change`, and have it misbehave by the keys of ``faults``:

``fail_at``: step of a batch that fails. ``cut_off``: after a change, new connections get nowhere. ``cut_established``: neither does
the answer to the change. ``kill_controller``: operation after which the controller is killed. ``ignores``: a step that has no effect.
``silent_after``: probes answer until there is a change. ``settles_after``: reads until somebody else's change is confirmed.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import fcntl
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import evaluate, wire
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.region import Listener, Packets
from ansible_collections.vidnet.portmatrix.tests.support import windows_store as store

GRACE = 60
"""Seconds that a lock outlives its transaction's time, when nobody frees it."""
CURRENT = 2
STATE = (
    *("rules", "profiles", "current_profiles", "modify_state", "group_policy", "service", "products"),
    *("connections", "ssh_connection", "note", "addresses", "version", "powershell"),
)


#: What the module takes for options that are not given.
DEFAULTS = {"operation": "read", "timeout": 90, "by": "", "note": "", "probes": []}


class Failed(Exception):
    """What the module says when it fails, and what else its result has."""

    def __init__(self, msg: str, **more: Any) -> None:
        super().__init__(msg)
        self.more = more


def fresh(**different: Any) -> dict[str, Any]:
    """Return what a plain server's file holds: a few of Windows' rules, management by WinRM from 10.0.0.250."""
    return {
        "rules": [
            store.rule(
                "Windows Remote Management (HTTP-In)",
                group="@FirewallAPI.dll,-30267",
                program="System",
                protocol=6,
                local_ports="5985",
            ),
            store.rule("WinRM over HTTPS", protocol=6, local_ports="5986"),
            store.rule(
                "Core Networking - Dynamic Host Configuration Protocol (DHCP-In)",
                group="@FirewallAPI.dll,-25000",
                program=r"%SystemRoot%\system32\svchost.exe",
                service="dhcp",
                protocol=17,
                local_ports="68",
                remote_ports="67",
            ),
        ],
        "profiles": {name: store.profile() for name in store.PROFILES},
        "current_profiles": CURRENT,
        "modify_state": 0,
        "group_policy": {"rules": {}, "values": {}},
        "service": "Running",
        "products": [],
        "connections": [{"local_address": "10.0.0.1", "local_port": 5986, "remote_address": "10.0.0.250"}],
        "ssh_connection": "",
        "note": "",
        "addresses": ["10.0.0.1"],
        "version": "10.0.17763",
        "powershell": "5.1.17763.1",
        "controller": "10.0.0.250",
        "answering": [],
        "lock": None,
        "tasks": {},
        "snapshots": {},
        "notes": {},
        "ahead": 0,
        "faults": {},
        "done": [],
        "connected": 0,
        "refused": 0,
        **different,
    }


class WindowsHost:
    """The host whose file is at ``path``; several processes may use it at once."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @classmethod
    def made(cls, path: Path | str, **different: Any) -> WindowsHost:
        """Make a host as :func:`fresh` has it."""
        Path(path).write_text(json.dumps(fresh(**different)), encoding="utf-8")
        return cls(path)

    @contextlib.contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Give what the file holds, with what is due done, and keep what is changed in it."""
        with self.path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            data = {**fresh(), **json.load(file)}
            _fire(data, lambda task: task["at"] <= _now(data))
            try:
                yield data
            finally:
                file.seek(0)
                file.truncate()
                json.dump(data, file)

    def data(self) -> dict[str, Any]:
        """Return what the file holds."""
        with self.change() as data:
            return copy.deepcopy(data)

    def state(self) -> dict[str, Any]:
        """Return what the module returns as the state."""
        return _state(self.data())

    def advance(self, seconds: float) -> None:
        """Set the host's clock forward."""
        with self.change() as data:
            data["ahead"] += seconds

    def reboot(self) -> None:
        """Start the host anew: its task has a trigger for that."""
        with self.change() as data:
            _fire(data, lambda task: True)

    def rule(self, name: str) -> dict[str, Any]:
        """Return the only rule of this name."""
        (found,) = [row for row in self.data()["rules"] if row["name"] == name]
        return found

    def own(self) -> list[dict[str, Any]]:
        """Return the rules of this collection."""
        return [row for row in self.data()["rules"] if row["group"] == "vidnet.portmatrix"]

    def lets_in(self, address: str, port: int, protocol: int = 6) -> bool:
        """Tell whether a packet from an IPv4 address surely gets in while the current profiles are these."""
        return _lets_in(self.data(), address, port, protocol)

    def connect(self, port: int) -> bool:
        """Tell whether the controller's new connection gets through, and count it as one that did or did not."""
        with self.change() as data:
            changed = bool(data["lock"])
            if not _lets_in(data, data["controller"], port, 6) or (changed and data["faults"].get("cut_off")):
                data["refused"] += 1
                return False
            data["connected"] += 1
            return True

    def answers(self) -> bool:
        """Tell whether what is established stays so."""
        data = self.data()
        return not (data["lock"] and data["faults"].get("cut_established"))

    def run(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Be the module win_firewall_policy; returns its result."""
        arguments = {**DEFAULTS, **arguments}
        arguments["timeout"] = int(arguments["timeout"])  # before 2.19, what a template gives for a number is a text
        operation = arguments["operation"]
        with self.change() as data:
            data["done"].append(operation)
            try:
                return {"read": _read, "apply": _apply, "confirm": _confirm, "rollback": _rollback}[operation](
                    data, arguments
                )
            except Failed as failure:
                return {"failed": True, "changed": False, "msg": str(failure), **failure.more}


def _now(data: dict[str, Any]) -> float:
    return time.time() + data["ahead"]


def _state(data: dict[str, Any]) -> dict[str, Any]:
    lock = data["lock"]
    pending = {key: lock[key] for key in ("transaction", "by", "until")} if lock else None
    return {**{key: copy.deepcopy(data[key]) for key in STATE}, "pending": pending}


def _read(data: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    state = _state(data)
    if data["lock"] and "settles_after" in data["faults"]:
        data["faults"]["settles_after"] -= 1
        if data["faults"]["settles_after"] <= 0:
            data["lock"] = None
            data["tasks"], data["snapshots"] = {}, {}
    return {"changed": False, "state": state}


def _fire(data: dict[str, Any], due: Callable[[dict[str, Any]], bool]) -> None:
    for identity, task in list(data["tasks"].items()):
        if due(task):
            _restore(data, identity)


def _restore(data: dict[str, Any], identity: str) -> None:
    """Import the snapshot, and let the transaction go."""
    snapshot = data["snapshots"].pop(identity)
    data["rules"], data["profiles"] = snapshot["rules"], snapshot["profiles"]
    data["notes"].pop(identity, None)
    data["tasks"].pop(identity, None)
    if data["lock"] and data["lock"]["transaction"] == identity:
        data["lock"] = None


def _locked(data: dict[str, Any], arguments: dict[str, Any]) -> None:
    lock = data["lock"]
    if lock and lock["transaction"] != arguments["transaction"] and lock["over"] > _now(data):
        held = {"by": lock["by"], "until": lock["until"]}
        raise Failed(f"{lock['by']} changes this host until {lock['until']}", held=held)
    over = _now(data) + arguments["timeout"] + GRACE
    until = datetime.datetime.fromtimestamp(int(over), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data["lock"] = {"transaction": arguments["transaction"], "by": arguments["by"], "until": until, "over": over}


def _apply(data: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    identity, timeout = arguments["transaction"], arguments["timeout"]
    _locked(data, arguments)
    answered = [probe for probe in arguments["probes"] if [probe["address"], probe["port"]] in data["answering"]]
    data["snapshots"][identity] = copy.deepcopy({"rules": data["rules"], "profiles": data["profiles"]})
    if timeout:
        data["tasks"][identity] = {"at": _now(data) + timeout}
    try:
        result = _batch(data, arguments)
    except store.Invalid as error:
        _restore(data, identity)
        raise Failed(f"{error}; the former policy is back") from None
    if data["faults"].get("silent_after"):
        data["answering"] = []
    if timeout:
        data["notes"][identity] = arguments["note"]
    else:
        data["note"], data["lock"] = arguments["note"], None
        del data["snapshots"][identity]
    return {"changed": True, "answered": answered, **result, "state": _state(data)}


def _batch(data: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    rules = data["rules"]
    steps: list[tuple[str, Callable[[Any], Any]]] = [
        ("remove_before", lambda name: store.remove(rules, name)),
        ("add", lambda wanted: rules.append(store.added(wanted))),
        ("disable", lambda selector: store.switch(rules, selector, False)),
        ("profiles", lambda given: store.set_profile(data["profiles"], given)),
        ("enable", lambda selector: store.switch(rules, selector, True)),
        ("remove_after", lambda name: store.remove(rules, name)),
    ]
    counts: dict[str, list[Any]] = {}
    for step, do in steps:
        if data["faults"].get("ignores") == step:
            continue
        counts[step] = [do(each) for each in arguments.get(step) or []]
        if data["faults"].get("fail_at") == step:
            raise store.Invalid(store.INVALID)
    return {"enabled": counts.get("enable", []), "disabled": counts.get("disable", [])}


def _pending(data: dict[str, Any], arguments: dict[str, Any]) -> str:
    identity: str = arguments["transaction"]
    if identity not in data["snapshots"]:
        raise Failed(f"transaction {identity} is not pending: confirmed, or taken back by its task", gone=True)
    return identity


def _confirm(data: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    identity = _pending(data, arguments)
    silent = [probe for probe in arguments["probes"] if [probe["address"], probe["port"]] not in data["answering"]]
    if silent:
        _restore(data, identity)
        names = ", ".join(f"{probe['address']} port {probe['port']}" for probe in silent)
        raise Failed(f"what answered this host before does not any more: {names}; the former policy is back")
    data["note"] = data["notes"].pop(identity)
    del data["snapshots"][identity], data["tasks"][identity]
    data["lock"] = None
    return {"changed": True}


def _rollback(data: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    _restore(data, _pending(data, arguments))
    return {"changed": True, "state": _state(data)}


def _lets_in(data: dict[str, Any], address: str, port: int, protocol: int) -> bool:
    host = wire.firewall(_state(data))
    listener = Listener("System" if port in (5985, 5986) else None)
    packet = (int.from_bytes(bytes(map(int, address.split("."))), "big"), 0, port, 50000)
    return all(
        evaluate.verdict(host.policy, Packets("in", "ipv4", protocol, name), packet, listener)[0] == "allow"
        for name in host.current
    )
