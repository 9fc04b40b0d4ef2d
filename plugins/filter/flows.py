# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: flows
short_description: Select flows of a matrix
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Returns the flows of a matrix as they are written, or what a JMESPath query makes of them.
positional: query
requirements:
  - jmespath on the controller, for O(query)
options:
  _input:
    description: A matrix from P(vidnet.portmatrix.matrix#lookup), or a list of flows.
    type: raw
    required: true
  query:
    description: A JMESPath expression over the list of flows.
    type: str
  component:
    description: Keep the flows that this component initiates or listens to.
    type: str
"""

EXAMPLES = r"""
- name: Every flow that a recording server listens to
  ansible.builtin.debug:
    msg: "{{ lookup('vidnet.portmatrix.matrix') | vidnet.portmatrix.flows(\"[?to=='milestone_recording_server'].id\") }}"

- name: Everything about FLOW boxes
  ansible.builtin.debug:
    msg: "{{ lookup('vidnet.portmatrix.matrix') | vidnet.portmatrix.flows(component='flow_box') }}"
"""

RETURN = r"""
_value:
  description: The flows, or the query's result.
  type: raw
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix_schema import listed


def flows(matrix: Any, query: str | None = None, component: str | None = None) -> Any:
    """Return the selected flows."""
    found = matrix.get("flows") if isinstance(matrix, Mapping) else matrix
    if not isinstance(found, (list, tuple)):
        raise AnsibleFilterError("flows: the input must be a matrix or a list of flows")
    found = plain(found)
    if component is not None:
        found = [flow for flow in found if component in (*listed(flow["from"]), *listed(flow["to"]))]
    return found if query is None else _queried(found, query)


def _queried(found: list[Any], query: str) -> Any:
    try:
        import jmespath
    except ImportError:
        raise AnsibleFilterError(
            "flows: the Python package jmespath is needed on the controller: pip install jmespath"
        ) from None
    try:
        return jmespath.search(str(query), found)
    except jmespath.exceptions.JMESPathError as error:
        raise AnsibleFilterError(f"flows: the query {query!r} is not valid JMESPath: {error}") from None


class FilterModule:
    """The flows filter."""

    def filters(self) -> dict[str, Any]:
        return {"flows": flows}
