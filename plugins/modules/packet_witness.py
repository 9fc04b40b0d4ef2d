#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packet_witness
short_description: Count for a while where the packets of a few flows pass on a host
version_added: 0.1.0
description:
  - Tells how far the packets of a flow come on this host, whatever dropped them, and so on which side of which host they are lost.
  - Counts the packets of each flow, and those of the answers, at four points. They are before every other rule for what comes in,
    after all rules for what is let in, before every other rule for what this host sends, and after all rules for what leaves it.
  - The counters are in a table of their own, C(inet portmatrix_witness), which has no verdict, so that what passes does not change.
    Packets of other flows cost one look into a set.
  - The table goes away by itself after O(seconds), whatever becomes of the controller.
  - A host that cannot count does not fail the task; see RV(available). Windows hosts cannot.
options:
  state:
    description:
      - V(present) begins to count, from zero and instead of any flows counted before.
      - V(read) returns what was counted so far.
      - V(absent) stops counting.
    type: str
    choices: [present, read, absent]
    default: present
  flows:
    description:
      - The flows to count, at most 200.
      - Required when O(state=present).
    type: list
    elements: dict
    suboptions:
      source:
        description: Address of the host that asks.
        type: str
        required: true
      address:
        description: Address that is asked, of the same family as O(flows[].source).
        type: str
        required: true
      protocol:
        description: Protocol of the flow.
        type: str
        required: true
        choices: [tcp, udp]
      port:
        description: Port that is asked.
        type: int
        required: true
  seconds:
    description: After how many seconds the table goes away by itself, from V(1) to V(3600).
    type: int
    default: 120
requirements:
  - nft 0.9.8 or later, on the host
  - root or CAP_NET_ADMIN
attributes:
  action:
    description: Runs on the controller too, which answers for Windows hosts; these do not count.
    support: full
  check_mode:
    description: Can run in check mode; then nothing is counted.
    support: full
  diff_mode:
    description: Returns what was changed, when in diff mode.
    support: none
    details: Nothing that lasts is changed.
  platform:
    description: Target operating systems.
    support: full
    platforms: linux
notes:
  - Packets whose addresses or ports another rule translates are counted only where they are as in O(flows).
  - What a network interface drops before the first rule (XDP, a traffic control filter, an ingress hook) is not seen to arrive.
seealso:
  - module: vidnet.portmatrix.port_probe
  - plugin: vidnet.portmatrix.locate
    plugin_type: filter
author:
  - vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Count what becomes of a flow
  vidnet.portmatrix.packet_witness:
    flows:
      - {source: 10.77.1.5, address: 10.77.1.11, protocol: tcp, port: 7563}

- name: Read what was counted
  vidnet.portmatrix.packet_witness:
    state: read
  register: counted

- name: Count no more
  vidnet.portmatrix.packet_witness:
    state: absent
"""

RETURN = r"""
available:
  description: Whether this host counts. V(false) where nft is missing or refuses, and where nothing is being counted any more.
  type: bool
  returned: success
reason:
  description: Why it does not, else empty.
  type: str
  returned: success
  sample: "nft was not found on this host: install the package nftables"
counts:
  description: What was counted of each flow. Empty unless O(state=read).
  type: list
  elements: dict
  returned: success
  contains:
    source:
      description: Address of the host that asks.
      type: str
    address:
      description: Address that is asked.
      type: str
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: Port that is asked.
      type: int
    request:
      description: Packets from the source to the port.
      type: dict
      contains:
        arrived:
          description: Came in, before any rule.
          type: int
        taken:
          description: Were let in by all rules.
          type: int
        sent:
          description: Were sent by this host, before any rule.
          type: int
        left:
          description: Were let out by all rules.
          type: int
    answer:
      description: Packets from the port to the source, in the same form.
      type: dict
  sample:
    - source: 10.77.1.5
      address: 10.77.1.11
      protocol: tcp
      port: 7563
      request: {arrived: 2, taken: 0, sent: 0, left: 0}
      answer: {arrived: 0, taken: 0, sent: 0, left: 0}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils import witness
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import NftError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.module_utils.timers import checked_seconds


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "read", "absent"], default="present"),
            flows=dict(
                type="list",
                elements="dict",
                options=dict(
                    source=dict(type="str", required=True),
                    address=dict(type="str", required=True),
                    protocol=dict(type="str", required=True, choices=list(PROTOCOLS)),
                    port=dict(type="int", required=True),
                ),
            ),
            seconds=dict(type="int", default=120),
        ),
        required_if=[("state", "present", ("flows",))],
        supports_check_mode=True,
    )
    result = dict(changed=False, available=True, reason="", counts=[])
    try:
        _act(module, result)
    except ValueError as error:
        module.fail_json(msg=str(error))
    except NftError as error:
        result.update(changed=False, available=False, reason=str(error))
    module.exit_json(**result)


def _act(module, result):
    state = module.params["state"]
    if state == "read":
        result["counts"] = witness.read()
    elif state == "absent":
        result["changed"] = witness.absent(module.check_mode)
    else:
        flows = witness.checked_flows(module.params["flows"])
        seconds = checked_seconds(module.params["seconds"])
        if not module.check_mode:
            witness.present(flows, seconds)
        result["changed"] = True


if __name__ == "__main__":
    main()
