# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules that apply a policy; those of Windows hosts are read on the controller."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules

LONGEST = 3600
"""Seconds that a change may wait for its confirmation."""
BACKENDS = ("nftables", "firewalld", "ufw", "windows")

COMMON = {
    "rules": policy_rules.OPTION,
    "egress": {"type": "str", "choices": ["allow", "enforce"], "default": "allow"},
    "mode": {"type": "str", "choices": ["enforce", "audit"], "default": "enforce"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "persist": {"type": "bool", "default": True},
}

ANY_HOST = {
    "backend": {"type": "str", "choices": ["auto", *BACKENDS], "default": "auto"},
    "confirm_timeout": {"type": "int", "default": 90},
    "probes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "to": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "protocol": {"type": "str", "required": True},
            "open": {"type": "list", "elements": "int", "default": []},
            "shut": {"type": "list", "elements": "int", "default": []},
            "speaks": {"type": "dict", "default": {}},
        },
    },
    "policy": {"type": "str"},
    "client": {
        "type": "dict",
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
        },
    },
    "by": {"type": "str", "default": "another run"},
}

WINDOWS = {
    "foreign": {"type": "raw", "default": "disable"},
    "profiles": {"type": "str", "choices": ["enforce", "report"], "default": "enforce"},
    "ports": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "protocol": {"type": "str", "choices": ["tcp", "udp"], "required": True},
            "ports": {"type": "list", "elements": "str", "required": True},
            "flow": {"type": "str", "default": ""},
            "components": {"type": "list", "elements": "str", "default": []},
        },
    },
}

HOST_FIREWALL = dict(ANY_HOST, **WINDOWS)


def required(policy_instead):
    """Return what is needed besides (an AnsibleModule's ``required_if``); ``policy_instead``: a kept policy may take the place of rules."""
    return [("state", "present", ["rules", "policy"] if policy_instead else ["rules"], policy_instead)]


def wrong_timeout(seconds):
    """Return a sentence for seconds (int) that nothing can wait, else an empty text."""
    return "" if 0 <= seconds <= LONGEST else "confirm_timeout: %d; allowed are 0 to %d seconds" % (seconds, LONGEST)
