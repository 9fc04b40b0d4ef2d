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
      - Of a host that is reached by winrm or psrp, or by ssh with C(ansible_shell_type) V(powershell) or V(cmd), V(auto) is V(windows),
        and no other is allowed.
    type: str
    choices: [auto, nftables, firewalld, ufw, windows]
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
      - The last five that were confirmed are kept, see M(vidnet.portmatrix.policy_confirm). None are on Windows.
    type: str
  client:
    description: Where the management connection comes from, as the host sees it. Found out by itself for ssh, and on Windows.
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
  foreign:
    description:
      - For Windows hosts, what becomes of an enabled rule that is not this collection's own and lets peers reach a port of the matrix on
        this host which O(rules) do not let them reach. Such rules add up with our own, which restrict nothing while they stand.
      - With V(disable) they are switched off, and O(state=absent) gives back those that were. With V(report) they are only named.
      - A list of rule names is V(disable) for all but these.
      - Rules for other ports are never touched, nor are those for remote desktop, WinRM, ssh, core networking and file sharing.
    type: raw
    default: disable
  profiles:
    description:
      - For Windows hosts, what becomes of a profile that is off or lets in by default, which makes rules meaningless.
      - With V(enforce) it is switched on and lets in only what a rule does, and O(state=absent) gives back what it was.
        With V(report) it is only named.
    type: str
    choices: [enforce, report]
    default: enforce
  ports:
    description:
      - For Windows hosts, the ports of the matrix that the host listens on, whether anybody may reach them or not.
      - In an inventory with the P(vidnet.portmatrix.site#inventory) plugin this is C(portmatrix_listened).
      - Without it they are those of O(rules).
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description: Protocol of the ports.
        type: str
        choices: [tcp, udp]
        required: true
      ports:
        description: Ports such as V(7563), or ranges such as V(6000-7000).
        type: list
        elements: str
        required: true
      flow:
        description: Id of the flow.
        type: str
        default: ""
      components:
        description: The host's components that listen there.
        type: list
        elements: str
        default: []
attributes:
  action:
    description: Runs on the controller too, which makes the new connection, and decides what a Windows host has to change.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: linux, windows
    support: full
    details: Of Windows, what Microsoft documents has been gone by; it has not been tried on a Windows host.
requirements:
  - nft 0.9.8 or later, firewalld 1.0 or later, or ufw 0.36 or later, on a Linux host; root on it
  - Windows Server 2016 or Windows 10, or later, with Windows PowerShell 5.1 or PowerShell 7, on a Windows host; an administrator on it
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
foreign:
  description:
    - The rules that others left open, one row for each rule, protocol and set of peers.
    - C(sentence) is for people, C(disposition) what became of the rule (V(disabled), V(left), V(untouched), V(reported) or V(group policy)).
  returned: success, on Windows
  type: list
  elements: dict
drift:
  description: What somebody else has changed since the last change of this collection, as sentences.
  returned: success, on Windows
  type: list
  elements: str
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

from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_module import run
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_options import HOST_FIREWALL


def main():
    run(None, HOST_FIREWALL)


if __name__ == "__main__":
    main()
