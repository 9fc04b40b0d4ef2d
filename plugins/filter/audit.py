# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: audit
short_description: Compare what hosts have seen with what is declared
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Makes one report of the results of M(vidnet.portmatrix.policy_counters) from all hosts.
  - What was seen but not declared becomes flows of the site's own, in the form of C(portmatrix_flows). Peers become the components or groups
    of the hosts that they are, or of the network of C(portmatrix_networks) that they are in. A flow allows just what was seen, so
    a component is named only where all of its hosts were seen.
  - Peers that nobody is are listed with the components that they may be.
  - What is likely to be noise is flagged, not left out.
  - What was declared but never seen is told from the counters of the rules, of Windows hosts from their log.
positional: hostvars
options:
  _input:
    description: The hosts (inventory names), and of each what the module returned.
    type: dict
    required: true
  hostvars:
    description: The variables of every host. The rules in C(portmatrix_rules) decide what is declared; without them the site is compiled.
    type: dict
    required: true
  form:
    description:
      - V(data) for further use. V(text) for a terminal. V(json) for a program.
      - V(flows) is a YAML file of variables, and V(groups) a YAML file for the inventory with the groups that these flows need and that are not yet there.
    type: str
    choices: [data, text, flows, groups, json]
    default: data
seealso:
  - module: vidnet.portmatrix.policy_counters
"""

EXAMPLES = r"""
- name: Read what every host has counted
  vidnet.portmatrix.policy_counters:
  register: counted

- name: Show what was seen but not declared
  ansible.builtin.debug:
    msg: "{{ {inventory_hostname: counted} | vidnet.portmatrix.audit(hostvars, form='text') }}"
"""

RETURN = r"""
_value:
  description:
    - The report, as text unless O(form=data). It has the keys C(flows), C(groups), C(unknown), C(other), C(never_seen), C(hosts) and C(warnings).
    - Each of C(flows) has a C(flow) for C(portmatrix_flows), the number of C(packets), C(flags), the C(pairs) of hosts,
      and the ids of flows that are C(like) it.
    - Each of C(unknown) has the address C(peer), what was C(seen), the C(candidates), and C(networks) for C(portmatrix_networks).
  type: raw
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import audit as reports
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import audit_text, matrix, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.compiler import matrix_files
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.hostvars import compile_hostvars, inventory_of, refusing


def audit(results: Any, hostvars: Any, form: str = "data") -> Any:
    """Return the report on ``results`` (host -> result); raises AnsibleFilterError."""
    if not isinstance(results, Mapping) or not isinstance(hostvars, Mapping):
        raise AnsibleFilterError("audit: needs a mapping of host to the result of policy_counters, and hostvars")
    if form not in ("data", *audit_text.FORMS):
        raise AnsibleFilterError(f"audit: unknown form {form!r}; allowed: data, {', '.join(audit_text.FORMS)}")
    inventory, directory = inventory_of(hostvars)
    with refusing(hostvars):
        known = matrix.load(matrix_files(inventory, directory))
        found = site.build(known, inventory)
    given = plain(results)
    rules = {host: plain(hostvars[host].get("portmatrix_rules")) for host in given if host in hostvars}
    if None in rules.values():
        rules = {host: policy["rules"] for host, policy in compile_hostvars(hostvars).items()}
    try:
        report = reports.evaluate(known, found, rules, given)
    except ValueError as error:
        raise AnsibleFilterError(f"audit: {error}") from None
    return report if form == "data" else audit_text.written(report, form)


class FilterModule:
    """The audit filter."""

    def filters(self) -> dict[str, Any]:
        return {"audit": audit}
