# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for a Windows host has Windows' manners, as far as Microsoft documents them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.tests.support import windows_modules, windows_store
from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost
from ansible_collections.vidnet.portmatrix.tests.support.windows_store import profile, rule

RULE = {
    "name": "own",
    "description": "",
    "group": "vidnet.portmatrix",
    "direction": 1,
    "protocol": 6,
    "local_ports": "80,90-99",
    "remote_ports": "*",
    "local_addresses": "*",
    "remote_addresses": "10.0.0.5,10.1.0.0/16,2001:db8::1,2001:db8:1::/48,10.2.0.1-10.2.0.9",
    "profiles": windows_store.EVERY_PROFILE,
    "action": 1,
    "enabled": True,
}
APPLY = {"operation": "apply", "transaction": "a" * 16, "by": "me", "timeout": 90, "probes": [], "note": "new"}


@pytest.fixture
def host(tmp_path: Path) -> WindowsHost:
    return WindowsHost.made(tmp_path / "host.json", note="old")


def test_addresses_come_back_otherwise() -> None:
    assert windows_store.added(RULE)["remote_addresses"] == (
        "10.2.0.1-10.2.0.9,2001:db8:1::/48,2001:db8::1,10.1.0.0/255.255.0.0,10.0.0.5/255.255.255.255"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"local_ports": "70000"},
        {"local_ports": "http"},
        {"protocol": 2},
        {"remote_addresses": "10.0.0.300"},
        {"remote_addresses": "10.0.0.9-10.0.0.1"},
        {"name": "a|b"},
        {"name": "all"},
        {"description": "a|b"},
    ],
)
def test_what_windows_refuses(host: WindowsHost, wrong: dict[str, Any]) -> None:
    before = host.state()
    result = host.run({**APPLY, "add": [RULE, {**RULE, **wrong}]})
    assert result["failed"] and "E_INVALIDARG" in result["msg"]
    assert host.state() == before


def test_names_are_not_unique() -> None:
    rules = [rule("one", protocol=6), rule("one", protocol=17), rule("two")]
    windows_store.remove(rules, "One")
    windows_store.remove(rules, "three")
    assert [row["protocol"] for row in rules] == [17, 256]
    selector = {"name": "one", "program": "", "service": "", "protocol": 17, "local_ports": "*", "direction": 1}
    assert windows_store.switch(rules, selector, False) == 1 and not rules[0]["enabled"]
    assert windows_store.switch(rules, {**selector, "protocol": 6}, False) == 0


def test_profiles_are_set_as_netsh_does() -> None:
    profiles = {"private": profile(block_all_inbound=True)}
    windows_store.set_profile(profiles, {"name": "private", "log_dropped": True})
    assert profiles["private"] == profile(block_all_inbound=True, log_dropped=True)
    windows_store.set_profile(
        profiles, {"name": "private", "default_inbound": "block", "default_outbound": "block", "enabled": False}
    )
    assert profiles["private"] == profile(log_dropped=True, default_outbound=0, enabled=False)
    for wrong in ({"name": "home"}, {"name": "private", "default_inbound": "allow"}):
        with pytest.raises(windows_store.Invalid):
            windows_store.set_profile(profiles, wrong)


def test_a_change_is_confirmed_with_its_note_or_taken_back_without(host: WindowsHost) -> None:
    before = host.state()
    for how in ("rollback", "time", "start"):
        assert host.run({**APPLY, "add": [RULE]})["state"]["pending"]["transaction"] == "a" * 16
        assert host.own()
        if how == "rollback":
            host.run({"operation": "rollback", "transaction": "a" * 16})
        elif how == "time":
            host.advance(91)
        else:
            host.reboot()
        assert host.state() == before
        assert host.run({"operation": "confirm", "transaction": "a" * 16, "probes": []})["gone"]
    host.run({**APPLY, "add": [RULE]})
    assert host.state()["note"] == "old"
    host.run({"operation": "confirm", "transaction": "a" * 16, "probes": []})
    assert (host.state()["note"], host.state()["pending"]) == ("new", None)
    host.reboot()
    assert host.own()


def test_one_change_at_a_time(host: WindowsHost) -> None:
    host.run(APPLY)
    other = {**APPLY, "transaction": "b" * 16}
    assert host.run(other)["held"]["by"] == "me"
    host.advance(91)
    assert not host.run(other).get("failed")


def test_an_unknown_module_is_a_clear_failure(host: WindowsHost) -> None:
    answer = windows_modules.answer(host, windows_modules.Asked("win_ping", {}))
    assert answer["failed"] and "has no module win_ping; it has" in answer["msg"]
    for sent in (b"", b"x\0\0\0\0" + b'{"actions": [{"name": "powershell_mkdtemp.ps1", "params": {}}]}'):
        with pytest.raises(ValueError, match="not "):
            windows_modules.asked(sent)
