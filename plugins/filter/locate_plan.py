# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: locate_plan
short_description: Choose which differences to ask about again, and what to count meanwhile
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Takes the differences that M(vidnet.portmatrix.port_probe) found on all hosts, and says of each host which flows
    M(vidnet.portmatrix.packet_witness) should count there, and what to ask from there once more.
  - On each host at most 200 flows are counted. Where there are more differences, the first of every kind get their turn, and
    P(vidnet.portmatrix.locate#filter) locates the others by the rules alone.
positional: _input
options:
  _input:
    description: The initiators (inventory names), and of each the list RV(vidnet.portmatrix.port_probe#module:differences).
    type: dict
    required: true
  expectations:
    description: The initiators, and of each what it was asked, as O(vidnet.portmatrix.port_probe#module:expectations).
    type: dict
    default: {}
seealso:
  - plugin: vidnet.portmatrix.locate
    plugin_type: filter
  - module: vidnet.portmatrix.packet_witness
"""

EXAMPLES = r"""
- name: Choose what to ask again
  ansible.builtin.set_fact:
    again: "{{ {'operator1': probed.differences} | vidnet.portmatrix.locate_plan }}"

- name: Count it on this host
  vidnet.portmatrix.packet_witness:
    flows: "{{ again[inventory_hostname].flows }}"
  when: inventory_hostname in again
"""

RETURN = r"""
_value:
  description:
    - Of each host that has anything to do with a difference a dict of C(flows), as O(vidnet.portmatrix.packet_witness#module:flows),
      and C(expectations), as O(vidnet.portmatrix.port_probe#module:expectations). The latter is empty on hosts that only listen.
  type: dict
  sample:
    operator1:
      flows: [{source: 10.0.0.5, address: 10.0.0.11, protocol: tcp, port: 7563}]
      expectations: [{to: rs1, source: 10.0.0.5, address: 10.0.0.11, protocol: tcp, open: [7563], shut: []}]
    rs1:
      flows: [{source: 10.0.0.5, address: 10.0.0.11, protocol: tcp, port: 7563}]
      expectations: []
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_plan import Rows, plan


def locate_plan(differences: Rows, expectations: Rows | None = None) -> dict[str, Any]:
    """Return host -> what to count and to ask there; raises AnsibleFilterError."""
    given = {"the differences": differences, "expectations": {} if expectations is None else expectations}
    for name, value in given.items():
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"locate_plan: {name}: {type(value).__name__}; allowed is a dict of hosts")
    try:
        return plan(*(plain(value) for value in given.values()))
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"locate_plan: allowed are results of port_probe; not understood: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Return name -> function."""
        return {"locate_plan": locate_plan}
