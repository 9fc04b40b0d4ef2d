#!/usr/bin/python
# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_policy
short_description: Compile the firewall policy of every host of the inventory
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host.
  - Reads the vendors' matrices and the variables of every host, and returns the rules of each.
  - A play that uses the inventory plugin P(vidnet.portmatrix.site#inventory) needs no such task, since every host has its rules as a variable.
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
  diff_mode:
    description: Returns what has changed.
    support: none
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
options: {}
"""

EXAMPLES = r"""
- name: Compile the site
  vidnet.portmatrix.site_policy:
  register: site
  run_once: true

- name: Show what this host lets in
  ansible.builtin.debug:
    var: site.policies[inventory_hostname].rules
"""

RETURN = r"""
policies:
  description:
    - Host to policy, with the keys C(rules), C(unresolved), C(expectations), C(asked), C(managed) and C(addresses),
      and for a managed Windows host C(listened), the ports of the matrix that it listens on.
  returned: success
  type: dict
"""
