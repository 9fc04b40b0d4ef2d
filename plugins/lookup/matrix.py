# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: matrix
short_description: The vendors' port matrices as data
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Returns the matrices that the collection ships, merged with your own, as one mapping with the keys
    C(documents), C(components), C(parameters), C(features), C(flows) and C(rows).
  - Every flow carries the rows of the vendor's document that it comes from.
options:
  _terms:
    description: Products, such as C(milestone), whose flows to return. Every product when there is none.
    type: list
    elements: str
  portmatrix_matrix_path:
    description: Matrix files of your own, or directories of them. Relative paths start from the working directory.
    type: list
    elements: path
    vars:
      - name: portmatrix_matrix_path
"""

EXAMPLES = r"""
- name: What the vendor says of camera streams
  ansible.builtin.debug:
    msg: "{{ lookup('vidnet.portmatrix.matrix', 'milestone').flows | selectattr('id', 'search', 'camera') }}"
"""

RETURN = r"""
_raw:
  description: One matrix.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain, refusal
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError, names


class LookupModule(LookupBase):
    """Returns the merged matrix."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            known = matrix.load(tuple(plain(self.get_option("portmatrix_matrix_path") or ())))
        except InputError as error:
            raise AnsibleLookupError(str(refusal(error))) from None
        products = {flow.partition(".")[0] for flow in known.flows}
        for term in terms:
            if term not in products:
                raise AnsibleLookupError(f"matrix: unknown product {term!r}; allowed: {names(products, str(term))}")
        return [matrix.as_data(known, frozenset(plain(terms)))]
