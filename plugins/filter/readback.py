# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: readback
short_description: Compare the rules in force on hosts with their policy, for all packets
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Reads the rules that M(vidnet.portmatrix.policy_readback) found in force on each host, decides for all packets what becomes of them, and
    compares that with what the policy declares. It knows nothing of how the rules were written.
  - A difference is told as ranges of ports and networks of peers, with the smallest packet that shows it and the rule that decides it.
  - Where a rule asks for something that is not known beforehand (a rate, a mark), or is not understood, the packets that it matters for
    are differences of the kind V(unknown).
  - Ordinary packets are meant, whole ones without extension headers, that come in where the answer goes out.
positional: _input
options:
  _input:
    description:
      - Host to a dictionary with C(ruleset), the result RV(vidnet.portmatrix.policy_readback#module:ruleset), and C(rules), the host's C(portmatrix_rules).
      - Optional keys are C(egress) (V(allow), as is the default, or V(enforce)), C(addresses), the host's addresses besides those that
        were read there, and C(mode) (V(enforce), as is the default, or V(audit)). In audit mode everything is let through, so only
        what is shut is a difference.
    type: dict
    required: true
seealso:
  - module: vidnet.portmatrix.policy_readback
"""

EXAMPLES = r"""
- name: Read the rules in force
  vidnet.portmatrix.policy_readback:
  register: in_force

- name: Compare them with the policy of this host
  ansible.builtin.debug:
    msg: "{{ {inventory_hostname: {'ruleset': in_force.ruleset, 'rules': portmatrix_rules}} | vidnet.portmatrix.readback }}"
  # rs1:
  #   - direction: in
  #     family: ipv4
  #     protocol: tcp
  #     ports: ["8080"]
  #     peers: [any]
  #     kind: open
  #     state: new
  #     example: {source: 1.0.0.0, destination: 10.0.0.11, protocol: tcp, source_port: 49152, port: 8080}
  #     rule: 'inet extra input: tcp dport 8080 accept'
  #     sentence: 'IPv4 TCP port 8080 from anywhere is let in, though nothing declares it: inet extra input: tcp dport 8080 accept'
"""

RETURN = r"""
_value:
  description:
    - Host to its list of differences, empty where there are none. Each has C(direction) (V(in), V(out)), C(family) (V(ipv4), V(ipv6)), C(protocol),
      C(ports), C(peers), C(kind) (V(open) is let through though nothing declares it, V(shut) is declared and dropped, V(unknown) cannot be
      told), C(state) of the connection, an C(example) packet, the C(rule) that decides, and a C(sentence).
    - Where the differences under one rule need more than eight sets of peers, they are told as one, with all of their ports and all of their peers.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import compare

_NEEDED = ("ruleset", "rules")
_OPTIONAL = ("egress", "addresses", "mode")
_MODES = ("enforce", "audit")


def readback(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the differences of every host; raises AnsibleFilterError, with the host and the key."""
    given = plain(hosts)
    if not isinstance(given, dict):
        raise AnsibleFilterError("readback: the input must be a dictionary of hosts")
    return {host: _differences(host, about) for host, about in given.items()}


def _differences(host: str, about: Any) -> list[dict[str, Any]]:
    allowed = ", ".join((*_NEEDED, *_OPTIONAL))
    if not isinstance(about, dict):
        raise AnsibleFilterError(f"readback: {host}: must be a dictionary; allowed keys: {allowed}")
    for key in _NEEDED:
        if key not in about:
            raise AnsibleFilterError(f"readback: {host}.{key}: is missing; allowed keys: {allowed}")
    for key in sorted(set(about) - {*_NEEDED, *_OPTIONAL}):
        raise AnsibleFilterError(f"readback: {host}.{key}: unknown key; allowed: {allowed}")
    mode = about.get("mode", "enforce")
    if mode not in _MODES:
        raise AnsibleFilterError(f"readback: {host}.mode: {mode!r} is not one of {', '.join(_MODES)}")
    try:
        found = compare.differences(
            about["ruleset"], about["rules"], about.get("egress", "allow"), about.get("addresses") or ()
        )
    except ValueError as error:
        raise AnsibleFilterError(f"readback: {host}.{error}") from error
    return compare.only(found, mode)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return name -> function."""
        return {"readback": readback}
