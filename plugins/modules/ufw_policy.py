#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ufw_policy
short_description: Apply a host's whole port policy with ufw
version_added: 0.1.0
description:
  - Takes every rule of a host at once, compares them with what the kernel and ufw's files hold, and applies the difference.
  - Its rules are ufw's own, in C(/etc/ufw/user.rules) and C(/etc/ufw/user6.rules), with a comment that begins with C(portmatrix). So C(ufw status)
    shows them, and they are loaded by C(ufw reload) and at boot.
  - The running rules are replaced in one transaction for IPv4 and one for IPv6. C(ufw) itself is never called, since its C(reload), C(enable),
    C(default) and C(reset) leave the host open meanwhile. No packet is dropped or let in by the change itself.
  - Rules made by hand keep their place and their text, and what they let in stays open.
  - A change made by hand to a rule of ours is noticed and undone. When nothing differs, nothing is written.
  - What no rule accepts is shut by ufw's own default. Where that is C(allow), rules that shut the rest are put behind all others.
  - Under O(egress=enforce) these shut each protocol that ufw can name. It cannot name ICMP, so that the host can ping, nor SCTP. To shut these too,
    set ufw's own default for outgoing packets.
  - Applies at once; M(vidnet.portmatrix.host_firewall) takes a change back that nobody confirms.
extends_documentation_fragment:
  - vidnet.portmatrix.policy
requirements:
  - ufw 0.36 or later, enabled, on the host
  - root
seealso:
  - module: vidnet.portmatrix.host_firewall
  - module: vidnet.portmatrix.port_probe
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Apply the policy of each host
  vidnet.portmatrix.ufw_policy:
    rules: "{{ portmatrix_rules }}"

- name: See what would change, in the running rules only
  vidnet.portmatrix.ufw_policy:
    rules: "{{ portmatrix_rules }}"
    persist: false
  check_mode: true
  diff: true

- name: A recording server, written by hand
  vidnet.portmatrix.ufw_policy:
    rules:
      - {direction: in, protocol: tcp, ports: ["7563"], peers: [10.77.1.0/24, "2001:db8:1::/64"], flows: [milestone.recording.media]}
      - {direction: in, protocol: tcp, ports: ["22"], peers: [10.77.9.5], flows: [portmatrix.management]}

- name: Leave ufw as it was
  vidnet.portmatrix.ufw_policy:
    state: absent
"""

RETURN = r"""
backend:
  description: What holds the policy.
  returned: success
  type: str
  sample: ufw
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
    run("ufw")


if __name__ == "__main__":
    main()
