# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_ranges
short_description: The port ranges that a vendor's port expression stands for
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Reads ports as vendors write them, such as C(443 and 80), C(6000-6020), C(554 to 554+(x-1\)) or C(Random in range 32768 - 61000).
  - C(-) and C(N/A) give no port. A text that names no port anyone could know (C(?), C(port depends on camera configuration\)) is an error.
options:
  _input:
    description: The expression, a number, or a list of them.
    type: raw
    required: true
  parameters:
    description: Values of the names in the expression, each a number. They may also be given as keywords, such as C(x=4).
    type: dict
"""

EXAMPLES = r"""
- name: The RTSP ports of an encoder with four channels, 554-557
  ansible.builtin.debug:
    msg: "{{ '554 to 554+(x-1)' | vidnet.portmatrix.port_ranges(x=4) }}"
"""

RETURN = r"""
_value:
  description: Merged, sorted ranges such as C(443) or C(6000-6020).
  type: list
  elements: str
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.module_utils import port_ranges as ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import port_expression
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.checks import as_integer


def port_ranges(expression: Any, parameters: dict[str, Any] | None = None, **keywords: Any) -> list[str]:
    """Return the ranges of an expression as texts."""
    values = {**plain(parameters or {}), **plain(keywords)}

    def lookup(name: str) -> int:
        number = as_integer(values[name])
        if number is None:
            raise ValueError(f"{name} is {values[name]!r}; allowed: a whole number")
        return number

    try:
        return ranges.texts(port_expression.ranges(port_expression.parse(plain(expression)), lookup))
    except KeyError as missing:
        raise AnsibleFilterError(
            f"port_ranges: {expression!r} needs {missing.args[0]}, such as port_ranges({missing.args[0]}=4)"
        ) from None
    except ValueError as error:
        raise AnsibleFilterError(f"port_ranges: {error}") from None


class FilterModule:
    """The port_ranges filter."""

    def filters(self) -> dict[str, Any]:
        return {"port_ranges": port_ranges}
