# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: policy
short_description: Compile a site's variables into the firewall policy of its hosts
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - The same compiler as the inventory plugin P(vidnet.portmatrix.site#inventory), for plays without it.
  - Without O(host) it compiles the whole site once. Keep that result in a fact instead of calling the filter for every host.
positional: host
options:
  _input:
    description: The variables of every host, usually C(hostvars).
    type: dict
    required: true
  host:
    description: Return only this host's policy.
    type: str
"""

EXAMPLES = r"""
- name: Compile the site once
  ansible.builtin.set_fact:
    site_policy: "{{ hostvars | vidnet.portmatrix.policy }}"
  run_once: true

- name: Show what this host lets in
  ansible.builtin.debug:
    var: site_policy[inventory_hostname].rules
"""

RETURN = r"""
_value:
  description:
    - Host to policy, or the one host's policy. A policy has the keys C(rules), C(unresolved), C(expectations), C(asked), C(managed) and C(addresses),
      and for a managed Windows host C(listened).
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.hostvars import compile_hostvars


def policy(hostvars: Any, host: str | None = None) -> dict[str, Any]:
    """Return every host's policy, or one host's."""
    if not isinstance(hostvars, Mapping):
        raise AnsibleFilterError("policy: the input must be the variables of every host, such as hostvars")
    if host is not None and host not in hostvars:
        raise AnsibleFilterError(f"policy: {host!r} is not a host of the inventory")
    compiled = compile_hostvars(hostvars)
    return compiled if host is None else compiled[host]


class FilterModule:
    """The policy filter."""

    def filters(self) -> dict[str, Any]:
        return {"policy": policy}
