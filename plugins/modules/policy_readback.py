#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_readback
short_description: Read all packet filter rules that are in force on a host
version_added: 0.1.0
description:
  - Returns every rule that the kernel holds for packets in and out of the host, whoever made it, as the kernel's own tools list it. The proof
    compares these rules with the policy, for all packets.
  - Reads nftables, iptables and ip6tables in both their variants, and the sets of ipset if rules ask for them.
  - Of a Windows host, RV(windows) is returned instead of RV(ruleset) - all rules of its firewall, whoever made them, its profiles, and what
    group policy says of them.
  - Changes nothing. No kernel module is loaded and no table made by the reading; a tool is called only where the kernel has something that it lists.
  - What is not read are filters of other kinds, such as ebtables and arptables in their legacy variants, eBPF programs, traffic control, and what
    services refuse by themselves.
  - All listings together are at most 32 MiB of text, which is about 700 000 networks in a set. On a host with more, the module fails.
options: {}
requirements:
  - nft with JSON, on the host, unless its kernel has no nftables
  - iptables-save and ip6tables-save of the variants that made rules there
  - ipset, if rules ask for its sets
  - ip of iproute2
  - root
  - on a Windows host, PowerShell 5.1 and an administrator's account instead of all of these
seealso:
  - module: vidnet.portmatrix.policy_counters
  - module: vidnet.portmatrix.port_probe
attributes:
  check_mode:
    description: Can run in check mode; there is nothing to change.
    support: full
  diff_mode:
    description: There is no difference to return.
    support: none
  platform:
    description: The platforms that it works with.
    platforms: linux, windows
    support: full
    details: Of Windows, what Microsoft documents has been gone by; it has not been tried on a Windows host.
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Read the rules in force
  vidnet.portmatrix.policy_readback:
  register: readback

- name: Keep them beside the proof
  ansible.builtin.copy:
    content: "{{ readback.ruleset | to_nice_json }}"
    dest: "proof/{{ inventory_hostname }}.json"
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
ruleset:
  description: What is in force. A listing is empty where the kernel has nothing of that kind.
  returned: success, on Linux
  type: dict
  contains:
    nft:
      description: What C(nft -j list ruleset) prints.
      type: str
    iptables:
      description: What the variants of iptables-save print, with counters, by address family (V(ipv4), V(ipv6)).
      type: dict
      contains:
        ipv4:
          description: The rules for IPv4.
          type: dict
          contains:
            nft:
              description: What C(iptables-nft-save) prints.
              type: str
            legacy:
              description: What C(iptables-legacy-save) prints.
              type: str
        ipv6:
          description: The rules for IPv6.
          type: dict
          contains:
            nft:
              description: What C(ip6tables-nft-save) prints.
              type: str
            legacy:
              description: What C(ip6tables-legacy-save) prints.
              type: str
    ipset:
      description: What C(ipset save) prints. Empty also where no rule asks for a set.
      type: str
    interfaces:
      description: Names of all network interfaces.
      type: list
      elements: str
    addresses:
      description: All addresses but those that stay inside the host, such as V(127.0.0.1).
      type: list
      elements: str
  sample:
    nft: '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'
    iptables: {ipv4: {nft: "", legacy: ""}, ipv6: {nft: "", legacy: ""}}
    ipset: ""
    interfaces: [eth0, lo]
    addresses: [10.77.1.12, "fd77::1:12"]
windows:
  description:
    - What the Windows firewall holds, among it C(rules) as INetFwRule has them, C(profiles), C(current_profiles), C(group_policy), the state of
      its C(service), and C(products) that have taken it over.
  returned: success, on Windows
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.kernel_listing import Listing


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    listing = Listing()
    try:
        ruleset = listing.ruleset()
    except BackendError as error:
        module.fail_json(msg=str(error))
    for warning in listing.warnings:
        module.warn(warning)
    module.exit_json(changed=False, ruleset=ruleset)


if __name__ == "__main__":
    main()
