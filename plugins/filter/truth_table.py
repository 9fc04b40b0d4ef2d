# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: truth_table
short_description: Show expected against observed for all initiators and listeners
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Makes one table of the results of M(vidnet.portmatrix.port_probe) from all hosts.
  - Each listener has a block with its ports in rows and the initiators in columns.
  - Ports and initiators that answer alike share a row or a column.
  - A legend, the number of differences and each difference in words follow.
positional: _input
options:
  _input:
    description: The initiators (inventory names), and of each the list RV(vidnet.portmatrix.port_probe#module:results).
    type: dict
    required: true
  format:
    description: V(text) for a terminal, V(markdown) for a page, V(json) for a program.
    type: str
    choices: [text, markdown, json]
    default: text
  width:
    description: How wide V(text) may be, in characters, at least V(40). What does not fit goes below.
    type: int
    default: 100
seealso:
  - module: vidnet.portmatrix.port_probe
"""

EXAMPLES = r"""
- name: Show what was probed
  ansible.builtin.debug:
    msg: "{{ {'stranger': probed.results} | vidnet.portmatrix.truth_table }}"
  # rs1  10.0.0.5
  #             stranger
  #   tcp 7563  !
  #   tcp 7564  .
  #
  # . shut, as it must be
  # ! must be shut, was open
  #
  # 2 probes, 1 differences
  #   stranger -> rs1 10.0.0.5 tcp 7563: must be shut, was open
"""

RETURN = r"""
_value:
  description: The table.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import truth_table as tables
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain


def truth_table(
    results: Mapping[str, Sequence[Mapping[str, Any]]], format: str = "text", width: int = tables.WIDTH
) -> str:
    """Return the table of ``results``; raises AnsibleFilterError."""
    try:
        return tables.truth_table(plain(results), format=format, width=width)
    except ValueError as error:
        raise AnsibleFilterError(f"truth_table: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return name -> function."""
        return {"truth_table": truth_table}
