# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: render
short_description: Firewall rules as text
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - Writes one host's rules as a script for nft, or the rules of one or many hosts as a table.
  - Writes one host's rules for Windows, for a domain that forbids local rules, as LGPO text, as a C(Registry.pol) or as a script.
    They are made after Microsoft's documents and have not been tried on a Windows host.
  - With O(matrix) a table is the resolved matrix of the site, in which peers have the names of the inventory, and every rule the
    document, table and row that it comes from. What is not resolved and the documents are tables of their own.
positional: form
options:
  _input:
    description: A list of rules such as C(portmatrix_rules), or a mapping of host to rules or to the policy of P(vidnet.portmatrix.policy#filter).
    type: raw
    required: true
  form:
    description:
      - What to write. V(nft), V(lgpo), V(registry_pol) and V(powershell) take one host.
      - V(lgpo) is what Microsoft's LGPO.exe applies or builds a C(Registry.pol) from, V(registry_pol) the file of a group policy object,
        V(powershell) a script for Windows PowerShell 5.1 and later. All of them are ASCII; other letters are replaced.
      - V(xlsx) and V(registry_pol) are returned in Base64; M(vidnet.portmatrix.windows_export) writes files. V(xlsx) needs openpyxl on
        the controller.
      - V(csv) has one table, the first unless O(part) names another. A cell that a spreadsheet would run as a formula begins with an apostrophe.
    type: str
    choices: [nft, json, lgpo, registry_pol, powershell, markdown, csv, xlsx, html]
    default: markdown
  egress:
    description: For V(nft) and the forms for Windows, whether what the host itself opens is restricted too.
    type: str
    choices: [allow, enforce]
    default: allow
  matrix:
    description: The matrix that the rules were compiled from, as P(vidnet.portmatrix.matrix#lookup) returns it.
    type: dict
  hosts:
    description: The hosts whose rules to show. Give the policies of the whole site all the same, so that every peer has a name.
    type: list
    elements: str
  part:
    description: With O(matrix), the only table to write.
    type: str
    choices: [rules, unresolved, documents]
  profiles:
    description:
      - For the forms for Windows, what happens to the profiles. Rules restrict nothing in a profile that is off or lets in by default.
      - V(enforce) switches every profile on and lets it block what no rule lets in, and with O(egress=enforce) out.
    type: str
    choices: [leave, enforce]
    default: leave
seealso:
  - module: vidnet.portmatrix.matrix_report
  - module: vidnet.portmatrix.windows_export
  - plugin: vidnet.portmatrix.firewall_request
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep what this host lets in as a script that nft loads
  ansible.builtin.copy:
    content: "{{ portmatrix_rules | vidnet.portmatrix.render('nft') }}"
    dest: "/srv/review/{{ inventory_hostname }}.nft"
    mode: "0644"
  delegate_to: localhost

- name: Keep this Windows host's rules as a script to review
  ansible.builtin.copy:
    content: "{{ portmatrix_rules | vidnet.portmatrix.render('powershell') }}"
    dest: "/srv/review/{{ inventory_hostname }}.ps1"
    mode: "0644"
  delegate_to: localhost

- name: Print the whole site as a table
  ansible.builtin.debug:
    msg: "{{ (hostvars | vidnet.portmatrix.policy) | vidnet.portmatrix.render('csv') }}"
  run_once: true

- name: Keep the resolved matrix as a page
  ansible.builtin.copy:
    content: "{{ hostvars | vidnet.portmatrix.policy | vidnet.portmatrix.render('html', matrix=lookup('vidnet.portmatrix.matrix')) }}"
    dest: /srv/review/site.html
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import render as forms
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.ansible_values import plain


def render(
    rules: Any,
    form: str = "markdown",
    egress: str = "allow",
    matrix: Any = None,
    hosts: Any = None,
    part: str | None = None,
    profiles: str = "leave",
) -> str:
    """Return the rules in the form of that name."""
    try:
        return forms.render(
            plain(rules), str(form), str(egress), plain(matrix), plain(hosts), plain(part), str(profiles)
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"render: the input is no list of rules: {error!r}") from None
    except (RuntimeError, ValueError) as error:
        raise AnsibleFilterError(f"render: {error}") from None


class FilterModule:
    """The render filter."""

    def filters(self) -> dict[str, Any]:
        return {"render": render}
