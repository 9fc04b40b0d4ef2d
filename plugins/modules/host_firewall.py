#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_firewall
short_description: Apply a host's whole port policy so that nobody can be locked out
version_added: 0.1.0
description:
  - Applies a policy through the firewall that the host has, in one transaction, and asks for its confirmation.
  - A timer on the host is armed first. It outlives ssh, Ansible and the controller, and brings the former rules back unless the change is
    confirmed. To confirm it, a new connection to the host is made, and what the host reached before must still be reached from it.
  - Only then do the rules enter the boot path, so that a boot in between loads the former policy as well.
  - A policy that would refuse the very connection that brings it is refused before anything is changed.
  - One run at a time changes a host. Another waits for the first, and for its confirmation, and says whose it is when that takes too long.
extends_documentation_fragment:
  - vidnet.portmatrix.policy
options:
  backend:
    description:
      - What holds the policy. V(auto) is firewalld or ufw where one of them is active on the host, and nftables otherwise.
      - When both are active, V(auto) is an error.
    type: str
    choices: [auto, nftables, firewalld, ufw]
    default: auto
  confirm_timeout:
    description: Seconds that a change waits for its confirmation; at most 3600. With V(0) it is for good at once.
    type: int
    default: 90
  probes:
    description:
      - What this host must be able to reach, in the form of C(portmatrix_expectations).
      - Those of its TCP targets that answer before the change must answer before it is confirmed.
    type: list
    elements: dict
    default: []
    suboptions:
      to:
        description: Name of the target.
        type: str
        required: true
      source:
        description: Address of this host to ask from.
        type: str
        required: true
      address:
        description: Address of the target.
        type: str
        required: true
      protocol:
        description: V(tcp) or V(udp). Of V(udp), silence tells nothing, so it is not asked.
        type: str
        required: true
      open:
        description: Ports that are declared.
        type: list
        elements: int
        default: []
      shut:
        description: Ports that are not declared. They are not asked.
        type: list
        elements: int
        default: []
      speaks:
        description: Which protocol ports speak. It is not asked for.
        type: dict
        default: {}
  policy:
    description:
      - Instead of O(rules), a policy that the host had before. Its number, or V(previous) for the last but one.
      - The last five that were confirmed are kept, see M(vidnet.portmatrix.policy_confirm).
    type: str
  client:
    description: Where the management connection comes from, as the host sees it. Found out by itself for ssh.
    type: dict
    suboptions:
      address:
        description: Address of the controller, or of what stands between.
        type: str
        required: true
      port:
        description: Port of the host.
        type: int
        required: true
  by:
    description: Who makes the change, for whoever has to wait for it. Found out by itself.
    type: str
    default: another run
attributes:
  action:
    description: Runs on the controller too, which makes the new connection.
    support: full
requirements:
  - nft 0.9.8 or later, firewalld 1.0 or later, or ufw 0.36 or later, on the host
  - root on the host
seealso:
  - module: vidnet.portmatrix.policy_confirm
  - module: vidnet.portmatrix.nftables_policy
  - module: vidnet.portmatrix.firewalld_policy
  - module: vidnet.portmatrix.ufw_policy
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Apply the policy of each host
  vidnet.portmatrix.host_firewall:
    rules: "{{ portmatrix_rules }}"
    probes: "{{ portmatrix_expectations }}"

- name: Go back to the policy before
  vidnet.portmatrix.host_firewall:
    policy: previous
"""

RETURN = r"""
backend:
  description: What holds the policy.
  returned: success
  type: str
  sample: nftables
flows:
  description:
    - How the flows differ from what the kernel held.
    - Of a rule that is replaced, the kernel knows only the flows that its comment had room for.
  returned: success
  type: dict
  contains:
    added:
      description: Flows that had no rule before.
      type: list
      elements: str
    removed:
      description: Flows that have no rule any more.
      type: list
      elements: str
    changed:
      description: Flows whose directions, protocols, ports or peers differ.
      type: list
      elements: str
  sample: {added: [milestone.recording.media], removed: [], changed: [portmatrix.management]}
confirmed:
  description: Whether the change was confirmed over a new connection.
  returned: when there was a change and a time to confirm it
  type: bool
"""

from ansible_collections.vidnet.portmatrix.plugins.module_utils import host_backend
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_module import run


def main():
    run(
        None,
        {
            "backend": {"type": "str", "choices": ["auto", *host_backend.NAMES], "default": "auto"},
            "confirm_timeout": {"type": "int", "default": 90},
            "probes": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "to": {"type": "str", "required": True},
                    "source": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "protocol": {"type": "str", "required": True},
                    "open": {"type": "list", "elements": "int", "default": []},
                    "shut": {"type": "list", "elements": "int", "default": []},
                    "speaks": {"type": "dict", "default": {}},
                },
            },
            "policy": {"type": "str"},
            "client": {
                "type": "dict",
                "options": {
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                },
            },
            "by": {"type": "str", "default": "another run"},
        },
    )


if __name__ == "__main__":
    main()
