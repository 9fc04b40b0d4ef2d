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
positional: form
options:
  _input:
    description: A list of rules such as C(portmatrix_rules), or a mapping of host to rules or to the policy of P(vidnet.portmatrix.policy#filter).
    type: raw
    required: true
  form:
    description: What to write. V(nft) takes one host.
    type: str
    choices: [nft, csv, markdown, json]
    default: markdown
  egress:
    description: For V(nft), whether what the host itself opens is restricted too.
    type: str
    choices: [allow, enforce]
    default: allow
"""

EXAMPLES = r"""
- name: Keep what this host lets in as a script that nft loads
  ansible.builtin.copy:
    content: "{{ portmatrix_rules | vidnet.portmatrix.render('nft') }}"
    dest: "/srv/review/{{ inventory_hostname }}.nft"
    mode: "0644"
  delegate_to: localhost

- name: Print the whole site as a table
  ansible.builtin.debug:
    msg: "{{ (hostvars | vidnet.portmatrix.policy) | vidnet.portmatrix.render('csv') }}"
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


def render(rules: Any, form: str = "markdown", egress: str = "allow") -> str:
    """Return the rules in the form of that name."""
    try:
        return forms.render(plain(rules), str(form), str(egress))
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"render: the input is no list of rules: {error!r}") from None
    except ValueError as error:
        raise AnsibleFilterError(f"render: {error}") from None


class FilterModule:
    """The render filter."""

    def filters(self) -> dict[str, Any]:
        return {"render": render}
