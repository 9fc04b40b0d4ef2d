# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: locate
short_description: Say of each difference on which host, and by which rule, it comes about
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Takes what M(vidnet.portmatrix.port_probe) found on all hosts, and adds to each difference where it comes about.
  - Where M(vidnet.portmatrix.packet_witness) counted on both hosts while the difference was asked about again, its counters tell
    how far the packets came. Where it did not, the rules of both hosts decide.
  - Which rule it is follows from the rules that M(vidnet.portmatrix.policy_readback) read.
  - Everything but these results may be missing, for some hosts or for all; then less is known.
positional: _input
options:
  _input:
    description: The initiators (inventory names), and of each the list RV(vidnet.portmatrix.port_probe#module:results) or
      RV(vidnet.portmatrix.port_probe#module:differences).
    type: dict
    required: true
  again:
    description: The initiators, and of each the list RV(vidnet.portmatrix.port_probe#module:results) of asking again.
    type: dict
    default: {}
  witnesses:
    description: The hosts, and of each the result of M(vidnet.portmatrix.packet_witness) with O(vidnet.portmatrix.packet_witness#module:state=read).
    type: dict
    default: {}
  rulesets:
    description: The hosts, and of each what M(vidnet.portmatrix.policy_readback) read.
    type: dict
    default: {}
  policies:
    description: The hosts, and of each its C(portmatrix_rules). Without them an opening that only the initiator's own rules
      should have closed is laid to the listener.
    type: dict
    default: {}
seealso:
  - plugin: vidnet.portmatrix.locate_plan
    plugin_type: filter
  - module: vidnet.portmatrix.packet_witness
"""

EXAMPLES = r"""
- name: Say where it is lost
  ansible.builtin.debug:
    msg: "{{ {'operator1': probed.differences} | vidnet.portmatrix.locate(rulesets={'rs1': read.ruleset})
      | dict2items | map(attribute='value') | flatten | map(attribute='where.sentence') }}"
"""

RETURN = r"""
_value:
  description:
    - The same, and in each row that is not as expected C(where), a dict.
    - Its C(place) is V(not_sent) when the initiator sent nothing, V(initiator) when its own rules dropped it (or let it out),
      V(way) when it was lost between the hosts, V(listener) when the listener's rules dropped it (or let it in),
      V(reply) when the answer was lost, V(service) when it was let in and nothing there answered as it should,
      V(elsewhere) when something else than the listener answered.
    - C(host) is the host that it is about, empty when it is none of the two. C(rule) is the rule, as far as it is known.
    - C(evidence) is V(counter), V(rules), V(answer) or V(error), whichever told. C(sentence) says it all in words.
  type: dict
  sample:
    operator1:
      - to: rs1
        source: 10.0.0.5
        address: 10.0.0.11
        protocol: tcp
        port: 7563
        expected: open
        observed: filtered
        ok: false
        detail: no answer
        where:
          place: listener
          host: rs1
          rule: 'inet portmatrix input: counter drop'
          evidence: counter
          sentence: 'rs1 drops it on the way in: inet portmatrix input: counter drop'
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate import Known, located
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_plan import Rows


def locate(
    results: Rows,
    again: Rows | None = None,
    witnesses: Mapping[str, Any] | None = None,
    rulesets: Mapping[str, Any] | None = None,
    policies: Mapping[str, Any] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return the results, with ``where`` in each difference; raises AnsibleFilterError."""
    known = {"again": again, "witnesses": witnesses, "rulesets": rulesets, "policies": policies}
    given = {name: {} if value is None else value for name, value in known.items()}
    for name, value in {"the results": results, **given}.items():
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"locate: {name}: {type(value).__name__}; allowed is a dict of hosts")
    try:
        return located(plain(results), Known(*(plain(value) for value in given.values())))
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"locate: allowed are results of the modules; not understood: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Return name -> function."""
        return {"locate": locate}
