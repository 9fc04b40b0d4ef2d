# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One try at one port: a non-blocking socket and what its events mean."""

from __future__ import annotations

import errno
import selectors
import socket

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import (
    NO_ANSWER,
    Shortage,
    Verdict,
    from_errno,
    pending_error,
    report_errors,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import (
    REQUEST_SIZE,
    parse_greeting,
    request,
)

ANOTHER_SERVICE = Verdict("open", "another service")


def new_attempt(probe, run):
    """Return the attempt for a Probe, its socket open and bound; raises Shortage when it cannot be.

    Every attempt has ``socket``, ``events`` (what to wait for) and four steps: ``start``, ``ready`` (an event came),
    ``again`` (half of the time is over) and ``late`` (all of it). A step returns a Verdict, or None to go on;
    ``start`` and ``ready`` raise Shortage.
    """
    return (TcpAttempt if probe.protocol == "tcp" else UdpAttempt)(probe, run)


def bound_socket(source, kind):
    """Return a non-blocking socket of ``kind`` bound to the address ``source``; raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, kind)
    try:
        sock.setblocking(False)
        report_errors(sock)
        sock.bind((source, 0))
    except OSError:
        sock.close()
        raise
    return sock


def _heard(data, probe, run):
    """Return the Verdict for what a port sent (bytes)."""
    greeting = parse_greeting(data)
    if greeting is None:
        return ANOTHER_SERVICE
    if greeting.host != probe.to:
        return Verdict("wrong_host", "answered by %s" % greeting.host)
    if greeting.run != run:
        return Verdict("open", "answered by run %s" % greeting.run)
    if (greeting.address, greeting.port) != (probe.address, probe.port):
        return Verdict("open", "answered on %s port %d" % (greeting.address, greeting.port))
    return Verdict("open", "answered")


class _Attempt:
    kind = None

    def __init__(self, probe, run):
        self.probe = probe
        self.run = run
        try:
            self.socket = bound_socket(probe.source, self.kind)
        except OSError as error:
            raise Shortage(error.errno) from error

    def failed(self, code):
        """Return the Verdict for an errno; the error queue may know who sent it. Raises Shortage."""
        return pending_error(self.socket, self.probe) or from_errno(code)


class TcpAttempt(_Attempt):
    """Connects, then reads the responder's line."""

    kind = socket.SOCK_STREAM

    def __init__(self, probe, run):
        super().__init__(probe, run)
        self.events = selectors.EVENT_WRITE
        self.received = b""

    def start(self):
        code = self.socket.connect_ex((self.probe.address, self.probe.port))
        return None if code in (0, errno.EINPROGRESS) else self.failed(code)

    def ready(self):
        if self.events == selectors.EVENT_WRITE:
            failed = pending_error(self.socket, self.probe)
            if failed:
                return failed
            self.events = selectors.EVENT_READ
        return self._read()

    def _read(self):
        try:
            data = self.socket.recv(REQUEST_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            return ANOTHER_SERVICE
        self.received += data
        if data and b"\n" not in self.received and len(self.received) < REQUEST_SIZE:
            return None
        return _heard(self.received, self.probe, self.run)

    def again(self):
        return None

    def late(self):
        return NO_ANSWER if self.events == selectors.EVENT_WRITE else ANOTHER_SERVICE


class UdpAttempt(_Attempt):
    """Sends a request, and sends it again, until something comes back."""

    kind = socket.SOCK_DGRAM
    events = selectors.EVENT_READ

    def start(self):
        code = self.socket.connect_ex((self.probe.address, self.probe.port))
        return self.failed(code) if code else self._send()

    def _send(self):
        try:
            self.socket.send(request(self.run))
        except OSError as error:
            return self.failed(error.errno)
        return None

    def ready(self):
        failed = pending_error(self.socket, self.probe)
        if failed:
            return failed
        try:
            return _heard(self.socket.recv(REQUEST_SIZE), self.probe, self.run)
        except BlockingIOError:
            return None
        except OSError as error:
            return self.failed(error.errno)

    def again(self):
        try:
            return self._send()
        except Shortage:
            return None  # the first request did leave; this one only guards against loss

    def late(self):
        return NO_ANSWER
