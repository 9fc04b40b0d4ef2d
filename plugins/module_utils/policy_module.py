# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that apply a policy have in common: their options, and the call."""

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils import (
    host_backend,
    host_change,
    policy_options,
    policy_rules,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_respawn import with_binding
from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import Client, client_of

_WITHOUT = {"confirm_timeout": 0, "probes": [], "policy": None, "client": None, "by": "another run"}
_LEFT_OUT = ("rules", "probes", *policy_options.WINDOWS)


def run(backend, options=None):
    """Be the module for one ``backend``; ``options`` are those that it has besides."""
    module = AnsibleModule(
        argument_spec=dict(policy_options.COMMON, **(options or {})),
        required_if=policy_options.required(options is not None),
        supports_check_mode=True,
    )
    given = dict(_WITHOUT, backend=backend)
    given.update(module.params)
    client = given["client"]
    given["client"] = (
        Client(client["address"], client["port"]) if client else client_of(os.environ.get("SSH_CONNECTION", ""))
    )
    wrong = policy_options.wrong_timeout(given["confirm_timeout"])
    if wrong:
        module.fail_json(msg=wrong)
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
    shown = {key: value for key, value in module.params.items() if key not in _LEFT_OUT}
    module.exit_json(invocation={"module_args": dict(shown, rules="%d rules" % len(given["rules"] or ()))}, **result)
