#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_confirm
short_description: Confirm a change of a host's policy, take it back, or list the policies that are kept
version_added: 0.1.0
description:
  - M(vidnet.portmatrix.host_firewall) confirms its changes by itself, over a new connection. This is for what it does there, and for people.
options:
  operation:
    description:
      - V(confirm) makes the pending change O(id) part of the boot path, once what answered this host before answers again.
      - V(roll_back) takes it back now.
      - V(list) returns the policies that are kept, and the change that waits.
    type: str
    choices: [confirm, roll_back, list]
    default: list
  id:
    description: The change, as M(vidnet.portmatrix.host_firewall) returned it. Needed, except for O(operation=list).
    type: str
attributes:
  check_mode:
    description: Can run in check mode.
    support: partial
    details: Only O(operation=list) can; the other operations are refused.
  diff_mode:
    description: Returns what has changed.
    support: none
  platform:
    description: The platforms that it works with.
    platforms: linux
    support: full
author: vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Which policies could this host go back to
  vidnet.portmatrix.policy_confirm:
"""

RETURN = r"""
kept:
  description: The policies that are kept, the newest last, with C(number), C(time), C(by), C(backend), C(mode), C(egress) and C(rules).
  returned: with O(operation=list)
  type: list
  elements: dict
pending:
  description: The change that waits to be confirmed, with C(id), C(by) and the C(seconds) that are left.
  returned: with O(operation=list), when there is one
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils import confirm_window, host_change, kept_policies
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_respawn import with_binding


def main():
    module = AnsibleModule(
        argument_spec={
            "operation": {"type": "str", "choices": ["confirm", "roll_back", "list"], "default": "list"},
            "id": {"type": "str"},
        },
        required_if=[("operation", "confirm", ["id"]), ("operation", "roll_back", ["id"])],
        supports_check_mode=True,
    )
    pending = confirm_window.current()
    if pending and pending.given["backend"] == "firewalld":
        with_binding()
    operation, identity = module.params["operation"], module.params["id"]
    result = {"changed": operation != "list"}
    try:
        if operation == "list":
            result["kept"] = kept_policies.kept()
            if pending:
                result["pending"] = {"id": pending.id, "by": pending.holder, "seconds": confirm_window.left(pending)}
        elif module.check_mode:
            module.fail_json(msg="operation %s cannot run in check mode" % operation)
        elif operation == "confirm":
            host_change.confirm(identity)
        else:
            host_change.take_back(identity)
    except BackendError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
