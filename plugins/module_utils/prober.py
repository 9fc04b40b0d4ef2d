# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes all ports of all targets at once from this host, with one selector and no thread or task per probe."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections import defaultdict, deque

from ansible_collections.vidnet.portmatrix.plugins.module_utils.open_files import allow_open_files
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_attempt import bound_socket, new_attempt
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import Shortage
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import plan, verified

MOST_SECONDS = 60
MOST_SOCKETS = 16384
MOST_RETRIES = 10

# Packets beyond what a neighbour's queue holds are lost while its hardware address is still being asked for, and a
# lost packet would pass for a filtered port. So bursts start small, spread over the addresses, and double.
FIRST_BURST = 32
BURST_PAUSE = 0.01
SHORTAGE_PAUSE = 0.05
SHORTAGE_LIMIT = 5.0


class ProbeError(Exception):
    """The probes cannot be made from this host; the text says why."""


def checked_limits(timeout, concurrency, retries):
    """Raise ValueError when one of the limits of :func:`verify` is outside of what is allowed."""
    if not 0 < timeout <= MOST_SECONDS:
        raise ValueError("timeout: %s; allowed is more than 0 and at most %d seconds" % (timeout, MOST_SECONDS))
    if not 1 <= concurrency <= MOST_SOCKETS:
        raise ValueError("concurrency: %s; allowed is 1 to %d" % (concurrency, MOST_SOCKETS))
    if not 0 <= retries <= MOST_RETRIES:
        raise ValueError("retries: %s; allowed is 0 to %d" % (retries, MOST_RETRIES))


def verify(run, expectations, timeout, concurrency, retries):
    """Probe ``expectations`` (list of dict) and return results, differences, counts, probes, retried and seconds (dict).

    ``timeout`` is in seconds; at most ``concurrency`` sockets are open at a time; what must be open and was not is
    tried ``retries`` times more. Raises ValueError for a wrong expectation, ProbeError when this host cannot probe.
    """
    begun = time.monotonic()
    probes = plan(expectations)
    _check_sources(probes)
    found = verified(probes, lambda some: probe_all(some, run, timeout, concurrency), retries)
    return dict(found, seconds=round(time.monotonic() - begun, 3))


def _check_sources(probes):
    for source in sorted({probe.source for probe in probes}):
        try:
            bound_socket(source, socket.SOCK_DGRAM).close()
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise ProbeError("expectations: source %s; allowed is an address of this host" % source) from error
            raise ProbeError("cannot send from %s: %s" % (source, os.strerror(error.errno))) from error


def probe_all(probes, run, timeout, concurrency):
    """Return the Verdict of every Probe (dict); raises ProbeError when this host runs out of sockets."""
    files = allow_open_files(min(concurrency, len(probes)))
    if probes and not files:
        raise ProbeError("no file can be opened: raise the hard limit of open files (ulimit -Hn)")
    with selectors.DefaultSelector() as selector:
        return _Round(selector, probes, run, timeout, files).verdicts()


def spread(probes):
    """Return ``probes`` with the first of every address first, then the second of every address, and so on."""
    seen = defaultdict(int)
    ranked = []
    for probe in probes:
        ranked.append((seen[probe.address], probe))
        seen[probe.address] += 1
    return [probe for _rank, probe in sorted(ranked, key=lambda pair: pair[0])]


class _Round:
    """All probes once. ``active`` holds the open attempts; as all wait equally long, deadlines are plain queues."""

    def __init__(self, selector, probes, run, timeout, files):
        self.selector = selector
        self.run = run
        self.timeout = timeout
        self.files = files
        self.waiting = deque(spread(probes))
        self.active = set()
        self.halfway = deque()
        self.deadlines = deque()
        self.found = {}
        self.burst = FIRST_BURST
        self.next_burst = 0.0
        self.progress = time.monotonic()

    def verdicts(self):
        try:
            while self.waiting or self.active:
                if self.waiting and len(self.active) < self.files and time.monotonic() >= self.next_burst:
                    self._start_burst()
                asked = time.monotonic()
                for key, _events in self.selector.select(self._patience(asked)):
                    self._step(key.data, key.data.ready)
                # what came in before the deadline has been read by now, however late this loop is
                self._pass_time(self.halfway, asked, "again")
                self._pass_time(self.deadlines, asked, "late")
        finally:
            for attempt in self.active:
                attempt.socket.close()
        return self.found

    def _patience(self, now):
        times = [queue[0][0] for queue in (self.halfway, self.deadlines) if queue]
        if self.waiting and len(self.active) < self.files:
            times.append(self.next_burst)
        return max(0.0, min(times) - now) if times else 0.0

    def _start_burst(self):
        for _number in range(min(self.burst, len(self.waiting), self.files - len(self.active))):
            probe = self.waiting.popleft()
            if not self._start(probe):
                self.waiting.appendleft(probe)
                self.next_burst = time.monotonic() + SHORTAGE_PAUSE
                return
        self.burst *= 2
        self.next_burst = time.monotonic() + BURST_PAUSE

    def _start(self, probe):
        """Start one attempt; tell whether this host could."""
        attempt = None
        try:
            attempt = new_attempt(probe, self.run)
            verdict = attempt.start()
        except Shortage as shortage:
            if attempt:
                attempt.socket.close()
            self._bear(shortage, probe)
            return False
        if verdict:
            self._record(probe, verdict)
            attempt.socket.close()
            return True
        now = time.monotonic()
        self.active.add(attempt)
        self.selector.register(attempt.socket, attempt.events, attempt)
        self.halfway.append((now + self.timeout / 2, attempt))
        self.deadlines.append((now + self.timeout, attempt))
        return True

    def _record(self, probe, verdict):
        self.found[probe] = verdict
        self.progress = time.monotonic()

    def _bear(self, shortage, probe):
        """Let the shortage pass, but not for ever: attempts that are under way end within the timeout."""
        if time.monotonic() - self.progress > self.timeout + SHORTAGE_LIMIT:
            reason = os.strerror(shortage.args[0])
            raise ProbeError("cannot probe from %s: %s" % (probe.source, reason)) from shortage

    def _step(self, attempt, step):
        events = attempt.events
        try:
            verdict = step()
        except Shortage as shortage:
            self._finish(attempt)
            self._bear(shortage, attempt.probe)
            self.waiting.append(attempt.probe)
            return
        if verdict:
            self._finish(attempt)
            self._record(attempt.probe, verdict)
        elif attempt.events != events:
            self.selector.modify(attempt.socket, attempt.events, attempt)

    def _finish(self, attempt):
        self.active.remove(attempt)
        self.selector.unregister(attempt.socket)
        attempt.socket.close()

    def _pass_time(self, queue, now, step):
        while queue and queue[0][0] <= now:
            attempt = queue.popleft()[1]
            if attempt in self.active:
                self._step(attempt, getattr(attempt, step))
