#!/usr/bin/python
# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: draft_matrix
short_description: Write a draft matrix from a vendor's document, for a person to finish
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host.
  - Reads a document as M(vidnet.portmatrix.vendor_document) does, and writes a matrix file in which every row of it is a flow, or is listed with
    the reason why it opens nothing.
  - Ports, protocols, states and descriptions are the document's. Who connects to whom is proposed from columns, direction words, titles and the names
    in the text, each with a reason and a confidence.
  - The file loads as it is by C(portmatrix_matrix_path), and gives no rule. A flow gives rules when a person has looked at C(from), C(to) and
    C(feature) and has set C(reviewed) to true. Until then it is listed in C(portmatrix_unresolved).
  - A file that exists is never overwritten unless O(force) is set.
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
  path:
    description: The document, on the controller. A relative path starts from the playbook's directory.
    type: str
    required: true
  dest:
    description: The matrix file to write. A relative path starts from the playbook's directory.
    type: str
    required: true
  product:
    description: The product, in lower-case letters, digits and C(_). Every flow id of the file begins with it, and so do its components.
    type: str
    required: true
  component:
    description: The component that the document is about. By default the product and C(_device).
    type: str
    default: ""
  document:
    description: What citations call the document. By default made of the product and the file's name.
    type: str
    default: ""
  title:
    description: The product's title. By default the document's.
    type: str
    default: ""
  matrix_path:
    description: Matrix files of your own beside which the draft must load. By default, what the variable C(portmatrix_matrix_path) says.
    type: list
    elements: str
  force:
    description: Whether to overwrite a file that exists.
    type: bool
    default: false
seealso:
  - module: vidnet.portmatrix.vendor_document
  - module: vidnet.portmatrix.document_diff
"""

EXAMPLES = r"""
- name: Start a matrix for the door controllers
  vidnet.portmatrix.draft_matrix:
    path: documents/acme-ports.html
    dest: vendors/acme.yml
    product: acme
    component: acme_controller
"""

RETURN = r"""
dest:
  description: The file.
  returned: success
  type: str
flows:
  description: The ids of its flows.
  returned: success
  type: list
  elements: str
undecided:
  description: Those of them with an end that the document does not name, written as V(?).
  returned: success
  type: list
  elements: str
no_flow:
  description: How many rows open nothing.
  returned: success
  type: int
components:
  description: The components that the draft defines, to choose from.
  returned: success
  type: list
  elements: str
notes:
  description: What was read with a doubt, and sentences that tell of ports and have no flow of their own.
  returned: success
  type: list
  elements: str
"""
