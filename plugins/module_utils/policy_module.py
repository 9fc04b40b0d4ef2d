# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that apply a policy have in common: their options, and the call."""

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils import host_backend, host_change, policy_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_respawn import with_binding
from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import Client, client_of

OPTIONS = {
    "rules": policy_rules.OPTION,
    "egress": {"type": "str", "choices": ["allow", "enforce"], "default": "allow"},
    "mode": {"type": "str", "choices": ["enforce", "audit"], "default": "enforce"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "persist": {"type": "bool", "default": True},
}
_WITHOUT = {"confirm_timeout": 0, "probes": [], "policy": None, "client": None, "by": "another run"}
_LONGEST = 3600


def run(backend, options=None):
    """Be the module for one ``backend``; ``options`` are those that it has besides."""
    required = [("state", "present", ["rules"] if options is None else ["rules", "policy"], options is not None)]
    module = AnsibleModule(
        argument_spec=dict(OPTIONS, **(options or {})), required_if=required, supports_check_mode=True
    )
    given = dict(_WITHOUT, backend=backend)
    given.update(module.params)
    client = given["client"]
    given["client"] = (
        Client(client["address"], client["port"]) if client else client_of(os.environ.get("SSH_CONNECTION", ""))
    )
    if not 0 <= given["confirm_timeout"] <= _LONGEST:
        module.fail_json(msg="confirm_timeout: %d; allowed are 0 to %d seconds" % (given["confirm_timeout"], _LONGEST))
    try:
        given["backend"] = host_backend.chosen(given["backend"])
        if given["backend"] == "firewalld":
            with_binding()
        result = host_change.change(given, module.check_mode)
    except policy_rules.RuleError as error:
        module.fail_json(msg="wrong rules, nothing was changed: %s" % error)
    except BackendError as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    # The rules would only come back to the controller, and there into every log and database.
    shown = {key: value for key, value in module.params.items() if key not in ("rules", "probes")}
    module.exit_json(invocation={"module_args": dict(shown, rules="%d rules" % len(given["rules"] or ()))}, **result)
