# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which a Windows host's rules change: read, decide here, apply, and confirm over a new connection.

The host arms a task of its own before anything changes, and that brings the former policy back unless the change is confirmed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import clients, lockout, plan, waiting
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.intent import Intent
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.plan import Plan

#: Seconds to wait for another run, and for the confirmation of what it changed.
WAIT = 120
#: Seconds to give a host beyond its window, so that it can be told what became of it.
LATE = 30
PAUSE = 2

State = dict[str, Any]
Answer = dict[str, Any]
#: Runs module win_firewall_policy with these options; ``unreachable`` of the answer tells that the connection failed.
Execute = Callable[[Mapping[str, Any]], Answer]


class Wanted(NamedTuple):
    """What is to be, ``seconds`` that a change waits for its confirmation (0: it is for good at once), the TCP targets that must answer
    after it if they do before (``address`` and ``port``), who makes it, and where the controller is seen from if the user says it.
    """

    intent: Intent
    seconds: int
    probes: Sequence[Mapping[str, Any]] = ()
    by: str = ""
    own: str = ""
    client: clients.Client | None = None


class Clock(NamedTuple):
    """Seconds that only run forward, seconds since 1970, and waiting."""

    now: Callable[[], float] = time.monotonic
    date: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Refused(Exception):
    """Nothing was changed, or it was taken back; says why."""


class Lost(Exception):
    """The host cannot be reached, and nothing was changed."""


def applied(
    execute: Execute, renew: Callable[[], None], wanted: Wanted, *, check: bool = False, clock: Clock | None = None
) -> dict[str, Any]:
    """Bring a host to what is ``wanted`` and return the action's result; ``renew`` makes the next ``execute`` use a new connection.

    An unchanged host is asked once, a changed one three times. ``check`` only looks. Raises Lost.
    """
    transaction = _Transaction(execute, renew, wanted, clock or Clock())
    try:
        return transaction.looked() if check else transaction.run()
    except (Refused, ValueError) as error:
        changed = wanted.seconds == 0 and transaction.applied
        return {"failed": True, "changed": changed, "msg": str(error), **transaction.confirmation()}


