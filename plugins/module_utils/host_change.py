# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which a host's rules change, whatever its firewall: look, check, arm, apply, confirm.

A change that nobody confirms in time takes itself back (confirm_window). The boot path changes only once the rules are
confirmed, so a boot in between loads the former policy.
"""

from __future__ import annotations

import contextlib
import time

from ansible_collections.vidnet.portmatrix.plugins.module_utils import (
    capsule,
    confirm_window,
    host_lock,
    kept_policies,
    lockout_guard,
    rollback,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Intent
from ansible_collections.vidnet.portmatrix.plugins.module_utils.host_backend import HostBackend, restore
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked

WAIT = 120
"""Seconds to wait for another run, and for the confirmation of what it changed."""
_PAUSE = 1


def change(given, dry):
    """Bring the host to the policy ``given`` (dict of the module's options); return the module's result.

    ``dry`` only looks. With a window, ``pending`` of the result names the change to be confirmed. Raises RuleError or
    BackendError; then the host is as it was.
    """
    if given["policy"]:
        given = dict(given, **_kept(given["policy"]))
    intent = _intent(given)
    backend = HostBackend(given["backend"], given["persist"])
    planned = backend.plan(intent)
    differs = planned.running or planned.boot
    if differs:
        _refuse_lockout(intent, given["client"])
    if dry:
        backend.check()
    # What is in force may be a change that another run has yet to confirm.
    elif differs or confirm_window.current():
        with _alone():
            return _changed(intent, given)
    return _result(backend.name, planned)


def confirm(identity):
    """Confirm the pending change of this id: it passes its probes, enters the boot path, and is kept.

    Raises BackendError when it does not, or was taken back already; then the host is as it was before the change.
    """
    with host_lock.held(WAIT):
        pending = _waiting(identity)
        given = pending.given
        backend = HostBackend(given["backend"], given["persist"])
        planned = backend.plan(_intent(given))
        if planned.running:
            _take_back(pending, "someone else has changed this host's rules before they were confirmed")
        silent = _service_probes().silent(pending.answered) if pending.answered else []
        if silent:
            _take_back(pending, "what answered this host before does not any more: %s" % ", ".join(silent))
        if confirm_window.claim(identity, to_roll_back=False) is None:
            raise BackendError("the change is being taken back, for its time is over")
        try:
            if planned.boot:
                backend.check()
                backend.persist()
            _keep(given)
        except (BackendError, OSError) as error:
            restore(pending.snapshot)
            confirm_window.closed(pending, rolled_back=str(error))
            raise BackendError("%s; rules and boot path are back as they were, nothing was lost" % error) from None
        confirm_window.closed(pending)


def take_back(identity):
    """Take back the pending change of this id at once; raises BackendError when none waits."""
    with host_lock.held(WAIT):
        pending = _waiting(identity)
        with contextlib.suppress(BackendError):
            _take_back(pending, "taken back by hand")


def _waiting(identity):
    pending = confirm_window.current()
    if pending is None or pending.id != identity:
        raise BackendError(confirm_window.why_rolled_back(identity) or "no change %s waits here" % identity)
    return pending


def _kept(number):
    policy = kept_policies.load(number)
    return {key: policy[key] for key in ("rules", "egress", "mode")}


def _intent(given):
    present = given["state"] == "present"
    return Intent(checked(given["rules"]) if present else [], given["egress"], given["mode"], given["state"])


def _refuse_lockout(intent, client):
    if intent.state == "present" and intent.mode == "enforce":
        refusal = lockout_guard.cut_off(intent.rules, client)
        if refusal:
            raise BackendError(refusal + "; nothing was changed")


def _changed(intent, given):
    """Change what differs by now, for another run may just have ended."""
    backend = HostBackend(given["backend"], given["persist"])
    planned = backend.plan(intent)
    result = _result(backend.name, planned)
    if not (planned.running or planned.boot):
        return result
    backend.check()
    if given["confirm_timeout"] and planned.running:
        result["pending"] = _opened(backend, given)
    else:
        _at_once(backend, planned, given)
    return result


def _opened(backend, given):
    seconds = given["confirm_timeout"]
    answered = _service_probes().answered(given["probes"]) if given["probes"] else []
    stored = {key: given[key] for key in ("rules", "egress", "mode", "state", "persist", "by")}
    stored["backend"] = backend.name
    program = capsule.packed(rollback)
    pending = confirm_window.opened(seconds, program, given["by"], backend.snapshot(), stored, answered)
    try:
        backend.apply()
    except (BackendError, OSError) as error:
        _take_back(pending, str(error))
    if confirm_window.current() is None:
        # Applying took longer than the window, so the timer came first; what it brought back was then replaced.
        restore(pending.snapshot)
        raise BackendError("applying took longer than confirm_timeout (%d s); the former rules are back" % seconds)
    return {"id": pending.id, "seconds": seconds}


def _at_once(backend, planned, given):
    before = backend.snapshot()
    try:
        if planned.running:
            backend.apply()
        if planned.boot:
            backend.persist()
        _keep(dict(given, backend=backend.name))
    except (BackendError, OSError) as error:
        restore(before)
        raise BackendError("%s; rules and boot path are back as they were, nothing was lost" % error) from None


def _keep(given):
    if given["persist"] and given["state"] == "present":
        kept_policies.keep(given, given["by"])
    elif given["persist"]:
        kept_policies.forget()


def _take_back(pending, why):
    """Bring the former rules back, and raise BackendError that says why."""
    why += "; the former rules are back, nothing was lost"
    if confirm_window.claim(pending.id, to_roll_back=True):
        restore(pending.snapshot)
        confirm_window.closed(pending, rolled_back=why)
    raise BackendError(why)


@contextlib.contextmanager
def _alone():
    """Hold the lock, with no change of anyone else left to be confirmed."""
    until = time.monotonic() + WAIT
    while True:
        with host_lock.held(WAIT):
            if _settled(until):
                yield
                return
        time.sleep(_PAUSE)


def _settled(until):
    pending = confirm_window.current()
    if pending is None:
        return True
    if confirm_window.overdue(pending):
        with contextlib.suppress(BackendError):
            _take_back(pending, "its timer did not come")
        return True
    if time.monotonic() > until:
        raise BackendError(
            "a change by %s waits to be confirmed for another %d s; try again then"
            % (pending.holder, confirm_window.left(pending))
        )
    return False


def _service_probes():
    """Return the module; it is compiled anew on each host, so it is imported only where there is a change to confirm."""
    from ansible_collections.vidnet.portmatrix.plugins.module_utils import service_probes

    return service_probes


def _result(name, planned):
    return {
        "changed": planned.running or planned.boot,
        "backend": name,
        "flows": planned.flows,
        "diff": planned.diff,
        "warnings": planned.warnings,
    }
