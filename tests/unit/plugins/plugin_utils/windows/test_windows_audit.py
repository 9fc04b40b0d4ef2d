# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import (
    audit,
    exports,
    registry,
    registry_pol,
    rule_files,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import LOCAL_KEY, POLICY_KEY, Value

MEDIA = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["10.0.0.5/32"],
    "flows": ["milestone.recording.media"],
    "reason": "Media",
}
PORTS = [MatrixPort(6, ((7563, 7563),), "milestone.recording.media")]
BROAD = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=7563|Name=Installer|"
HOSTVARS: dict[str, dict[str, Any]] = {
    "rs1": {"group_names": ["milestone_recording_server"], "portmatrix_addresses": ["10.0.0.11"]},
    "desk": {"group_names": ["milestone_smart_client"], "portmatrix_addresses": ["10.0.0.5"]},
}


def local(*texts: str) -> list[Value]:
    return [registry.string(f"{LOCAL_KEY}\\FirewallRules", f"{{{number}}}", text) for number, text in enumerate(texts)]


def own(rules: list[dict[str, Any]]) -> list[Value]:
    return exports.policy_values(exports.windows_rules(rules))


def of(values: list[Value]) -> dict[str, Any]:
    return audit.of_host(rule_files.firewall(values), [MEDIA], PORTS)


def test_what_an_installer_left_open() -> None:
    found = of(local(BROAD))
    (row,) = found["left_open"]
    assert (row["rule"], row["store"], row["ports"]) == ("Installer", "local", ["7563"])
    assert len(found["missing"]) == 1
    assert "10.0.0.0-10.0.0.4" in row["beyond"] or "0.0.0.0-10.0.0.4" in row["beyond"]


def test_the_policy_itself_leaves_nothing_open() -> None:
    found = of(own([MEDIA]))
    assert (found["left_open"], found["missing"], found["rules"]) == ([], [], 1)


def test_a_former_rule_of_ours_is_found() -> None:
    found = of(own([{**MEDIA, "peers": ["10.0.0.0/24"]}]))
    assert len(found["left_open"]) == 1
    assert len(found["missing"]) == 1


def test_a_rule_of_ours_that_somebody_changed_is_found() -> None:
    changed = [
        value._replace(data=value.data.replace("RA4=10.0.0.5/255.255.255.255|".encode("utf-16-le"), b""))
        for value in own([MEDIA])
    ]
    assert changed != own([MEDIA])
    found = of(changed)
    assert len(found["left_open"]) == 1
    assert len(found["missing"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        BROAD.replace("TRUE", "FALSE"),
        BROAD.replace("Dir=In", "Dir=Out"),
        BROAD.replace("LPort=7563", "LPort=9999"),
        BROAD.replace("Protocol=6", "Protocol=17"),
        BROAD.replace("Name", "RA4=10.0.0.5|Name"),
    ],
)
def test_what_leaves_nothing_open(text: str) -> None:
    assert of(local(text))["left_open"] == []


def test_local_rules_that_group_policy_forbids_leave_nothing_open() -> None:
    forbidden = [
        registry.dword(f"{POLICY_KEY}\\{profile}Profile", "AllowLocalPolicyMerge", 0)
        for profile in ("Domain", "Private", "Public")
    ]
    assert of(local(BROAD) + forbidden)["left_open"] == []


def test_remarks() -> None:
    off = registry.dword(f"{LOCAL_KEY}\\PublicProfile", "EnableFirewall", 0)
    remarks = "\n".join(of([*local(BROAD, "rubbish"), off])["remarks"])
    assert "The public profile is off" in remarks
    assert "do not say whether the firewall is on (domain, private)" in remarks
    assert "The rule {1} (local) cannot be read" in remarks


def test_a_site(tmp_path: Path) -> None:
    path = tmp_path / "rs1.pol"
    path.write_bytes(registry_pol.write(local(BROAD)))
    found = audit.of_site(HOSTVARS, {"rs1": [path]})
    assert [row["rule"] for row in found["rs1"]["left_open"]] == ["Installer"]
    text = audit.text(found)
    assert "rs1: 1 rule read; 1 left open" in text
    assert "'Installer'" in text


def test_a_site_whose_policy_is_in_force(tmp_path: Path) -> None:
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.hostvars import compile_hostvars

    rules = compile_hostvars(HOSTVARS)["rs1"]["rules"]
    path = tmp_path / "rs1.txt"
    path.write_bytes(exports.export(rules, "lgpo"))
    found = audit.of_site(HOSTVARS, {"rs1": [path]})["rs1"]
    assert rules
    assert (found["left_open"], found["missing"]) == ([], [])


def test_wrong_input_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rs1.pol"
    path.write_bytes(b"PReg\x01\0\0\0[\0")
    with pytest.raises(ValueError, match=f"{path} byte 10"):
        audit.of_site(HOSTVARS, {"rs1": [path]})
    path.write_bytes(b"PReg\x01\0\0\0")
    with pytest.raises(ValueError, match=f"{path} has no key of the firewall"):
        audit.of_site(HOSTVARS, {"rs1": [path]})
    with pytest.raises(ValueError, match="nobody: not in the inventory"):
        audit.of_site(HOSTVARS, {"nobody": [path]})
    with pytest.raises(FileNotFoundError):
        audit.of_site(HOSTVARS, {"rs1": [tmp_path / "none"]})


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="/dev/zero has more than 33,554,432 bytes"):
        audit.of_site(HOSTVARS, {"rs1": [Path("/dev/zero")]})


def test_no_name_of_a_rule_reaches_the_terminal_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rs1.pol"
    program = "C:\\Program Files\\Milestone\\\x1b[2Jx.exe"
    path.write_bytes(
        registry_pol.write(
            local(BROAD.replace("Installer", "\x1b[2J\nrs1: fine"), BROAD.replace("LPort=7563", f"App={program}"))
        )
    )
    text = audit.text(audit.of_site(HOSTVARS, {"rs1": [path]}))
    assert "\x1b" not in text
    assert "\nrs1: fine" not in text
