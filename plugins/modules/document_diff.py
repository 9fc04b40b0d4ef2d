#!/usr/bin/python
# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: document_diff
short_description: Show what a new revision of a vendor's document changes
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host.
  - Compares two revisions of a document row by row. Rows are matched by their table's title, their ports and protocols and their words, so that a row
    that is inserted does not make all rows below it new.
  - With O(document), also says which flows of the matrices cite the rows, what would become of them, and proposes flows for new rows.
  - Then it also compiles the inventory with the matrices as they are and as they would be, and returns the rules that come and go on every host.
    No matrix file is written.
  - Without O(old) the document is compared with what the matrix says of it. The matrix has the ports of its flows but not the words of the document, so
    two revisions of the document give the more exact answer.
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
  diff_mode:
    description: Returns what has changed.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
options:
  new:
    description: The new revision, on the controller. A relative path starts from the playbook's directory.
    type: str
    required: true
  old:
    description: The revision that came before. Without it, O(document) must be given.
    type: str
  document:
    description: What the matrices call the document, such as V(xprotect) or V(flow_ports).
    type: str
    default: ""
  matrix_path:
    description: Matrix files of your own, or directories of them, beside those that C(portmatrix_matrix_path) of the hosts names.
    type: list
    elements: str
    default: []
  confirm:
    description:
      - Whether to compile the flows that are proposed for new rows as if a person had confirmed them.
      - Those with an end that the document does not name stay out.
    type: bool
    default: false
  dest:
    description: A directory on the controller for the reports.
    type: str
  formats:
    description: What to write there. V(markdown) is for a change request.
    type: list
    elements: str
    choices: [text, markdown, json]
    default: [text, markdown, json]
seealso:
  - module: vidnet.portmatrix.vendor_document
  - module: vidnet.portmatrix.draft_matrix
"""

EXAMPLES = r"""
- name: See what the vendor's new page changes at this site
  vidnet.portmatrix.document_diff:
    old: documents/flow-2023.txt
    new: documents/flow-2024.html
    document: flow_ports
    dest: change-request
  register: revision

- name: Show it
  ansible.builtin.debug:
    msg: "{{ revision.text.splitlines() }}"
"""

RETURN = r"""
comparison:
  description:
    - The whole comparison, with the keys C(old), C(new), C(counts), C(rows), C(flows) and C(hosts).
    - A row has C(change) (V(added), V(removed), V(changed) or V(moved)), C(old), C(new), C(differences) and C(flows).
    - A host has C(rules_added), C(rules_removed), C(unresolved_added) and C(unresolved_removed).
  returned: success
  type: dict
text:
  description: The same as text.
  returned: success
  type: str
files:
  description: The reports.
  returned: success
  type: list
  elements: str
"""
