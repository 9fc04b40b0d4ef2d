#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: windows_export
short_description: Write the policies of Windows hosts for a domain that forbids local rules
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host. One task with C(run_once) is enough for a site.
  - Writes for each host C(<host>.txt) (LGPO text), C(<host>.pol) (a C(Registry.pol)) and C(<host>.ps1) (a script to review).
  - The same site gives the same bytes, so that the files can be kept in git.
  - Made after Microsoft's documents. Not tried on a Windows host yet.
attributes:
  check_mode:
    description: Can run in check mode. Nothing is written then.
    support: full
  diff_mode:
    description: Shows the lines of LGPO text that change.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
options:
  dest:
    description: Directory on the controller. It is made if need be. Relative paths start from the working directory.
    type: path
    required: true
  hosts:
    description: The Windows hosts of the inventory whose policies to write.
    type: list
    elements: str
    required: true
  formats:
    description: The files to write.
    type: list
    elements: str
    choices: [lgpo, registry_pol, powershell]
    default: [lgpo, registry_pol, powershell]
  egress:
    description: With V(enforce), rules for what the host itself opens are written too.
    type: str
    choices: [allow, enforce]
    default: allow
  profiles:
    description:
      - Rules restrict nothing in a profile that is off or lets in by default.
      - V(enforce) switches every profile on and lets it block what no rule lets in, and with O(egress=enforce) out. It is refused for a
        host without a rule for administrators.
    type: str
    choices: [leave, enforce]
    default: leave
seealso:
  - plugin: vidnet.portmatrix.render
    plugin_type: filter
  - module: vidnet.portmatrix.windows_rules
"""

EXAMPLES = r"""
- name: Keep the recording servers' group policies in git
  vidnet.portmatrix.windows_export:
    dest: "{{ playbook_dir }}/group_policies"
    hosts: "{{ groups['milestone_recording_server'] }}"
    profiles: enforce
  run_once: true
"""

RETURN = r"""
files:
  description: The files. Those that are as they must be already are not written again.
  returned: success
  type: list
  elements: str
  sample: [/srv/group_policies/rs1.pol]
"""
