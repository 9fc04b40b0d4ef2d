# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules that apply a policy have in common."""

    DOCUMENTATION = r"""
options:
  rules:
    description:
      - The policy of this host, all of it.
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
        description: Why the rule is there.
        type: str
  egress:
    description:
      - With V(allow) the host may send what it likes, and rules with the direction V(out) are left out.
      - With V(enforce) it may send only what they accept, besides replies, ICMP and DHCP.
    type: str
    choices: [allow, enforce]
    default: allow
  mode:
    description:
      - With V(enforce) what no rule accepts is dropped.
      - With V(audit) nothing is dropped; what would be is counted per peer, protocol and port, for M(vidnet.portmatrix.policy_counters).
    type: str
    choices: [enforce, audit]
    default: enforce
  state:
    description: With V(absent) the host is left as it was before its first policy.
    type: str
    choices: [present, absent]
    default: present
  persist:
    description:
      - Whether to see to the boot path too, so that the same rules are loaded when the host starts.
      - With V(false) the boot path is left as it is.
    type: bool
    default: true
attributes:
  check_mode:
    description: Can run in check mode; the host's own tool is asked whether it would take the rules.
    support: full
  diff_mode:
    description: Returns the rules before and after as text, and what differs at boot.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: linux
    support: full
"""
