#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: matrix_report
short_description: Write the resolved matrix of a site, and a firewall change request
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host. One task with C(run_once) is enough for a site.
  - The resolved matrix (C(site-matrix)) lists every rule of every host with the names of its peers and the document, table and row that it
    comes from, and what is not resolved.
  - The change request (C(firewall-request)) lists what a firewall between the hosts must let through. One line is one rule of that firewall.
  - With O(former) the file C(firewall-changes) has only what is to be added to a former request and removed from it.
  - The same site gives the same bytes, so that the files can be kept in git.
attributes:
  check_mode:
    description: Can run in check mode. Nothing is written then.
    support: full
  diff_mode:
    description: Shows the lines that change in Markdown and CSV files.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
requirements:
  - openpyxl on the controller, for xlsx
options:
  dest:
    description:
      - Directory on the controller. It is made if need be. Relative paths start from the working directory.
      - Without it nothing is written, and the reports are returned as Markdown.
    type: path
  formats:
    description: The files to write. V(csv) has a file for each table.
    type: list
    elements: str
    choices: [markdown, csv, xlsx, html]
    default: [markdown, csv, xlsx, html]
  former:
    description:
      - A file C(firewall-request.csv) of an earlier run. It is read before anything is written, so that it may be the one in O(dest).
      - Names count. A host that has been renamed is another host.
    type: path
  hosts:
    description: The hosts to report on. Every host of the inventory when it is not given.
    type: list
    elements: str
seealso:
  - plugin: vidnet.portmatrix.render
    plugin_type: filter
  - plugin: vidnet.portmatrix.firewall_request
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep the site's reports in git
  vidnet.portmatrix.matrix_report:
    dest: "{{ playbook_dir }}/reports"
    formats: [markdown, csv]
  run_once: true

- name: Ask the network team only for what is new
  vidnet.portmatrix.matrix_report:
    dest: /srv/review
    former: /srv/review/accepted.csv
  run_once: true
"""

RETURN = r"""
files:
  description: The files of the reports. Those that are as they must be already are not written again.
  returned: success
  type: list
  elements: str
  sample: [/srv/review/site-matrix.md]
markdown:
  description: The reports.
  returned: when there is no O(dest)
  type: str
"""
