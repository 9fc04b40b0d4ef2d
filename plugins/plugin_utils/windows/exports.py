# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's policy for a domain that forbids local rules: as values of a group policy, in the forms that Windows' tools take."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..policy import MANAGEMENT
from . import lgpo, powershell_script, registry_pol, rule_string
from .build import build
from .model import ANY, PROFILES, WindowsRule
from .registry import POLICY_KEY, RULES_KEY, Value, dword, string
from .rule_files import PROFILE_KEYS

SUFFIXES: Mapping[str, str] = {"lgpo": "txt", "registry_pol": "pol", "powershell": "ps1"}
FORMS = tuple(SUFFIXES)
EGRESS = ("allow", "enforce")
PROFILE_CHOICES = ("leave", "enforce")
#: Characters of a rule string that still fit into a value of Registry.pol, which are units of UTF-16, with their end mark.
MOST_CHARACTERS = registry_pol.MOST_DATA // 2 - 1
NOT_SEEN = "Made after Microsoft's documents; not yet tried on a Windows host. Review it, and try it on one host first."
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/vidnet/portmatrix")


def export(
    rules: Iterable[Mapping[str, Any]], form: str, egress: str = "allow", profiles: str = "leave", host: str = ""
) -> bytes:
    """Return a host's ``portmatrix_rules`` as ``lgpo``, ``registry_pol`` or ``powershell``.

    With ``egress`` allow, rules for what the host opens itself are left out. With ``profiles`` enforce, every profile is switched on
    and blocks what no rule lets in (with ``egress`` enforce, and out); that needs a rule for administrators. Raises ValueError for
    rules that are none, and for an unknown form or choice.
    """
    for name, value, allowed in (
        ("form", form, FORMS),
        ("egress", egress, EGRESS),
        ("profiles", profiles, PROFILE_CHOICES),
    ):
        if value not in allowed:
            raise ValueError(f"{name}: {value!r}; allowed: {', '.join(allowed)}")
    rules = list(rules)
    if profiles == "enforce" and not any(MANAGEMENT in (rule.get("flows") or ()) for rule in rules):
        raise ValueError(
            "profiles=enforce: no rule lets administrators in; allowed: with portmatrix_management_sources"
        )
    made = windows_rules(rules, egress)
    enforced = profile_settings(egress) if profiles == "enforce" else {}
    if form == "powershell":
        return powershell_script.script(
            [(rule_id(rule), rule) for rule in made], enforced, _comments(host, made)
        ).encode("ascii")
    values = policy_values(made, enforced)
    if form == "registry_pol":
        return registry_pol.write(values)
    return lgpo.write(values, _comments(host, made)).encode("ascii")


def files(
    policies: Mapping[str, Mapping[str, Any]],
    hosts: Iterable[str],
    forms: Iterable[str],
    egress: str = "allow",
    profiles: str = "leave",
) -> dict[str, bytes]:
    """Return file name -> content for each of ``hosts`` and ``forms``; raises ValueError, which names the host."""
    found = {}
    forms = list(forms)
    for host in hosts:
        if host not in policies or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", host):
            raise ValueError(f"{host!r}: allowed: hosts of the inventory whose name can be a file's")
        for form in forms:
            try:
                found[f"{host}.{SUFFIXES[form]}"] = export(policies[host]["rules"], form, egress, profiles, host)
            except ValueError as error:
                raise ValueError(f"{host}: {error}") from None
    return found


def windows_rules(rules: Iterable[Mapping[str, Any]], egress: str = "allow") -> list[WindowsRule]:
    """Return a policy's rules for Windows, in ASCII, and each short enough for Registry.pol."""
    made = build(rule for rule in rules if egress == "enforce" or rule.get("direction") != "out")
    return [part for rule in made for part in fitting(_in_ascii(rule))]


def fitting(rule: WindowsRule, most: int = MOST_CHARACTERS) -> Iterator[WindowsRule]:
    """Yield rules that together are this one, each of whose rule strings has at most ``most`` characters.

    Raises ValueError where even one address is too much.
    """
    parts = _halved(rule, most)
    for number, part in enumerate(parts, 1):
        yield part if len(parts) == 1 else part._replace(name=f"{rule.name} ({number})")


def _halved(rule: WindowsRule, most: int) -> list[WindowsRule]:
    if len(rule_string.write(rule)) + len(" (1000)") <= most:
        return [rule]
    addresses = [] if rule.remote_addresses == ANY else rule.remote_addresses.split(",")
    if len(addresses) < 2:
        raise ValueError(f"rule {rule.name!r} is too long for Registry.pol; allowed: {most:,} characters")
    middle = len(addresses) // 2
    halves = (",".join(addresses[:middle]), ",".join(addresses[middle:]))
    return [part for half in halves for part in _halved(rule._replace(remote_addresses=half), most)]


def rule_id(rule: WindowsRule) -> str:
    """Return the name of the value that holds a rule: the same for the same rule, another for any other."""
    return f"{{{uuid.uuid5(_NAMESPACE, rule_string.write(rule))}}}".upper()


def policy_values(rules: Iterable[WindowsRule], settings: Mapping[str, int] | None = None) -> list[Value]:
    """Return the values of a group policy with these rules, and with these settings of every profile."""
    found = [
        dword(f"{POLICY_KEY}\\{PROFILE_KEYS[profile][0]}", name, number)
        for profile in PROFILES
        for name, number in (settings or {}).items()
    ]
    return found + [string(f"{POLICY_KEY}\\{RULES_KEY}", rule_id(rule), rule_string.write(rule)) for rule in rules]


def profile_settings(egress: str) -> dict[str, int]:
    """Return the settings of a profile under which rules say all that is let in, and with ``egress`` enforce, out."""
    settings = {"EnableFirewall": 1, "DefaultInboundAction": 1}
    return {**settings, "DefaultOutboundAction": 1} if egress == "enforce" else settings


def _in_ascii(rule: WindowsRule) -> WindowsRule:
    """Windows PowerShell and LGPO.exe read files without a mark in the host's code page, so only ASCII is the same for all."""
    return rule._replace(name=_ascii(rule.name), description=_ascii(rule.description))


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).replace("|", "/")
    letters = (letter for letter in " ".join(plain.split()) if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in letters)


def _comments(host: str, rules: list[WindowsRule]) -> list[str]:
    return [
        f"{len(rules)} Windows firewall rules{f' of {_ascii(host)}' if host else ''}, by vidnet.portmatrix",
        NOT_SEEN,
    ]
