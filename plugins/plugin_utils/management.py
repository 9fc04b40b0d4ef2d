# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that administrators reach a host by: that of its own Ansible connection, and remote desktop on Windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import checks
from .problems import Problem

REMOTE_DESKTOP = 3389
SSH = 22
#: Windows' connections: the variable that says http or https, and the port of each.
WINDOWS = {"winrm": "ansible_winrm_scheme", "psrp": "ansible_psrp_protocol"}
WINDOWS_PORTS = {"http": 5985, "https": 5986}
PORTS = ("ansible_port", "ansible_ssh_port", "ansible_winrm_port", "ansible_psrp_port")
#: The variable that says which shell a connection by ssh ends in.
SHELL = "ansible_shell_type"
#: Every variable that is read here, or says what kind of host it is.
VARIABLES = ("ansible_connection", SHELL, *PORTS, *WINDOWS.values())


def wrong(host: str, variables: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a Problem for each of the host's variables that should hold a port and does not."""
    for name in PORTS:
        if variables.get(name) is not None and not _port(variables[name]):
            yield Problem((host, name), f"{variables[name]!r} is not a port", "1 to 65535")


def ports(variables: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the sorted ports for a host's variables."""
    kind = str(variables.get("ansible_connection", "ssh")).rpartition(".")[2]
    windows = kind in WINDOWS
    given = next(
        (variables[name] for name in ("ansible_port", f"ansible_{kind}_port") if variables.get(name) is not None), None
    )
    scheme = str(variables.get(WINDOWS[kind], "")).lower() if windows else ""
    default = WINDOWS_PORTS.get(scheme, WINDOWS_PORTS["https"]) if windows else SSH
    return tuple(sorted({_port(given) or default, *([REMOTE_DESKTOP] if windows else [])}))


def _port(value: Any) -> int | None:
    number = checks.as_integer(value)
    return number if number is not None and 1 <= number <= 65535 else None
