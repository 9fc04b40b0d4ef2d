#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ports_in_use
short_description: Show the ports really in use on a Windows host beside those of the matrix
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Reads what the XProtect programs on a Windows host are set to (C(RecorderConfig.xml), C(ServerConfig.xml), the mobile server's file),
    the addresses that HTTP.sys holds for programs (C(netsh http show servicestate)), and the sockets that listen, with their program and
    service.
  - Compares them with the ports that the matrix has on this host, says what differs, and which variables would make the matrix so.
  - Changes nothing, neither on the host nor in the inventory. No port is opened because of what is found.
  - On other hosts it does nothing, and is skipped.
  - What the files' settings mean is taken from the vendor's public tools and documents; see C(port_settings.yml) of this collection, which
    also says where that leaves something to guess. No Windows host has been seen.
requirements:
  - defusedxml, on the controller. Without it the files are not read, which RV(remarks) says.
attributes:
  check_mode:
    description: Can run in check mode. Nothing is changed in any mode.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
    details: There is no difference to show.
  platform:
    description: The platforms that it works with.
    platforms: windows
    support: full
seealso:
  - module: vidnet.portmatrix.host_firewall
  - module: vidnet.portmatrix.windows_rules
"""

EXAMPLES = r"""
- name: Compare the ports in use with the matrix
  vidnet.portmatrix.ports_in_use:
  register: in_use

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ in_use.differences }}"
"""

RETURN = r"""
ports:
  description: A row for each port and place that it came from.
  returned: success
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: The port; none where a setting switches it off.
      type: int
    source:
      description: V(file), V(http) (HTTP.sys) or V(socket).
      type: str
    place:
      description: The file and the place in it, the address that HTTP.sys has, or the program, process, service and address of a socket.
      type: str
    parameter:
      description: The parameter of the matrix that is meant, as far as that is known.
      type: str
    flows:
      description: The flows of the matrix on this host that have the port.
      type: list
      elements: str
    process:
      description: The program of a socket, or the queue of an address.
      type: str
    services:
      description: The services in that program.
      type: list
      elements: str
    state:
      description:
        - V(matrix), the matrix has it so; V(differs), a setting is not as the matrix has it; V(unknown), a program of a product of this
          host listens on a port that the matrix does not have here; V(taken), another program has a port of the matrix.
        - V(off), the setting switches the port off; V(calls), it is the port of another host; V(local), only the host itself reaches it;
          V(other), it is nothing to the matrix.
      type: str
differences:
  description: A sentence for each thing that is not as the matrix has it.
  returned: success
  type: list
  elements: str
suggested:
  description: Variables of this host that would make the matrix so, to be looked at by a person. Empty where there are none.
  returned: success
  type: dict
  sample: {portmatrix_parameters: {milestone_media_port: 7564}}
idle:
  description: A sentence for each port that the policy opens and on which nothing listens now. A failover server's are idle until it takes over.
  returned: success
  type: list
  elements: str
remarks:
  description: What could not be read.
  returned: success
  type: list
  elements: str
"""
