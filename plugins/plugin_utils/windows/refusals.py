# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts where rules would mean nothing: no firewall, another one, or a group policy that overrides what is the host's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .intent import Intent, WindowsError
from .model import PROFILES
from .registry import POLICY_KEY
from .rule_files import PROFILE_KEYS
from .wire import DECIDED_BY, Host

#: NET_FW_RULE_CATEGORY_FIREWALL: another product with it filters instead of Windows' own firewall.
_FIREWALL = 2
#: Values of LocalPolicyModifyState.
GROUP_OVERRIDES, INBOUND_BLOCKED = 1, 2
EXPORT = (
    'Change it there, or bring this host\'s policy by group policy, too: see "A policy for a domain that forbids local rules"'
    " in docs/windows.md"
)


def check_service(state: Any) -> None:
    """Raise WindowsError where the firewall's service does not run."""
    service = state["service"]
    if service != "Running":
        raise WindowsError(
            f"the service MpsSvc (Windows Defender Firewall) is {service or 'not there'}, so no rule of this host is in force;"
            " start it, and let it start by itself"
        )


def check_in_force(host: Host) -> None:
    """Raise WindowsError where Windows' own rules decide nothing, whatever they say."""
    check_service(host.raw)
    problems = list(_products(host))
    if problems:
        raise WindowsError(". ".join(problems))


def check(host: Host, intent: Intent) -> tuple[str, ...]:
    """Return what to warn of; raises WindowsError with every reason why the host's own rules would mean nothing."""
    if not intent.present:
        return ()
    problems = [*_products(host), *_states(host)]
    decided = list(_by_group_policy(host, intent))
    problems += [text for text, fatal in decided if fatal]
    if not problems and host.raw["modify_state"] == GROUP_OVERRIDES:
        problems.append("group policy overrides the host's own rules (LocalPolicyModifyState is 1)")
    if any("group policy" in problem for problem in problems):
        problems.append(EXPORT)
    if problems:
        raise WindowsError(". ".join(problem[0].upper() + problem[1:] for problem in problems))
    return tuple(f"{text[0].upper()}{text[1:]}." for text, _fatal in decided)


def taken_over(host: Host) -> Iterator[str]:
    """Yield a sentence without its end for each other product that filters instead of Windows."""
    for product in host.raw["products"] or ():
        if _FIREWALL in product["categories"]:
            yield f"{product['name']} has taken over the firewall of this host"


def _products(host: Host) -> Iterator[str]:
    for sentence in taken_over(host):
        yield f"{sentence}, so Windows' own rules are not in force; manage it there, or remove it"


def _states(host: Host) -> Iterator[str]:
    blocked = [profile.name for profile in host.policy.profiles if profile.block_all_inbound]
    decided = {name for name, given in host.by_policy.items() if given.get("DoNotAllowExceptions")}
    ours = [name for name in blocked if name in host.current and name not in decided]
    for name in ours:
        yield (
            f"the current profile, {name}, blocks all inbound connections, whatever rules allow (BlockAllInboundTraffic);"
            f" netsh advfirewall set {name}profile firewallpolicy blockinbound,allowoutbound ends that"
        )
    if not blocked and host.raw["modify_state"] == INBOUND_BLOCKED:
        yield "all inbound connections are blocked, whatever rules allow (LocalPolicyModifyState is 2)"


def _by_group_policy(host: Host, intent: Intent) -> Iterator[tuple[str, bool]]:
    """Yield what group policy decides otherwise than the policy needs it, and whether nothing can be done then."""
    for name in PROFILES:
        given = host.by_policy[name]
        current = name in host.current
        if given.get("AllowLocalPolicyMerge", 1) == 0:
            yield _sentence(name, "AllowLocalPolicyMerge", 0, "lets none of the host's own rules count"), current
        if given.get("DoNotAllowExceptions", 0):
            yield (
                _sentence(name, "DoNotAllowExceptions", 1, "blocks all inbound connections, whatever rules allow"),
                current,
            )
        strict = current or intent.profiles == "enforce"
        for setting, wrong, what in (
            ("enabled", 0, "switches the firewall off"),
            ("default_inbound", 0, "lets in whatever no rule blocks"),
            ("default_outbound", 0, "lets out whatever no rule blocks"),
        ):
            relevant = setting != "default_outbound" or intent.egress == "enforce"
            if relevant and given.get(DECIDED_BY[setting]) == wrong:
                yield _sentence(name, DECIDED_BY[setting], wrong, what), strict


def _sentence(profile: str, value: str, number: int, what: str) -> str:
    key = PROFILE_KEYS[profile][0]
    return f"group policy {what} in the {profile} profile: {value} is {number} under HKEY_LOCAL_MACHINE\\{POLICY_KEY}\\{key}"
