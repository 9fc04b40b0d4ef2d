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
options:
  rules:
    description:
      - The policy of this host, all of it. Needed when O(state=present).
      - In an inventory with the P(vidnet.portmatrix.site#inventory) plugin this is C(portmatrix_rules).
      - Wrong rules are all named at once by their number, and then nothing is changed.
    type: list
    elements: dict
    suboptions:
      direction:
        description: V(in) or V(out). Always needed.
        type: str
      protocol:
        description: V(tcp), V(udp) or V(igmp). Always needed.
        type: str
      ports:
        description: Ports of the listener such as V(7563), or ranges such as V(6000-7000). Needed, except for V(igmp), which has none.
        type: list
        elements: str
      peers:
        description:
          - Addresses and CIDRs of the other side, IPv4 or IPv6, or V(any). Always needed, and never empty.
          - Peers of one family only give no rule for the other family.
        type: list
        elements: str
      flows:
        description: Ids of the flows that the rule is for. They become the comment of the rule, those that do not fit are counted there.
        type: list
        elements: str
      reason:
        description: Why the rule is there. It stands beside the rule in the file that is loaded at boot.
        type: str
  egress:
    description:
      - With V(allow) the host may send what it likes, and rules with the direction V(out) are left out.
      - With V(enforce) it may send only what they accept, besides replies, ICMP and DHCP.
    type: str
    choices: [allow, enforce]
    default: allow
  state:
    description: With V(absent) the host is left as it was before its first policy.
    type: str
    choices: [present, absent]
    default: present
  persist:
    description:
      - Whether to see to the boot path too, so that the same rules are loaded when the host starts.
      - The rules are written to a file of their own, which the distribution's main file (C(/etc/nftables.conf),
        C(/etc/sysconfig/nftables.conf) or C(/etc/nftables.nft)) includes, and C(nftables.service) is enabled but never started or restarted.
      - With V(false) the boot path is left as it is.
    type: bool
    default: true
requirements:
  - nft 0.9.8 or later with JSON support, on the host
  - root or CAP_NET_ADMIN
seealso:
  - module: vidnet.portmatrix.port_probe
attributes:
  check_mode:
    description: Can run in check mode; the kernel is asked whether it would take the rules.
    support: full
  diff_mode:
    description: Returns the rules before and after as text, and what differs at boot.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: linux
    support: full
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_policy, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_boot import BootError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft, NftError, find


def main():
    module = AnsibleModule(
        argument_spec={
            "rules": policy_rules.OPTION,
            "egress": {"type": "str", "choices": ["allow", "enforce"], "default": "allow"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "persist": {"type": "bool", "default": True},
        },
        required_if=[("state", "present", ["rules"])],
        supports_check_mode=True,
    )
    given = module.params
    try:
        nft = Nft([find()])
        if given["state"] == "absent":
            result = nft_policy.absent(nft, given["persist"], module.check_mode)
        else:
            result = nft_policy.present(nft, given["rules"], given["egress"], given["persist"], module.check_mode)
    except policy_rules.RuleError as error:
        module.fail_json(msg="wrong rules, nothing was changed: %s" % error)
    except (BootError, NftError, nft_policy.PolicyError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    # The rules would only come back to the controller, and there into every log and database.
    module.exit_json(invocation={"module_args": dict(given, rules="%d rules" % len(given["rules"] or ()))}, **result)


if __name__ == "__main__":
    main()
