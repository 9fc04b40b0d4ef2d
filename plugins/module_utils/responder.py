# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens where the policy of a host says something listens, and answers every prober with this host's name."""

from __future__ import annotations

import errno
import ipaddress
import os
import selectors
import socket
import time
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils.open_files import allow_open_files
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import DIRECTIONS, PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.module_utils.port_ranges import parse_range, sample
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import SHORTAGES
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import (
    REQUEST_SIZE,
    greeting,
    is_request,
)

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
# a host that is short of files or memory is left alone for so long (seconds)
_SHORTAGE_PAUSE = 0.05
_MOST_CONNECTIONS = 256

Endpoint = namedtuple("Endpoint", "address protocol port")


class ResponderError(Exception):
    """The responder cannot do what was asked; the text says what and why."""


def endpoints(rules, addresses):
    """Return the sorted Endpoints for the incoming TCP and UDP ``rules`` (list of dict) on ``addresses`` (list of str).

    Raises ValueError that names every wrong value and what is allowed there.
    """
    problems = []
    hosts = set()
    for number, text in enumerate(addresses):
        try:
            hosts.add(_own_address(text))
        except ValueError:
            problems.append("addresses[%d]: %r; allowed is an IPv4 or IPv6 address of this host" % (number, text))
    ports = set()
    for number, rule in enumerate(rules):
        for key, allowed in (("direction", DIRECTIONS), ("protocol", PROTOCOLS)):
            if rule.get(key) not in allowed:
                problems.append("rules[%d].%s: %r; allowed are %s" % (number, key, rule.get(key), ", ".join(allowed)))
        if rule.get("direction") != "in" or rule.get("protocol") not in _KINDS:
            continue
        try:
            sampled = sample([parse_range(text) for text in rule.get("ports") or ()])
        except ValueError as error:
            problems.append("rules[%d].ports: %s; allowed are ports and ranges from 1 to 65535" % (number, error))
        else:
            ports.update((rule["protocol"], port) for port in sampled)
    if problems:
        raise ValueError("; ".join(problems))
    ordered = sorted(hosts, key=lambda address: (address.version, address))
    return [Endpoint(str(address), protocol, port) for address in ordered for protocol, port in sorted(ports)]


def _own_address(text):
    address = ipaddress.ip_address(text)
    if address.is_unspecified or address.is_multicast or "%" in text:
        raise ValueError(text)
    return address


def listen(wanted):
    """Bind all ``wanted`` Endpoints; return the sockets that listen (dict: socket -> Endpoint) and those occupied.

    An occupied port belongs to a service and is left to it. Raises ResponderError when any other cannot be had.
    """
    files = allow_open_files(len(wanted) + _MOST_CONNECTIONS)
    if files < len(wanted):
        raise ResponderError(
            "%d sockets are needed but only %d fit the hard limit of open files (ulimit -Hn)" % (len(wanted), files)
        )
    sockets = {}
    occupied = []
    try:
        for endpoint in wanted:
            try:
                sockets[_listening_socket(endpoint)] = endpoint
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise ResponderError(_refusal(endpoint, error)) from error
                occupied.append(endpoint)
    except ResponderError:
        for sock in sockets:
            sock.close()
        raise
    return sockets, occupied


def _refusal(endpoint, error):
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return "addresses: %s; allowed is an address of this host" % endpoint.address
    return "cannot listen on %s %s %d: %s" % (*endpoint, os.strerror(error.errno))


def _listening_socket(endpoint):
    ipv6 = ":" in endpoint.address
    sock = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, _KINDS[endpoint.protocol])
    try:
        sock.setblocking(False)
        if ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if endpoint.protocol == "tcp":
            # closed connections of an earlier run must not look like a service; for UDP it would share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((endpoint.address, endpoint.port))
        if endpoint.protocol == "tcp":
            sock.listen(socket.SOMAXCONN)
    except OSError:
        sock.close()
        raise
    return sock


def serve(sockets, run, host, seconds):
    """Answer on ``sockets`` (dict: socket -> Endpoint) for ``seconds``."""
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        answers = {"tcp": _Greeter(selector).greet, "udp": _answer_request}
        for sock, endpoint in sockets.items():

            def line(peer, place=endpoint):
                return greeting(run, host, place.address, place.port, peer.partition("%")[0])

            selector.register(sock, selectors.EVENT_READ, (answers[endpoint.protocol], line))
        while time.monotonic() < end:
            for key, _events in selector.select(max(0.0, end - time.monotonic())):
                answer, line = key.data
                try:
                    answer(key.fileobj, line, run)
                except BlockingIOError:
                    pass  # the prober has gone again
                except OSError as error:
                    if error.errno in SHORTAGES:
                        time.sleep(_SHORTAGE_PAUSE)


def _answer_request(sock, line, run):
    data, sender = sock.recvfrom(REQUEST_SIZE)
    if is_request(data, run):
        sock.sendto(line(sender[0]), sender)


class _Greeter:
    """Greets whoever connects, and lets the other side close first.

    The side that closes first keeps the port for a minute more (TIME_WAIT), and a service that starts after the proof
    could find it in use. Of too many connections, or when files run out, the oldest is closed all the same.
    """

    def __init__(self, selector):
        self.selector = selector
        self.open = {}

    def greet(self, sock, line, _run):
        try:
            connection, sender = sock.accept()
        except OSError:
            self.close_oldest()
            raise
        try:
            connection.setblocking(False)
            connection.send(line(sender[0]))
        except OSError:
            connection.close()
            raise
        self.open[connection] = None
        self.selector.register(connection, selectors.EVENT_READ, (self.hear, None))
        if len(self.open) > _MOST_CONNECTIONS:
            self.close_oldest()

    def hear(self, connection, _line, _run):
        try:
            if connection.recv(REQUEST_SIZE):
                return
        except ConnectionError:
            pass
        self.close(connection)

    def close_oldest(self):
        if self.open:
            self.close(next(iter(self.open)))

    def close(self, connection):
        self.selector.unregister(connection)
        del self.open[connection]
        connection.close()
