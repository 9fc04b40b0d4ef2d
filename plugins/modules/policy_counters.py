#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_counters
short_description: Read what a host's policy has counted
version_added: 0.1.0
description:
  - Returns what the rules of the table C(inet portmatrix) have counted, and in audit mode what no rule accepts, by peer, protocol and port.
  - Only the first packets of a connection meet these rules, so V(packets) is about the number of attempts.
    UDP that nobody answers is counted packet by packet.
  - Counts begin anew when the rules change and when the host starts. What was seen outlives a change of the rules, as long as
    audit mode stays, and is forgotten when the host starts.
  - A Windows firewall counts nothing by rule. In audit mode it logs the connections that it lets in and drops (C(pfirewall.log)), and of such a host
    this returns what the log says. Then RV(seen[].packets) are connections, and what the rules of C(portmatrix_rules) grant is left out.
  - Changes nothing.
options: {}
requirements:
  - nft 0.9.8 or later, on the host
  - root or CAP_NET_ADMIN
  - on a Windows host, PowerShell 5.1 and an administrator's account instead of these
seealso:
  - module: vidnet.portmatrix.nftables_policy
  - plugin: vidnet.portmatrix.audit
    plugin_type: filter
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
- name: Read what was counted
  vidnet.portmatrix.policy_counters:
  register: counted

- name: Show what would be dropped
  ansible.builtin.debug:
    var: counted.seen
"""

RETURN = r"""
mode:
  description: Whether the table V(enforce)s the policy, or lets everything pass (V(audit)).
  returned: success
  type: str
  sample: audit
egress:
  description: V(enforce) where rules for what the host itself opens are in force too, else V(allow).
  returned: success
  type: str
  sample: allow
seen:
  description: What no rule accepts. Empty unless RV(mode=audit).
  returned: success
  type: list
  elements: dict
  contains:
    direction:
      description: V(in) or V(out).
      type: str
    protocol:
      description: V(tcp), V(udp), V(igmp), or what nft calls any other.
      type: str
    port:
      description: The port that was asked for, V(0) where the protocol is neither V(tcp) nor V(udp).
      type: int
    peer:
      description: Address of the other side.
      type: str
    cast:
      description: V(unicast), V(broadcast) or V(multicast).
      type: str
    packets:
      description: How many packets.
      type: int
    bytes:
      description: How many bytes.
      type: int
  sample: [{direction: in, protocol: tcp, port: 9182, peer: 10.0.0.60, cast: unicast, packets: 3, bytes: 180}]
rules:
  description: The rules that accept what flows declare. Empty on Windows.
  returned: success
  type: list
  elements: dict
  contains:
    direction:
      description: V(in) or V(out).
      type: str
    match:
      description: What the rule matches, as nft writes it.
      type: str
    flows:
      description: Ids of the flows that the rule's comment has room for.
      type: list
      elements: str
    hidden:
      description: How many more flows the rule has.
      type: int
    packets:
      description: How many packets.
      type: int
    bytes:
      description: How many bytes.
      type: int
  sample: [{direction: in, match: ip saddr 10.0.0.20 tcp dport 7563, flows: [milestone.recording.media], hidden: 0, packets: 0, bytes: 0}]
overflow:
  description: Packets that no rule accepts and that RV(seen) does not show, since a set was full, or Windows lost the events.
  returned: success
  type: int
  sample: 0
invalid:
  description: Packets that belong to no connection.
  returned: success
  type: int
  sample: 0
flows:
  description: Ids of declared flows, and how many of their connections the log has.
  returned: success, on Windows
  type: dict
  sample: {milestone.recording.media: 12}
remarks:
  description: What the log cannot tell.
  returned: success, on Windows
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_counters import counters
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft, NftError, find
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_script import TABLE


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        listing = Nft([find()]).read()
    except NftError as error:
        module.fail_json(msg=str(error))
    if not listing:
        module.fail_json(
            msg="there is no table %s on this host, so nothing is counted: apply its policy with nftables,"
            " or with any back-end in audit mode (portmatrix_mode: audit)" % TABLE
        )
    module.exit_json(changed=False, **counters(listing))


if __name__ == "__main__":
    main()
