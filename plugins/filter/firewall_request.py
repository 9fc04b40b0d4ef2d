# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_request
short_description: A change request to the people who run the network's firewalls
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Lists what a firewall between the hosts must let through. One line is one rule, with source, destination, protocol, ports and justification.
  - There is one line for each source, destination and protocol. What a wider source is let in for is not asked for again.
  - Ways within a host need no firewall and are not listed. IGMP, which no firewall forwards, unresolved flows and hosts without an address
    are in a table of their own.
positional: form
options:
  _input:
    description: Host to policy, for the whole site, as P(vidnet.portmatrix.policy#filter) returns it.
    type: dict
    required: true
  form:
    description:
      - What to write. V(xlsx) is returned in Base64 and needs openpyxl on the controller.
      - V(csv) has one table, the first unless O(part) names another. A cell that a spreadsheet would run as a formula begins with an apostrophe.
    type: str
    choices: [markdown, csv, xlsx, html]
    default: markdown
  matrix:
    description: The matrix that the rules were compiled from, as P(vidnet.portmatrix.matrix#lookup) returns it.
    type: dict
    required: true
  hosts:
    description: Only what begins or ends at one of these hosts.
    type: list
    elements: str
  former:
    description:
      - A full request in CSV, as this filter wrote it before. Then only what is to be added and to be removed is listed, down to the port.
      - Names count. A host that has been renamed is another host.
    type: str
  part:
    description: The only table to write.
    type: str
    choices: [rules, left_out, documents]
seealso:
  - module: vidnet.portmatrix.matrix_report
"""

EXAMPLES = r"""
- name: What the network team has to open and close since the last request
  ansible.builtin.copy:
    content: >-
      {{ hostvars | vidnet.portmatrix.policy
         | vidnet.portmatrix.firewall_request(matrix=lookup('vidnet.portmatrix.matrix'), former=lookup('ansible.builtin.file', 'requested.csv')) }}
    dest: /srv/review/request.md
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import render
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain


def firewall_request(
    policies: Any,
    form: str = "markdown",
    matrix: Any = None,
    hosts: Any = None,
    former: str | None = None,
    part: str | None = None,
) -> str:
    """Return the request in the form of that name."""
    if not isinstance(policies, Mapping):
        raise AnsibleFilterError(
            "firewall_request: the input must be host to policy, such as hostvars | vidnet.portmatrix.policy"
        )
    if not isinstance(matrix, Mapping):
        raise AnsibleFilterError(
            "firewall_request: matrix is required; allowed: what the lookup vidnet.portmatrix.matrix returns"
        )
    try:
        return render.request(plain(policies), str(form), plain(matrix), plain(hosts), plain(former), plain(part))
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"firewall_request: the input is no host to policy: {error!r}") from None
    except (RuntimeError, ValueError) as error:
        raise AnsibleFilterError(f"firewall_request: {error}") from None


class FilterModule:
    """The firewall_request filter."""

    def filters(self) -> dict[str, Any]:
        return {"firewall_request": firewall_request}
