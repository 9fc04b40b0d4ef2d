# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import exports, normal, powershell_script
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ALL_PROFILES, WindowsRule
from tests.support import powershell

RULE = WindowsRule(
    name="portmatrix acme's media in tcp 7563,6000-7000 [0123456789ab]",
    group="vidnet.portmatrix",
    description='$(Remove-Item C:\\) "quoted" `n single @{ } # no comment',
    protocol=6,
    local_ports="6000-7000,7563",
    remote_addresses="10.0.0.5/255.255.255.255,10.1.0.0-10.1.0.9,2001:db8::/64",
    profiles=3,
)
#: Commands of modules that every Windows since Server 2012 has.
COMMANDS = {
    *(
        "New-NetFirewallRule",
        "Get-NetFirewallRule",
        "Remove-NetFirewallRule",
        "Set-NetFirewallProfile",
        "Open-NetGPO",
        "Save-NetGPO",
    ),
    *("Where-Object", "ForEach-Object", "Out-Null", "Set-StrictMode"),
}


def script(*rules: WindowsRule, settings: dict[str, int] | None = None) -> bytes:
    return powershell_script.script([(exports.rule_id(rule), rule) for rule in rules], settings).encode("ascii")


def tables(content: bytes) -> list[dict[str, Any]]:
    """Return the tables of the script's rules as PowerShell reads them."""
    found = []
    for table in powershell.nodes(powershell.parsed(content), "hash_literal_expression"):
        entries = {}
        for entry in powershell.nodes(table, "hash_entry"):
            words = [
                powershell.text(node)[1:-1].replace("''", "'")
                for node in powershell.nodes(entry, "verbatim_string_characters")
            ]
            listed = any(powershell.nodes(entry, "array_expression"))
            entries[powershell.text(entry.children[0])] = words if listed else "".join(words)
        if "DisplayName" in entries:
            found.append(entries)
    return found


def rule_of(table: dict[str, Any]) -> WindowsRule:
    """Return the rule that New-NetFirewallRule makes, as its documentation says."""
    kinds = {"TCP": 6, "UDP": 17, "ICMPv4": 1, "ICMPv6": 58}
    protocol = table.get("Protocol", "256")
    bits = {"Domain": 1, "Private": 2, "Public": 4, "Any": ALL_PROFILES}
    known = {
        "Name",
        "DisplayName",
        "Group",
        "Description",
        "Enabled",
        "Direction",
        "Action",
        "Profile",
        "Protocol",
        "LocalPort",
    }
    assert table.keys() <= known | {"RemotePort", "LocalAddress", "RemoteAddress", "Program", "Service"}
    return WindowsRule(
        name=table["DisplayName"],
        group=table["Group"],
        description=table.get("Description", ""),
        enabled={"True": True, "False": False}[table["Enabled"]],
        direction={"Inbound": "in", "Outbound": "out"}[table["Direction"]],
        action={"Allow": "allow", "Block": "block"}[table["Action"]],
        protocol=kinds[protocol] if protocol in kinds else int(protocol),
        local_ports=",".join(table.get("LocalPort", ["*"])),
        remote_ports=",".join(table.get("RemotePort", ["*"])),
        local_addresses=",".join(table.get("LocalAddress", ["*"])),
        remote_addresses=",".join(table.get("RemoteAddress", ["*"])),
        profiles=sum(bits[name] for name in table["Profile"]),
        program=table.get("Program", ""),
        service=table.get("Service", ""),
    )


def test_the_script_runs_under_5_1() -> None:
    content = script(
        RULE, RULE._replace(name="other", protocol=2, local_ports="*"), settings=exports.profile_settings("enforce")
    )
    assert powershell.faults(content) == []
    assert {powershell.text(node) for node in powershell.nodes(powershell.parsed(content), "command_name")} == COMMANDS


def test_a_script_without_rules_runs_too() -> None:
    assert powershell.faults(script()) == []


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@settings(max_examples=40, deadline=None)
@given(ASCII, ASCII.filter(bool), ASCII, st.sampled_from(["", "System", "C:\\a'b.exe"]))
def test_no_text_of_a_rule_is_anything_but_text(description: str, name: str, group: str, program: str) -> None:
    rule = RULE._replace(
        name=name, description=description.replace("|", "/"), group=group.replace("|", "/"), program=program
    )
    rule = rule._replace(name=rule.name.replace("|", "/"))
    content = script(rule)
    assert powershell.faults(content) == []
    assert [rule_of(table) for table in tables(content)] == [rule]


@pytest.mark.parametrize(
    "rule",
    [
        RULE,
        WindowsRule(name="everything", enabled=False, direction="out", action="block"),
        WindowsRule(
            name="a", protocol=17, remote_ports="53", direction="out", profiles=4, service="x", program="System"
        ),
        WindowsRule(name="b", protocol=2, local_addresses="10.0.0.1", remote_addresses="LocalSubnet,DNS4"),
        WindowsRule(name="c", profiles=7),
    ],
    ids=lambda rule: rule.name,
)
def test_the_cmdlet_makes_the_same_rule(rule: WindowsRule) -> None:
    (table,) = tables(script(rule))
    assert normal.key(rule_of(table)) == normal.key(rule)
    assert table["Name"] == exports.rule_id(rule)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (WindowsRule(name="a", others=("TTK=Proximity",)), "condition"),
        (WindowsRule(name="a", edge=True), "condition"),
        (WindowsRule(name="a", interface_types="Lan"), "condition"),
        (WindowsRule(name="a", protocol=6, local_ports="RPC"), "RPC"),
        (WindowsRule(name="a", remote_addresses="IntErnet"), "internet"),
        (WindowsRule(name="caf\u00e9"), "ASCII"),
        (WindowsRule(name="\u2018a"), "ASCII"),
        (WindowsRule(name="a\nb"), "ASCII"),
    ],
)
def test_what_the_cmdlets_cannot_make_is_refused(rule: WindowsRule, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        powershell_script.script([("{1}", rule)])


@pytest.mark.parametrize(
    "newer",
    [
        *(
            "$a = $b ? 1 : 2",
            "$a ?? 3",
            "$a ??= 3",
            "$a?.b",
            "${a}?.b",
            "$a?[0]",
            "a && b",
            "a || b",
            "sleep 1 &",
            "if (1) {",
        ),
        *(
            "1..3 | ForEach-Object -Parallel { $_ }",
            "ConvertFrom-Json -AsHashtable $a",
            "& { begin {} clean {} }",
            '"`u{1F600}"',
        ),
        *("if ($IsWindows) { 1 }", "'a' | Join-String", "'\u2019'", "\ufeff1"),
    ],
)
def test_the_check_finds_what_5_1_lacks(newer: str) -> None:
    assert powershell.faults(newer.encode())
