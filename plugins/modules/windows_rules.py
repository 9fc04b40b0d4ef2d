#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: windows_rules
short_description: Find what the firewalls of Windows hosts leave open beyond the policy, from files
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host. One task with C(run_once) is enough for a site.
  - Reads the firewall rules of Windows hosts from files, evaluates them as Microsoft documents it, and lists every rule that lets a peer
    reach a port of the matrix on the host which the policy does not grant.
  - Does not fail because of what it finds. See RV(left_open).
  - Has not been compared with a Windows host.
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
    platforms: any
    support: full
options:
  files:
    description:
      - Host of the inventory to a file on the controller, or to a list of files that are read one over the other.
      - A file of C(reg export), a C(Registry.pol), or LGPO text. Which of them it is, is found out from its content.
      - Of interest are the keys C(HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy) of the host itself and
        C(HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall) of group policy. Others are skipped.
    type: dict
    required: true
seealso:
  - module: vidnet.portmatrix.windows_export
"""

EXAMPLES = r"""
- name: Find what the installers' rules leave open
  vidnet.portmatrix.windows_rules:
    files:
      rs1: exports/rs1.reg
      ms1: [exports/ms1.reg, exports/Registry.pol]
  register: windows
  failed_when: windows.left_open > 0
  run_once: true
"""

RETURN = r"""
left_open:
  description: How many rules, by protocol and set of peers, leave something open.
  returned: success
  type: int
  sample: 3
hosts:
  description: Host to what was found.
  returned: success
  type: dict
  contains:
    rules:
      description: How many rules were read.
      type: int
    left_open:
      description:
        - A row for each rule, protocol and set of peers, with the rule's C(rule), C(group), C(program), C(service), C(store), what it lets in
          (C(protocol), C(ports), C(beyond), C(profiles)), the C(flows) of those ports, and a C(sentence) for people.
        - In a row with C(sure=false) the rule has conditions that cannot be judged from files.
      type: list
      elements: dict
    missing:
      description: Names of the policy's rules that are not there, which is all of them where the policy has not been applied.
      type: list
      elements: str
    remarks:
      description: Profiles that make rules meaningless, and rules that could not be read.
      type: list
      elements: str
text:
  description: The same for people.
  returned: success
  type: str
"""
