#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewalld_policy
short_description: Apply a host's whole port policy with firewalld
version_added: 0.1.0
description:
  - Takes every rule of a host at once, compares them with what the running firewalld and its files hold, and applies the difference.
  - Its rules are rich rules in policy objects of its own, so C(firewall-cmd --list-all-policies) shows them, and firewalld loads them at boot and
    at a reload. Zones and other people's policies stay as they are.
  - The policy is asked ahead of the zones, so what someone opens in a zone does not widen it.
  - Each direction has two policy objects. The one that is not in force is filled, then put in force in one transaction, and then the other is put
    out of it. No packet is dropped or let in by the change itself, and to go back is one switch.
  - firewalld learns of a new policy object only by a reload, so the first policy of a host costs one, and so does O(state=absent). That delays new
    connections by a quarter of a second or so. What others changed in the running firewalld is put back after it.
  - firewalld checks all that it has for each rule that is added or removed. Ten take it a quarter of a second beside a hundred others; hundreds
    take it minutes, during which the former policy stays in force.
  - A change made by hand in one of our policy objects is noticed and undone. When nothing differs, nothing is written and no setter is called.
  - Applies at once; M(vidnet.portmatrix.host_firewall) takes a change back that nobody confirms.
extends_documentation_fragment:
  - vidnet.portmatrix.policy
requirements:
  - firewalld 1.0 or later, running, on the host
  - firewalld's Python binding (python3-firewall), which need not be that of the Python that runs modules
  - root
seealso:
  - module: vidnet.portmatrix.host_firewall
  - module: vidnet.portmatrix.port_probe
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Apply the policy of each host
  vidnet.portmatrix.firewalld_policy:
    rules: "{{ portmatrix_rules }}"

- name: See what would change, in the running rules only
  vidnet.portmatrix.firewalld_policy:
    rules: "{{ portmatrix_rules }}"
    persist: false
  check_mode: true
  diff: true

- name: A recording server, written by hand
  vidnet.portmatrix.firewalld_policy:
    rules:
      - {direction: in, protocol: tcp, ports: ["7563"], peers: [10.77.1.0/24, "2001:db8:1::/64"], flows: [milestone.recording.media]}
      - {direction: in, protocol: tcp, ports: ["22"], peers: [10.77.9.5], flows: [portmatrix.management]}

- name: Leave firewalld as it was
  vidnet.portmatrix.firewalld_policy:
    state: absent
"""

RETURN = r"""
backend:
  description: What holds the policy.
  returned: success
  type: str
  sample: firewalld
flows:
  description:
    - How the flows differ from what was in force.
    - firewalld has no room for the ids of flows. They stand in the files that it loads at boot, and in C(/run/portmatrix).
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
    run("firewalld")


if __name__ == "__main__":
    main()
