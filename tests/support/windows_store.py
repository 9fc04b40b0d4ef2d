# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a stand-in for the Windows firewall, with Windows' manners, as far as Microsoft documents them.

Addresses come back with masks, names are not unique and removal takes one, ports belong to TCP and UDP only.
"""

from __future__ import annotations

import ipaddress
from typing import Any

INVALID = "Value does not fall within the expected range. (Exception from HRESULT: 0x80070057 (E_INVALIDARG))"
PORT_WORDS = ("*", "RPC", "RPC-EPMap", "IPHTTPS")
ADDRESS_WORDS = ("*", "LocalSubnet", "DNS", "DHCP", "WINS", "Defaultgateway")
SELECTOR = ("name", "program", "service", "protocol", "local_ports", "direction")
PROFILES = ("domain", "private", "public")
EVERY_PROFILE = 0x7FFFFFFF
WITH_PORTS = (6, 17)


class Invalid(Exception):
    """Windows takes no such value."""


def rule(name: str, **fields: Any) -> dict[str, Any]:
    """Return an enabled inbound allow rule as it comes back, with these fields instead of what a plain one has."""
    protocol = fields.get("protocol", 256)
    ported = "*" if protocol in WITH_PORTS else ""
    return {
        "name": name,
        "description": "",
        "group": "",
        "program": "",
        "service": "",
        "protocol": protocol,
        "local_ports": ported,
        "remote_ports": ported,
        "local_addresses": "*",
        "remote_addresses": "*",
        "icmp": "",
        "direction": 1,
        "interfaces": [],
        "interface_types": "All",
        "enabled": True,
        "profiles": EVERY_PROFILE,
        "action": 1,
        "edge": False,
        "edge_options": 0,
        "package": "",
        "owner": "",
        "local_users": "",
        "remote_users": "",
        "remote_computers": "",
        "secure": 0,
        **fields,
    }


def profile(**settings: Any) -> dict[str, Any]:
    """Return the settings of a profile as Windows ships them, with these instead."""
    return {
        "enabled": True,
        "default_inbound": 0,
        "default_outbound": 1,
        "block_all_inbound": False,
        "log_allowed": False,
        "log_dropped": False,
        "log_file": r"%systemroot%\system32\LogFiles\Firewall\pfirewall.log",
        "log_size": 4096,
        **settings,
    }


def added(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a rule that is added; raises Invalid."""
    if not wanted["name"] or "|" in wanted["name"] or "|" in wanted["description"] or wanted["name"].lower() == "all":
        raise Invalid(INVALID)
    if wanted["protocol"] not in WITH_PORTS and (wanted["local_ports"] or wanted["remote_ports"]):
        raise Invalid(INVALID)
    row = rule(**wanted)
    for end in ("local", "remote"):
        row[f"{end}_addresses"] = addresses(wanted[f"{end}_addresses"])
        if wanted["protocol"] in WITH_PORTS:
            row[f"{end}_ports"] = ports(wanted[f"{end}_ports"])
    return row


def ports(text: str) -> str:
    """Return ports as they come back; raises Invalid."""
    for part in text.split(","):
        if part in PORT_WORDS:
            continue
        numbers = part.split("-")
        if len(numbers) > 2 or not all(number.isdigit() and int(number) <= 65535 for number in numbers):
            raise Invalid(INVALID)
    return text


def addresses(text: str) -> str:
    """Return addresses as they come back, which is in another order and with masks; raises Invalid."""
    return ",".join(reversed([_address(part) for part in text.split(",")]))


def _address(text: str) -> str:
    if text in ADDRESS_WORDS:
        return text
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part) for part in text.split("-"))
            if first > last:  # type: ignore[operator]
                raise ValueError
            return f"{first}-{last}"
        network = ipaddress.ip_network(text, strict=False)
    except (TypeError, ValueError):
        raise Invalid(INVALID) from None
    if network.version == 4:
        return f"{network.network_address}/{network.netmask}"
    return str(network.network_address) if network.prefixlen == 128 else str(network)


def remove(rules: list[dict[str, Any]], name: str) -> None:
    """Remove one of the rules of this name, whichever Windows finds first; none there is no error."""
    for position, row in enumerate(rules):
        if row["name"].lower() == name.lower():
            del rules[position]
            return


def switch(rules: list[dict[str, Any]], selector: dict[str, Any], enabled: bool) -> int:
    """Switch every rule that the selector chooses on or off; return how many it chose."""
    chosen = [row for row in rules if all(row[key] == selector[key] for key in SELECTOR)]
    for row in chosen:
        row["enabled"] = enabled
    return len(chosen)


def set_profile(profiles: dict[str, dict[str, Any]], given: dict[str, Any]) -> None:
    """Do what netsh does with what is given of a profile; raises Invalid."""
    if given["name"] not in PROFILES:
        raise Invalid(f"{given['name']} is not a valid profile.")
    known = profiles[given["name"]]
    for key in ("enabled", "log_allowed", "log_dropped"):
        if given.get(key) is not None:
            known[key] = bool(given[key])
    directions = [given.get("default_inbound"), given.get("default_outbound")]
    if None not in directions:  # netsh sets both at once, and with them whether rules count at all
        known["block_all_inbound"] = directions[0] == "block_all"
        known["default_inbound"], known["default_outbound"] = (int(word == "allow") for word in directions)
    elif directions != [None, None]:
        raise Invalid("The syntax supplied for this command is not valid.")
