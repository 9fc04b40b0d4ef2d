#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nftables_policy
short_description: Apply a host's whole port policy with nftables
version_added: 0.1.0
description:
  - Takes every rule of a host at once, compares them with what the kernel holds, and applies the difference in one transaction.
  - Owns the table C(inet portmatrix) and nothing else. Other tables stay as they are, byte for byte.
  - No packet is dropped or let in by the change itself, since no chain is ever empty or unhooked while rules are replaced.
  - A change made by hand in the table is noticed and undone. When nothing differs, nothing is written and counters keep counting.
  - What no rule accepts is dropped and counted. Replies, the loopback, ping, and what IPv6 and DHCPv6 need to work are always accepted,
    and so are IGMP membership queries when a rule has the protocol V(igmp).
  - Forwarded packets, so those of containers and virtual machines, are not touched.
  - For the boot path, the rules are written to a file of their own, which the distribution's main file (C(/etc/nftables.conf),
    C(/etc/sysconfig/nftables.conf) or C(/etc/nftables.nft)) includes, and C(nftables.service) is enabled but never started or restarted.
  - Applies at once; M(vidnet.portmatrix.host_firewall) takes a change back that nobody confirms.
extends_documentation_fragment:
  - vidnet.portmatrix.policy
requirements:
  - nft 0.9.8 or later, on the host
  - root or CAP_NET_ADMIN
seealso:
  - module: vidnet.portmatrix.host_firewall
  - module: vidnet.portmatrix.port_probe
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Apply the policy of each host
  vidnet.portmatrix.nftables_policy:
    rules: "{{ portmatrix_rules }}"

- name: See what would change, in the running rules only
  vidnet.portmatrix.nftables_policy:
    rules: "{{ portmatrix_rules }}"
    persist: false
  check_mode: true
  diff: true

- name: A recording server, written by hand
  vidnet.portmatrix.nftables_policy:
    rules:
      - {direction: in, protocol: tcp, ports: ["7563"], peers: [10.77.1.0/24, "2001:db8:1::/64"], flows: [milestone.recording.media]}
      - {direction: in, protocol: tcp, ports: ["22"], peers: [10.77.9.5], flows: [portmatrix.management]}

- name: Leave the host as it was
  vidnet.portmatrix.nftables_policy:
    state: absent
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
"""

from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_module import run


def main():
    run("nftables")


if __name__ == "__main__":
    main()
