# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that people read before they run it: Windows PowerShell 5.1 and later, ASCII, nothing but the cmdlets of NetSecurity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .model import ALL_PROFILES, ANY, ANY_PROTOCOL, GROUP, PROFILES, WindowsRule
from .values import addresses

_PROTOCOLS = {6: "TCP", 17: "UDP", 1: "ICMPv4", 58: "ICMPv6"}
_KEYWORDS = {
    f"{word}{family}" for word in ("localsubnet", "dns", "dhcp", "wins", "defaultgateway") for family in ("", "4", "6")
}
_PORTS = re.compile(r"\d+(-\d+)?", re.ASCII)
#: Settings of a profile in the registry -> parameter of Set-NetFirewallProfile and its value for 0 and 1.
_SETTINGS = {
    "EnableFirewall": ("Enabled", "False", "True"),
    "DefaultInboundAction": ("DefaultInboundAction", "Allow", "Block"),
    "DefaultOutboundAction": ("DefaultOutboundAction", "Allow", "Block"),
}

_BEGIN = """\
#
# On this computer, as administrator:    powershell -File THIS_FILE -WhatIf
# Into a group policy object:            powershell -File THIS_FILE -PolicyStore example.com\\Name -WhatIf
# Without -WhatIf it adds what is missing and removes what else is in its own group. It touches no other rule.
# A rule that is there already is left as it is, so disabling one by hand lasts.
# Nothing takes a mistake back: be able to reach the computer in another way.
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $PolicyStore = 'PersistentStore'
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
"""
_END = """
$store = @{ PolicyStore = $PolicyStore }
$session = $null
if ($PolicyStore.Contains('\\')) {
    $session = Open-NetGPO -PolicyStore $PolicyStore
    $store = @{ GPOSession = $session }
}

$present = @(Get-NetFirewallRule @store | Where-Object { $_.Group -eq $group } | ForEach-Object { $_.Name })
$wanted = @($rules | ForEach-Object { $_['Name'] })
foreach ($rule in $rules) {
    if ($present -notcontains $rule['Name'] -and $PSCmdlet.ShouldProcess($rule['DisplayName'], 'Add')) {
        New-NetFirewallRule @store @rule | Out-Null
    }
}
foreach ($name in $present) {
    if ($wanted -notcontains $name -and $PSCmdlet.ShouldProcess($name, 'Remove')) {
        Remove-NetFirewallRule @store -Name $name
    }
}
"""
_SAVE = """\
if ($null -ne $session -and $PSCmdlet.ShouldProcess($PolicyStore, 'Save')) {
    Save-NetGPO -GPOSession $session
}
"""


def script(
    rules: Iterable[tuple[str, WindowsRule]], settings: Mapping[str, int] | None = None, comments: Sequence[str] = ()
) -> str:
    """Return the script for rules, each with the name by which it is found again, and for settings of every profile.

    Raises ValueError for a rule that the cmdlets cannot make, and for text that is not ASCII.
    """
    lines = [f"# {comment}" for comment in comments]
    text = "\n".join([*lines, _BEGIN, f"$group = {_quoted(GROUP)}", "$rules = @(", *_tables(rules), ")"])
    return f"{text}\n{_END}{_profiles(settings or {})}{_SAVE}"


def _tables(rules: Iterable[tuple[str, WindowsRule]]) -> Iterator[str]:
    for name, rule in rules:
        try:
            entries = dict(_parameters(name, rule))
            yield "    @{"
            yield from (f"        {key} = {_literal(value)}" for key, value in entries.items())
            yield "    }"
        except ValueError as error:
            raise ValueError(f"rule {rule.name!r}: {error}") from None


def _parameters(name: str, rule: WindowsRule) -> Iterator[tuple[str, str | list[str]]]:
    if rule.others or rule.interfaces or rule.icmp != ANY or rule.edge or rule.interface_types != "All":
        raise ValueError(
            "has a condition that this script cannot write; allowed: ports, addresses, programs and services"
        )
    yield "Name", name
    yield "DisplayName", rule.name
    yield "Group", rule.group
    if rule.description:
        yield "Description", rule.description
    yield "Enabled", str(rule.enabled)
    yield "Direction", {"in": "Inbound", "out": "Outbound"}[rule.direction]
    yield "Action", rule.action.capitalize()
    yield "Profile", _profile_names(rule.profiles)
    if rule.protocol != ANY_PROTOCOL:
        yield "Protocol", _PROTOCOLS.get(rule.protocol, str(rule.protocol))
    for key, ports in (("LocalPort", rule.local_ports), ("RemotePort", rule.remote_ports)):
        if ports != ANY:
            yield key, _ports(ports)
    for key, found in (("LocalAddress", rule.local_addresses), ("RemoteAddress", rule.remote_addresses)):
        if found != ANY:
            yield key, _addresses(found)
    if rule.program:
        yield "Program", rule.program
    if rule.service:
        yield "Service", rule.service


def _profile_names(bits: int) -> list[str]:
    names = [name.capitalize() for name, bit in PROFILES.items() if bits & bit]
    return ["Any"] if bits == ALL_PROFILES or len(names) == len(PROFILES) else names


def _ports(text: str) -> list[str]:
    found = text.split(",")
    for port in found:
        if not _PORTS.fullmatch(port):
            raise ValueError(f"has the port {port!r}; allowed: numbers and ranges")
    return found


def _addresses(text: str) -> list[str]:
    unknown = addresses(text).keywords - _KEYWORDS
    if unknown:
        raise ValueError(
            f"has the address {min(unknown)!r}; allowed: addresses, subnets, ranges, and LocalSubnet and the like"
        )
    return text.split(",")


def _profiles(settings: Mapping[str, int]) -> str:
    if not settings:
        return ""
    entries: dict[str, str | list[str]] = {"Profile": [name.capitalize() for name in PROFILES]}
    for name, number in settings.items():
        parameter, *choices = _SETTINGS[name]
        entries[parameter] = choices[number]
    lines = "".join(f"    {key} = {_literal(value)}\n" for key, value in entries.items())
    return (
        f"$profiles = @{{\n{lines}}}\n"
        "if ($PSCmdlet.ShouldProcess('Domain, Private, Public', 'Switch the profiles on')) {\n"
        "    Set-NetFirewallProfile @store @profiles\n"
        "}\n"
    )


def _literal(value: str | list[str]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"@({', '.join(map(_quoted, value))})"


def _quoted(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"{text[:60]!r}: allowed in a script: printable ASCII")
    return "'" + text.replace("'", "''") + "'"
