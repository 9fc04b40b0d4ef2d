#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: port_listen
short_description: Listen for a while on the ports of a host's policy, so that they can be probed
version_added: 0.1.0
description:
  - Starts a responder, a process that listens on the ports that the incoming rules of a host open.
  - It tells everyone who asks which run, host, address and port this is, and from where the request came.
    M(vidnet.portmatrix.port_probe) asks.
  - It listens before the module returns, and ends by itself after O(seconds) whatever becomes of the controller.
  - A port that a service already has is left alone and reported in RV(occupied).
  - Of a wide range of ports only the ends and the middle are used, the same as by the prober.
options:
  state:
    description:
      - V(started) means that the responder runs. One that already serves the same ports in the same O(run)
        is left as it is, and its time is not prolonged. One that serves other ports is replaced.
      - V(stopped) means that it does not. Only the responder of this O(run) and O(host) is ended.
    type: str
    choices: [started, stopped]
    default: started
  run:
    description:
      - Id of this verification run, the same as in M(vidnet.portmatrix.port_probe).
      - Letters, digits and hyphens, at most 64.
    type: str
    required: true
  host:
    description: Inventory name of this host. It is what the prober is told.
    type: str
    required: true
  rules:
    description:
      - Rules of this host. Incoming rules for TCP and UDP count; other rules are passed over.
      - In an inventory with the P(vidnet.portmatrix.site#inventory) plugin this is C(portmatrix_asked), which holds the ports
        that must be shut too, so that a way that was left open is found by an answer.
      - Required when O(state=started).
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
        description: Ports of the listener such as V(7563), or ranges such as V(6000-7000).
        type: list
        elements: str
      peers:
        description: Not used here.
        type: list
        elements: str
      flows:
        description: Not used here.
        type: list
        elements: str
      reason:
        description: Not used here.
        type: str
  addresses:
    description:
      - IPv4 and IPv6 addresses of this host to listen on.
      - Required when O(state=started).
    type: list
    elements: str
  seconds:
    description: After how many seconds the responder ends by itself, from V(1) to V(3600).
    type: int
    default: 120
attributes:
  action:
    description: Runs on the controller too, which ends a responder without a module, and has one started on a Windows host.
    support: full
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Returns what was changed, when in diff mode.
    support: none
  platform:
    description: Target operating systems.
    support: full
    platforms: linux, windows
    details: Of Windows, what Microsoft documents has been gone by; it has not been tried on a Windows host.
notes:
  - A service that starts while the responder runs finds its port in use, as the kernel gives the responder no sign that
    could make it give way. Start services before a verification or after it, or have their manager try again.
    Once the responder has ended, the port is free at once, also for services that do not reuse addresses.
  - A TCP port counts as occupied, too, while a program of this host has a connection from it.
  - Ports below 1024 need the privileges for that, usually C(become=true).
  - On a Windows host the responder is a PowerShell process that Ansible's C(async) starts, and an administrator is needed. It keeps its record in
    C(%SystemRoot%\portmatrix-responder), where only administrators and SYSTEM can write. A port that HTTP.sys holds, or that Windows keeps back for
    a service, counts as occupied.
  - Where systemd-logind is told to kill the processes of users who log out, the responder of such a user
    ends with the connection.
seealso:
  - module: vidnet.portmatrix.port_probe
author:
  - vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Listen on everything that the policy opens
  vidnet.portmatrix.port_listen:
    run: "{{ portmatrix_run }}"
    host: "{{ inventory_hostname }}"
    rules: "{{ portmatrix_rules }}"
    addresses: "{{ portmatrix_addresses }}"
    seconds: 60
  become: true

- name: Stop listening
  vidnet.portmatrix.port_listen:
    state: stopped
    run: "{{ portmatrix_run }}"
    host: "{{ inventory_hostname }}"
  become: true
"""

RETURN = r"""
listening:
  description: Where the responder listens, or would listen in check mode. Empty after O(state=stopped).
  type: list
  elements: dict
  returned: success
  contains:
    address:
      description: Address of this host.
      type: str
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: The port.
      type: int
  sample:
    - {address: 10.77.1.11, protocol: tcp, port: 7563}
occupied:
  description: Where it would listen if a service did not already, in the same form. Unknown in check mode.
  type: list
  elements: dict
  returned: success
pid:
  description: Process id of the responder, or nothing when none runs.
  type: int
  returned: success
  sample: 4711
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_options import LISTEN, LISTEN_REQUIRED
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import checked_host, checked_run
from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder import ResponderError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder_process import ensure_started, ensure_stopped
from ansible_collections.vidnet.portmatrix.plugins.module_utils.timers import checked_seconds


def main():
    module = AnsibleModule(argument_spec=LISTEN, required_if=LISTEN_REQUIRED, supports_check_mode=True)
    asked = module.params
    try:
        run, host = checked_run(asked["run"]), checked_host(asked["host"])
        if asked["state"] == "stopped":
            changed, record = ensure_stopped(run, host, module.check_mode)
        else:
            seconds = checked_seconds(asked["seconds"])
            rules, addresses = asked["rules"] or [], asked["addresses"] or []
            changed, record = ensure_started(run, host, rules, addresses, seconds, module.check_mode)
    except (ValueError, ResponderError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, **{key: record[key] for key in ("listening", "occupied", "pid")})


if __name__ == "__main__":
    main()
