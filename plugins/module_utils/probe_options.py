# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the prober and of the responder; those of Windows hosts are read on the controller."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import PROTOCOLS

PROBE = {
    "run": {"type": "str", "required": True},
    "expectations": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "to": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "protocol": {"type": "str", "required": True, "choices": list(PROTOCOLS)},
            "open": {"type": "list", "elements": "int", "default": []},
            "shut": {"type": "list", "elements": "int", "default": []},
            "speaks": {"type": "dict", "default": {}},
        },
    },
    "timeout": {"type": "float", "default": 1.0},
    "concurrency": {"type": "int", "default": 2048},
    "retries": {"type": "int", "default": 1},
}

LISTEN = {
    "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
    "run": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "rules": policy_rules.OPTION,
    "addresses": {"type": "list", "elements": "str"},
    "seconds": {"type": "int", "default": 120},
}
LISTEN_REQUIRED = [("state", "started", ("rules", "addresses"))]
"""What is needed besides (an AnsibleModule's ``required_if``)."""
