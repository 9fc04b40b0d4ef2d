# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One try at one port: a non-blocking socket and what its events mean."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_answers import ANOTHER_SERVICE, heard
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import (
    NO_ANSWER,
    Shortage,
    from_errno,
    pending_error,
    report_errors,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_requests import question
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import WORD, request

MOST_BYTES = 4096
# IP_BIND_ADDRESS_NO_PORT in Linux, of both families: the port is chosen when connecting, so that one in use, or just
# used, for one target still serves for another; the socket module has no name for it
_PORT_LATER = 24


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
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IP, _PORT_LATER, 1)
        sock.bind((source, 0))
    except OSError:
        sock.close()
        raise
    return sock


class _Attempt:
    kind = None

    def __init__(self, probe, run):
        self.probe = probe
        self.run = run
        self.question = question(probe)
        self.asked = False
        try:
            self.socket = bound_socket(probe.source, self.kind)
        except OSError as error:
            raise Shortage(error.errno) from error

    def failed(self, code):
        """Return the Verdict for an errno; the error queue may know who sent it. Raises Shortage."""
        return pending_error(self.socket, self.probe) or from_errno(code)

    def heard(self, data):
        """Return the Verdict for what the port sent (bytes)."""
        return heard(data, self.probe, self.run, self.question)


class TcpAttempt(_Attempt):
    """Connects, then reads the responder's line, or the answer to the question for a real service."""

    kind = socket.SOCK_STREAM

    def __init__(self, probe, run):
        super().__init__(probe, run)
        self.events = selectors.EVENT_WRITE
        self.received = b""
        self.waited = False

    def start(self):
        code = self.socket.connect_ex((self.probe.address, self.probe.port))
        return None if code in (0, errno.EINPROGRESS) else self.failed(code)

    def ready(self):
        if self.events == selectors.EVENT_WRITE:
            failed = pending_error(self.socket, self.probe)
            if failed:
                return failed
            self.events = selectors.EVENT_READ
            if self.question and (self.question.at_once or self.waited):
                self._ask()
        return self._read()

    def _ask(self):
        self.asked = True
        with contextlib.suppress(OSError):  # what became of the connection is seen when reading
            self.socket.send(self.question.data)

    def _read(self):
        try:
            data = self.socket.recv(MOST_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return ANOTHER_SERVICE
        self.received += data
        if data and len(self.received) < MOST_BYTES and not self._is_whole():
            return None
        return self.heard(self.received)

    def _is_whole(self):
        one_line = not self.asked or self.received.startswith(WORD.encode("ascii"))
        return (b"\n" if one_line else b"\r\n\r\n") in self.received

    def again(self):
        self.waited = True
        if self.question and not self.asked and self.events == selectors.EVENT_READ:
            self._ask()

    def late(self):
        return NO_ANSWER if self.events == selectors.EVENT_WRITE else ANOTHER_SERVICE


class UdpAttempt(_Attempt):
    """Sends a request, and sends it again, until something comes back; then also the question for a real service."""

    kind = socket.SOCK_DGRAM
    events = selectors.EVENT_READ
    silence = NO_ANSWER

    def start(self):
        code = self.socket.connect_ex((self.probe.address, self.probe.port))
        if code:
            return self.failed(code)
        self.asked = bool(self.question and self.question.at_once)
        return self._send()

    def _send(self):
        # The question first: a time server that limits its clients answers only the first of two packets.
        try:
            if self.asked:
                self.socket.send(self.question.data)
            self.socket.send(request(self.run))
        except OSError as error:
            return self.failed(error.errno)
        return None

    def ready(self):
        failed = pending_error(self.socket, self.probe)
        if failed:
            return failed
        try:
            verdict = self.heard(self.socket.recv(MOST_BYTES))
        except BlockingIOError:
            return None
        except OSError as error:
            return self.failed(error.errno)
        if verdict is not ANOTHER_SERVICE or not self.question:
            return verdict
        # It complains about our request, or the answer is to another: what it is shows when it is asked properly.
        self.silence = ANOTHER_SERVICE
        return None if self.asked else self.again()

    def again(self):
        self.asked = bool(self.question)
        try:
            return self._send()
        except Shortage:
            return None  # the first request did leave; this one only guards against loss

    def late(self):
        return self.silence
