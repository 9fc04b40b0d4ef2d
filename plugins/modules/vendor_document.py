#!/usr/bin/python
# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_document
short_description: Read the ports of a vendor's document, and compare them with a matrix
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host.
  - Reads Markdown, HTML, PDF, XLSX, CSV, lines of cells with bars between them, and text copied out of a page. The format is recognised by the content.
  - Returns the tables as they are in the document, and the protocols and ports of each row. What is not understood is returned as such, never guessed.
  - With O(matrix), also returns the flows that cite each row, the rows that no flow cites, and the citations that no row matches.
  - The document is read in a process of its own, within bounds of size, time and memory.
requirements:
  - For PDF, pdfplumber.
  - For HTML, lxml.
  - For Markdown, markdown-it-py and lxml.
  - For XLSX, openpyxl and defusedxml.
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
  diff_mode:
    description: Returns what has changed.
    support: none
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
options:
  path:
    description: The document, on the controller. A relative path starts from the playbook's directory.
    type: str
    required: true
  matrix:
    description: A product that a matrix is known of, such as V(milestone), or the path of a matrix file, to compare the document with.
    type: str
  document:
    description: Which of the matrix's documents this is, by its key. Not needed where only one of them has tables.
    type: str
  matrix_path:
    description: Matrix files of your own, or directories of them. By default, what the variable C(portmatrix_matrix_path) says.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Read a page that was saved from the vendor's manual
  vidnet.portmatrix.vendor_document:
    path: documents/xprotect.txt
    matrix: milestone
  register: manual

- name: Refuse a revision with rows that no flow knows
  ansible.builtin.assert:
    that: manual.uncited == []
    fail_msg: "{{ manual.uncited }}"
"""

RETURN = r"""
title:
  description: The document's title, or its file's name.
  returned: success
  type: str
format:
  description: The format that was recognised, such as V(pdf).
  returned: success
  type: str
tables:
  description:
    - Tables, and lists whose items name ports, in the order of the document. Each has C(number), C(title), C(position), C(header) and C(rows).
    - Each row has C(label), as a matrix cites it, C(position), C(cells), C(text), C(ways) and C(unparsed).
    - A way has C(protocols), C(ports), C(expression), which the key C(port) of a flow takes, and C(parameters) that the ports depend on.
    - With O(matrix), each row also has C(flows), and C(no_flow) with the reason why it opens nothing.
  returned: success
  type: list
  elements: dict
prose:
  description: Paragraphs and list items outside the tables, with C(section), C(position), C(text) and C(ways).
  returned: success
  type: list
  elements: dict
unparsed:
  description: The cells that were not understood, with C(table), C(row), C(position), C(column), C(text) and C(reason).
  returned: success
  type: list
  elements: dict
notes:
  description: Sentences about what could not be read, or was read with a doubt.
  returned: success
  type: list
  elements: str
document:
  description: Key of the matrix's document that was compared.
  returned: with O(matrix)
  type: str
uncited:
  description: Rows that no flow cites and no reason explains, with C(table), C(title), C(row) and C(text).
  returned: with O(matrix)
  type: list
  elements: dict
unmatched:
  description: Citations that no row matches, with C(flow), C(table) and C(row). The flow is V(rows) for an explanation.
  returned: with O(matrix)
  type: list
  elements: dict
conflicts:
  description: Sentences about rows that are accounted for more than once.
  returned: with O(matrix)
  type: list
  elements: str
"""
