# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be turned into a rule, and what to set so that it can."""

from __future__ import annotations

from collections.abc import Iterable

MOST_NAMES = 5


class Gaps:
    """The unresolved flows of one host."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, str, str], set[str]] = {}

    def parameter(self, flow: str, parameter: str, owner: str) -> None:
        """A required parameter is not set on ``owner``."""
        self._add(flow, f"{parameter} is not set on {{}}", f"portmatrix_parameters.{parameter} on {{}}", owner)

    def unknown(self, flow: str, text: str) -> None:
        """The port itself is unknown."""
        self._add(flow, f"its port is {text!r}", "a port in a flow of your own (portmatrix_flows)")

    def nobody(self, flow: str, components: Iterable[str]) -> None:
        """No host and no network is the other end."""
        known = list(components)
        names = " or ".join(known)
        self._add(flow, f"no {names} is known", f"a host in group {names}, or portmatrix_networks.{known[0]}")

    def unreviewed(self, flow: str, initiators: Iterable[str], listeners: Iterable[str]) -> None:
        """The flow is a draft's, and nobody has confirmed who it goes from and to."""
        proposed = f"{' or '.join(initiators)} -> {' or '.join(listeners)}"
        self._add(
            flow,
            f"it is a draft that nobody has confirmed (proposed: {proposed})",
            "in its matrix file from, to and feature as they really are, then reviewed: true",
        )

    def addresses(self, flow: str, hosts: Iterable[str]) -> None:
        """Of these hosts at the other end no address is known."""
        for host in hosts:
            self._add(flow, "no address is known of {}", "portmatrix_addresses on {}", host)

    def families(self, flow: str, hosts: Iterable[str]) -> None:
        """These at the other end have addresses of another family only."""
        for host in hosts:
            self._add(flow, "no address family is shared with {}", "portmatrix_addresses on either host", host)

    def entries(self) -> list[dict[str, str]]:
        """Return ``{flow, reason, set}`` for each, sorted."""
        found = []
        for (flow, reason, remedy), hosts in sorted(self._hosts.items()):
            names = sorted(hosts)
            shown = ", ".join(names[:MOST_NAMES]) + (
                f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            )
            found.append({"flow": flow, "reason": reason.replace("{}", shown), "set": remedy.replace("{}", shown)})
        return found

    def _add(self, flow: str, reason: str, remedy: str, host: str = "") -> None:
        self._hosts.setdefault((flow, reason, remedy), set()).update([host] if host else [])
