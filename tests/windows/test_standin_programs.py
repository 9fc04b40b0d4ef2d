# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for netsh and icacls, which need no PowerShell themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import powershell_host, windows_store
from tests.windows.standin import programs

CLOSED = "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> powershell_host.PowerShellHost:
    monkeypatch.setenv("FW_STANDIN", str(tmp_path))
    return powershell_host.PowerShellHost(tmp_path, [windows_store.rule("One")], windows_store.profile())


def test_an_import_brings_back_what_was_exported(host: powershell_host.PowerShellHost, tmp_path: Path) -> None:
    before, file = host.policy(), str(tmp_path / "one.wfw")
    assert programs.main("netsh", "advfirewall", "export", file) == 0
    programs.netsh("advfirewall", "set", "publicprofile", "state", "off")
    programs.netsh("advfirewall", "set", "publicprofile", "firewallpolicy", "blockinboundalways,blockoutbound")
    programs.netsh("advfirewall", "set", "domainprofile", "logging", "droppedconnections", "enable")
    profiles = host.policy()["profiles"]
    assert profiles["public"] == windows_store.profile(enabled=False, block_all_inbound=True, default_outbound=0)
    assert profiles["domain"] == windows_store.profile(log_dropped=True)
    assert programs.main("netsh", "advfirewall", "import", file) == 0
    assert host.policy() == before


@pytest.mark.parametrize("words", [("advfirewall", "export"), ("advfirewall", "import"), ("firewall", "show")])
def test_a_program_fails_as_it_does_on_windows(host: powershell_host.PowerShellHost, words: tuple[str, ...]) -> None:
    taken = host.directory / "taken.wfw"
    taken.write_text("no policy", encoding="utf-8")
    assert programs.main("netsh", *words, str(taken)) == 1
    assert taken.read_text("utf-8") == "no policy"
    host.write("faults.json", ["export"])
    assert programs.main("netsh", "advfirewall", "export", str(host.directory / "free.wfw")) == 1


def test_rights_are_what_was_granted(host: powershell_host.PowerShellHost) -> None:
    everybody = ("*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F")
    assert programs.main("icacls", "/state", "/inheritance:r", "/grant:r", *everybody) == 0
    assert programs.main("icacls", "/state", "/setowner", "*S-1-5-32-544") == 0
    assert host.read("acl.json") == {"/state": CLOSED}
    assert programs.main("icacls", "/state", "/grant", "Everyone:F") == 1


def test_the_directory_is_told_by_the_rights_of_others() -> None:
    source = (powershell_host.TOP / "plugins/module_utils/FwDirectory.psm1").read_text("ascii")
    found = re.search(r"^\$script:Closed = '(.*)'$", source, re.MULTILINE)
    assert found
    closed = re.compile(found[1])
    assert closed.search(CLOSED)
    assert closed.search("O:SYG:S-1-5-21-1-2-3-513D:P(A;OICI;FA;;;BA)S:AI")
    for refused in (
        CLOSED.replace("O:BA", "O:S-1-5-21-1-2-3-1001"),
        CLOSED.replace("PAI", "AI"),
        CLOSED + "(A;OICI;0x1301bf;;;AU)",
        CLOSED.replace("(A;OICI;FA;;;SY)", "(A;OICI;FA;;;WD)"),
        "O:BAG:SYD:PAI",
        "O:BAG:SYD:NO_ACCESS_CONTROL",
    ):
        assert not closed.search(refused), refused


def test_the_stand_in_has_every_field_of_a_rule() -> None:
    source = (powershell_host.STAND_IN / "FwCom.psm1").read_text("ascii")
    state = (powershell_host.TOP / "plugins/module_utils/FwState.psm1").read_text("ascii")
    fields = dict(re.findall(r"^    (\w+) = '(\w+)'$", source.split("$script:Fields")[1].split("}")[0], re.MULTILINE))
    read = dict(re.findall(r"^        (\w+) = \[\w+\]\$Rule\.(\w+)$", state, re.MULTILINE))
    assert {name.lower(): field for name, field in fields.items() if field != "interfaces"} == {
        name.lower(): field for field, name in read.items()
    }
    assert set(fields.values()) == set(windows_store.rule("one"))
    json.dumps(windows_store.rule("one"))