class _Transaction:
    def __init__(self, execute: Execute, renew: Callable[[], None], wanted: Wanted, clock: Clock) -> None:
        self.execute, self.renew, self.wanted, self.clock = execute, renew, wanted, clock
        self.id = secrets.token_hex(8)
        self.warnings: list[str] = []
        self.applied = False
        self.confirmed = False

    def looked(self) -> dict[str, Any]:
        """Return what would change."""
        state = self._read()
        planned = plan.plan(state, self.wanted.intent)
        if planned.changed:
            self._refuse_lockout(state, planned)
        if state["pending"]:
            self.warnings.append(f"{waiting.whose(state['pending'])}, and may still be taken back")
        return self._result(planned)

    def run(self) -> dict[str, Any]:
        """Change the host if it differs, once nobody else's change waits to be confirmed."""
        until = self.clock.now() + WAIT
        while True:
            state = self._settled(until)
            planned = plan.plan(state, self.wanted.intent)
            if not planned.changed:
                return self._result(planned)
            self._refuse_lockout(state, planned)
            answer = self._apply(planned)
            if not answer.get("held"):
                break
            self._wait(until, answer["held"])
        if answer.get("unreachable"):
            self._lost(str(answer.get("msg")))
        if answer.get("failed"):
            raise Refused(str(answer.get("msg")))
        self.applied = True
        self._compare(planned, answer)
        if self.wanted.seconds:
            self._confirm(planned, answer.get("answered") or [])
        return self._result(planned)

    def confirmation(self) -> dict[str, bool]:
        """Return ``confirmed`` where there was something to confirm."""
        return {"confirmed": self.confirmed} if self.wanted.seconds and self.applied else {}

    def _result(self, planned: Plan) -> dict[str, Any]:
        return {
            "changed": planned.changed,
            "backend": "windows",
            "flows": planned.flows,
            "foreign": planned.foreign,
            "drift": planned.drift,
            "diff": planned.diff,
            "warnings": list(dict.fromkeys((*planned.warnings, *self.warnings))),
            **self.confirmation(),
        }

    def _call(self, operation: str, **arguments: Any) -> Answer:
        answer = self.execute({"operation": operation, **arguments})
        self.warnings += [text for text in answer.get("warnings") or () if isinstance(text, str)]
        return answer

    def _read(self) -> State:
        answer = self._call("read", management_port=self.wanted.intent.management_port)
        if answer.get("unreachable"):
            raise Lost(str(answer.get("msg")))
        if answer.get("failed"):
            raise Refused(str(answer.get("msg")))
        return answer["state"]

    def _settled(self, until: float) -> State:
        """Return the state once no change of anyone else waits to be confirmed; one whose task did not come is taken back."""
        while True:
            state = self._read()
            pending = state["pending"]
            if not pending:
                return state
            if waiting.overdue(pending, self.clock.date()):
                if self._call("rollback", transaction=pending["transaction"]).get("failed"):
                    return state  # applying finds out what there is to take back, and takes the lock over
            else:
                self._wait(until, pending)

    def _wait(self, until: float, pending: Mapping[str, Any]) -> None:
        if self.clock.now() >= until:
            raise Refused(f"{waiting.whose(pending)}; nothing was changed, try again later")
        self.clock.sleep(PAUSE)

    def _refuse_lockout(self, state: State, planned: Plan) -> None:
        client = self.wanted.client or clients.client(state, self.wanted.intent.management_port, self.wanted.own)
        if client.addresses:
            refusal = lockout.refused(state, planned, client.addresses, client.port)
            if refusal:
                raise Refused(f"{refusal.rstrip('.')}; nothing was changed")
        else:
            self.warnings.append(
                f"the host does not show where this connection to its port {client.port} comes from, so whether the rules cut it off"
                " is only found out by the new connection"
            )

    def _apply(self, planned: Plan) -> Answer:
        return self._call(
            "apply",
            **planned.request(),
            transaction=self.id,
            by=self.wanted.by,
            timeout=self.wanted.seconds,
            probes=list(self.wanted.probes) if self.wanted.seconds else [],
            management_port=self.wanted.intent.management_port,
        )

    def _compare(self, planned: Plan, answer: Answer) -> None:
        """Take back at once what Windows did not take as it was meant."""
        unmet = planned.unmet(answer["state"])
        if not unmet:
            return
        sentence = "the host does not hold what it was told to: " + "; ".join(text.rstrip(".") for text in unmet)
        if not self.wanted.seconds:
            raise Refused(f"{sentence}; with confirm_timeout 0 that is for good")
        taken = self._anew("rollback", transaction=self.id)
        if taken.get("unreachable") or taken.get("failed"):
            raise Refused(f"{sentence}; {self._left_to_the_host()} ({taken.get('msg')})")
        raise Refused(f"{sentence}; the former policy is back")

    def _confirm(self, planned: Plan, answered: Sequence[Mapping[str, Any]]) -> None:
        """Confirm the change; raises Refused when the host took it back, or cannot be reached any more."""
        answer, trouble = self._asked("confirm", transaction=self.id, probes=list(answered))
        if answer is None:
            raise Refused(f"{trouble}{self._left_to_the_host()}")
        if answer.get("gone"):
            # A confirmation whose answer was lost looks the same from here.
            state = self._read()
            if state["pending"] or planned.unmet(state):
                raise Refused(
                    f"{trouble or 'the confirmation came too late; '}the host has brought its former policy back"
                )
        elif answer.get("failed"):
            raise Refused(f"{trouble}{answer.get('msg')}")
        self.confirmed = True

    def _lost(self, why: str) -> None:
        """Raise Refused with what became of a change whose answer did not come; it is taken back."""
        lost = f"the connection was lost while the rules were changed ({why}); "
        if not self.wanted.seconds:
            raise Refused(f"{lost}whether they hold is not known, for with confirm_timeout 0 nothing takes them back")
        self.applied = True
        answer, _trouble = self._asked("rollback", transaction=self.id)
        if answer is None:
            raise Refused(lost + self._left_to_the_host())
        if answer.get("failed") and not answer.get("gone"):
            raise Refused(f"{lost}{answer.get('msg')}")
        raise Refused(f"{lost}the host has its former policy")

    def _asked(self, operation: str, **arguments: Any) -> tuple[Answer | None, str]:
        """Return a new connection's answer, None where there was none in time, and what went wrong before it."""
        trouble = ""
        begun = self.clock.now()
        while self.clock.now() - begun < self.wanted.seconds + LATE:
            answer = self._anew(operation, **arguments)
            if answer.get("unreachable"):
                trouble = f"no new connection could be made after the change ({answer.get('msg')}); "
            elif not answer.get("held"):
                return answer, trouble
            self.clock.sleep(PAUSE)
        return None, trouble

    def _anew(self, operation: str, **arguments: Any) -> Answer:
        self.renew()
        return self._call(operation, **arguments)

    def _left_to_the_host(self) -> str:
        return f"the host was to bring its former policy back {self.wanted.seconds} s after the change"
