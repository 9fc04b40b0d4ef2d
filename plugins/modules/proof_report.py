#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: proof_report
short_description: Write the proof of a site for people, CI and programs
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Runs on the controller and contacts no host. One task with C(run_once) is enough for a site.
  - Puts together what M(vidnet.portmatrix.port_probe) has seen from every host, what the rules in force are, and what the rules are there for.
  - Writes C(proof.html) for people, C(proof.json) for programs, C(proof.junit.xml) for CI and C(proof.txt) for a terminal, and on request
    P(vidnet.portmatrix.truth_table#filter) in all its formats as C(truth-table.txt), C(truth-table.md) and C(truth-table.json).
  - The form of C(proof.json) is documented in C(docs/proof.schema.json).
  - Does not fail because of differences. See RV(summary).
attributes:
  check_mode:
    description: Can run in check mode. Nothing is written then.
    support: full
  diff_mode:
    description: Shows the lines of C(proof.txt) that change.
    support: full
  platform:
    description: The platforms that it works with.
    platforms: any
    support: full
options:
  results:
    description:
      - Initiator to the list RV(vidnet.portmatrix.port_probe#module:results) of it. A host that was asked and had nothing to ask has an empty list.
      - C(service) and C(attempts) in a row may be missing.
      - One of this, O(registered) and O(stored) is needed.
    type: dict
  registered:
    description:
      - The variable in which every host has registered what M(vidnet.portmatrix.port_probe) returned. Hosts without it were not asked.
      - With many thousand rows this takes a second, where O(results) takes minutes, because Ansible does not go through every row.
    type: str
  again:
    description: The variable in which hosts have registered what M(vidnet.portmatrix.port_probe) returned when it was asked about differences again.
    type: str
    default: ""
  witnesses:
    description: The variable in which hosts have registered what M(vidnet.portmatrix.packet_witness) had counted meanwhile.
    type: str
    default: ""
  in_force:
    description:
      - The variable in which hosts have registered what M(vidnet.portmatrix.policy_readback) returned.
      - The rules in force are compared with the policy of each host then, for all packets. Of differences that packets found, they tell which
        rule it was.
    type: str
    default: ""
  stored:
    description:
      - A C(proof.json) of an earlier run, to write the proof again from. The other options about the run are ignored then.
    type: path
  located:
    description:
      - Initiator to differences with their C(where), which says where they arise. They are rows of O(results) otherwise.
      - C(where) may as well be in O(results).
    type: dict
    default: {}
  readback:
    description:
      - Host to the list of differences between its rules in force and the declared ones. A host without an entry was not read.
    type: dict
    default: {}
  backends:
    description: Host to what holds its rules.
    type: dict
    default: {}
  hosts:
    description: The hosts to report on. Every host of the inventory when it is not given.
    type: list
    elements: str
  title:
    description: What to call the proof.
    type: str
    default: Port proof
  run:
    description: Id of the run.
    type: str
    default: ""
  seconds:
    description: How long the run took.
    type: float
    default: 0.0
  dest:
    description:
      - Directory on the controller. It is made if need be. Relative paths start from the working directory.
      - Without it nothing is written.
    type: path
  formats:
    description: The files to write.
    type: list
    elements: str
    choices: [html, json, junit, text, table]
    default: [html, json, junit, text]
  width:
    description: How wide RV(text) may be, in characters, at least V(40). Columns that do not fit are left out.
    type: int
    default: 100
notes:
  - Where C(portmatrix_mode) of a host is V(audit) or C(portmatrix_state) is V(absent), the proof says so.
seealso:
  - module: vidnet.portmatrix.port_probe
  - plugin: vidnet.portmatrix.truth_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask every host
  vidnet.portmatrix.port_probe:
    run: trial-1
    expectations: "{{ portmatrix_expectations }}"
  register: probed

- name: Write what was seen
  vidnet.portmatrix.proof_report:
    registered: probed
    hosts: "{{ ansible_play_hosts_all }}"
    title: Proof of the building at the harbour
    dest: /srv/review/proof
  run_once: true

- name: Make the page of an earlier run again
  vidnet.portmatrix.proof_report:
    stored: /srv/review/proof/proof.json
    dest: /srv/review/again
    formats: [html]
"""

RETURN = r"""
files:
  description: The files of the proof. Those that are as they must be already are not written again.
  returned: success
  type: list
  elements: str
  sample: [/srv/review/proof/proof.html]
summary:
  description: The figures.
  returned: success
  type: dict
  sample:
    hosts: 2
    proven_hosts: 2
    probes: 44
    differences: 0
    retried: 0
    read_back: 2
    readback_differences: 0
    unresolved: 1
text:
  description: What C(proof.txt) holds, O(width) characters wide.
  returned: success
  type: str
"""
