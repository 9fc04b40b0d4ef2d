# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of module host_firewall, as a transaction on a Windows host wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_options, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import listened
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.clients import Client
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.transaction import Wanted

BACKENDS = ("auto", "windows")
FOREIGN = ("disable", "report")
NOT_KEPT = (
    "former policies are not kept on Windows hosts, so there is none to go back to (policy, portmatrix_policy);"
    " apply the inventory of that time, with portmatrix_state: absent to have the host's own rules back"
)


def wanted(options: Mapping[str, Any], port: int, own: str = "") -> Wanted:
    """Return what the options, in plain data, want. ``port`` and ``own`` are those of this connection (see clients.client).

    Raises ValueError, which names the option and the role's variable, for what no Windows host can have.
    """
    if options["backend"] not in BACKENDS:
        raise ValueError(
            f"backend (portmatrix_backend) is {options['backend']!r}, which no Windows host has; allowed: {', '.join(BACKENDS)}"
        )
    if options["policy"]:
        raise ValueError(NOT_KEPT)
    wrong = policy_options.wrong_timeout(options["confirm_timeout"])
    if wrong:
        raise ValueError(wrong)
    rules = list(options["rules"] or ())
    try:
        policy_rules.checked(rules)
    except policy_rules.RuleError as error:
        raise ValueError(f"wrong rules, nothing was changed: {error}") from None
    client = options["client"]
    intent = Intent(
        rules=rules,
        state=options["state"],
        mode=options["mode"],
        egress=options["egress"],
        foreign=foreign(options["foreign"]),
        profiles=options["profiles"],
        ports=listened.parsed(options["ports"]),
        management_port=client["port"] if client else port,
    )
    return Wanted(
        intent,
        options["confirm_timeout"],
        targets(options["probes"]),
        options["by"],
        own,
        Client((client["address"],), client["port"]) if client else None,
    )


def remarks(options: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that means nothing on Windows."""
    if options["persist"]:
        return []
    return ["persist (portmatrix_persist) is false, which Windows does not know: its firewall keeps every rule"]


def foreign(given: Any) -> str | tuple[str, ...]:
    """Return what is to become of others' rules; raises ValueError."""
    if given in FOREIGN:
        return str(given)
    if isinstance(given, list) and all(isinstance(name, str) and name for name in given):
        return tuple(given)
    raise ValueError(
        f"foreign (portmatrix_windows_foreign) is {given!r}; allowed: {', '.join(FOREIGN)}, or a list of names of rules to leave"
    )


def targets(expectations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the declared TCP targets, each once; of UDP, silence tells nothing."""
    found = dict.fromkeys(
        (each["address"], int(port)) for each in expectations if each["protocol"] == "tcp" for port in each["open"]
    )
    return [{"address": address, "port": port} for address, port in found]
