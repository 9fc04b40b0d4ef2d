# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: aggregate
short_description: Shows how far applying and proving have come
version_added: 0.1.0
author: vidnet.portmatrix contributors (@vidnet)
description:
  - While the rules of a site are applied or proven, tells now and then how many hosts are done, how many ports have been probed,
    how many differences were found, how many changes were confirmed or taken back, and about how long the task will take yet.
  - On a terminal this is the last line, which stays where it is while everything else scrolls above it.
    Elsewhere, as in the log of a CI job, it is a line of its own every few seconds.
  - It goes to the standard error output, so that the output of other callbacks stays as it is.
  - It shows numbers only, no names and no values.
  - If it should fail, it says so once and is silent from then on. It never stops a run.
requirements:
  - C(callbacks_enabled = vidnet.portmatrix.progress) in the C([defaults]) section of C(ansible.cfg)
options:
  interval:
    description:
      - Seconds from one line to the next where the output is no terminal. What applying and probing have come to is told in any case.
      - On a terminal the line changes with every host, but not more than five times a second.
    type: float
    default: 5
    env:
      - name: PORTMATRIX_PROGRESS_INTERVAL
    ini:
      - section: callback_portmatrix_progress
        key: interval
  min_hosts:
    description: Says nothing in plays of fewer hosts than this.
    type: int
    default: 10
    env:
      - name: PORTMATRIX_PROGRESS_MIN_HOSTS
    ini:
      - section: callback_portmatrix_progress
        key: min_hosts
  in_place:
    description: Whether to keep the last line of a terminal. If V(false), lines are written there as they are elsewhere.
    type: bool
    default: true
    env:
      - name: PORTMATRIX_PROGRESS_IN_PLACE
    ini:
      - section: callback_portmatrix_progress
        key: in_place
"""

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.progress import (
    APPLYING,
    ASKING,
    Step,
    planned_probes,
    step_of,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.status_line import StatusLine

REFRESH = 0.2
"""Seconds from one change of a terminal's line to the next."""


def _harmless(method: Callable[..., None]) -> Callable[..., None]:
    """Tell of an error once, and be silent from then on."""

    @functools.wraps(method)
    def called(self: CallbackModule, *arguments: Any, **more: Any) -> None:
        try:
            method(self, *arguments, **more)
        except Exception as error:
            self.disabled = True
            self.end()
            self._display.warning(f"vidnet.portmatrix.progress shows nothing more: {type(error).__name__}: {error}")

    return called


class CallbackModule(CallbackBase):
    """Follows the tasks of the collection."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "vidnet.portmatrix.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.steps: dict[str, Step] = {}
        self.hosts: set[str] = set()
        self.planned: dict[str, int] = {}
        self.shown = 0.0
        self.status: StatusLine | None = None

    @_harmless
    def v2_playbook_on_play_start(self, play: Any) -> None:
        inventory = play.get_variable_manager()._inventory
        hosts = inventory.get_hosts(play.hosts)
        self.hosts = {host.name for host in hosts}
        self.planned = {
            host.name: planned_probes(host.vars.get("portmatrix_expectations"), self.hosts)
            for host in hosts
            if "portmatrix_expectations" in host.vars
        }
        self.steps = {}

    @_harmless
    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._step(task)

    @_harmless
    def v2_runner_on_ok(self, result: Any) -> None:
        found = _data(result)
        facts = found.get("ansible_facts")
        if isinstance(facts, Mapping) and "portmatrix_expectations" in facts:
            self.planned[_host(result)] = planned_probes(facts["portmatrix_expectations"], self.hosts)
        self._finished(result, found)

    @_harmless
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._finished(result, _data(result), failed=True)

    @_harmless
    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._finished(result, {}, failed=True)

    @_harmless
    def v2_runner_on_skipped(self, result: Any) -> None:
        self._finished(result, {})

    @_harmless
    def v2_playbook_on_stats(self, stats: Any) -> None:
        self.end()

    def end(self) -> None:
        """Give a terminal its last line back."""
        if self.status:
            with contextlib.suppress(OSError):
                self.status.end()

    def _step(self, task: Any) -> Step | None:
        names = step_of(getattr(task, "resolved_action", None) or task.action, task.args)
        if names is None or task.run_once or len(self.hosts) < self.get_option("min_hosts"):
            return None
        return self.steps.setdefault(task._uuid, Step(names, len(self.hosts), self.planned, time.monotonic()))

    def _finished(self, result: Any, found: Mapping[str, Any], failed: bool = False) -> None:
        step = self._step(_task(result))
        if step is None:
            return
        step.finished(_host(result), found, failed)
        now = time.monotonic()
        in_place = self.get_option("in_place") and StatusLine.fits(sys.stderr.fileno())
        due = max(self.shown, step.begun) + (REFRESH if in_place else self.get_option("interval"))
        if now < due and not (step.complete and step.doing in (APPLYING, ASKING)):
            return
        self.shown = now
        if not in_place:
            self._display.display(step.line(now), stderr=True)
            return
        self.status = self.status or StatusLine(sys.stderr.fileno())
        self.status.show(step.line(now))


def _data(result: Any) -> Mapping[str, Any]:
    """Return what a task returned. Before ansible-core 2.19 it has another name."""
    return result.result if hasattr(result, "result") else result._result


def _host(result: Any) -> str:
    return (result.host if hasattr(result, "host") else result._host).get_name()


def _task(result: Any) -> Any:
    return result.task if hasattr(result, "task") else result._task
