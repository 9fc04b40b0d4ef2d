# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a socket tells about the way to a port."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections import namedtuple

Verdict = namedtuple("Verdict", "observed detail service", defaults=("",))
"""observed: as in result rows. service: who is behind the port: ``responder``, ``service``, ``nothing``, or "" where that is
not known."""

NO_ANSWER = Verdict("filtered", "no answer")

# This host ran out of something: says nothing about the way, so it is never an observation.
SHORTAGES = frozenset(
    (
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EAGAIN,
        errno.EADDRINUSE,
        errno.EADDRNOTAVAIL,
    )
)
_UNREACHABLE = frozenset(
    (
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EACCES,
        errno.EHOSTDOWN,
        errno.ENETDOWN,
        errno.ENONET,
        errno.ENOPROTOOPT,
        errno.EPROTO,
    )
)

# (level, option) of IP_RECVERR and IPV6_RECVERR in Linux; the socket module has no names for them
_RECEIVE_ERRORS = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_OFFENDER = {2: (4, ipaddress.IPv4Address, 4), 3: (8, ipaddress.IPv6Address, 16)}
_ICMP_NAMES = {2: "ICMP", 3: "ICMPv6"}
_ICMP = {
    (2, 3, 0): "network unreachable",
    (2, 3, 1): "host unreachable",
    (2, 3, 2): "protocol unreachable",
    (2, 3, 3): "port unreachable",
    (2, 3, 5): "source route failed",
    (2, 3, 6): "network unknown",
    (2, 3, 7): "host unknown",
    (2, 3, 9): "network prohibited",
    (2, 3, 10): "host prohibited",
    (2, 3, 13): "administratively prohibited",
    (2, 11, 0): "time exceeded",
    (3, 1, 0): "no route",
    (3, 1, 1): "administratively prohibited",
    (3, 1, 2): "beyond scope of source address",
    (3, 1, 3): "address unreachable",
    (3, 1, 4): "port unreachable",
    (3, 1, 5): "source address refused",
    (3, 1, 6): "route refused",
    (3, 3, 0): "time exceeded",
}

Icmp = namedtuple("Icmp", "code text sender")


class Shortage(Exception):
    """This host has run out of files, memory or ports; the argument is the errno."""


def report_errors(sock):
    """Make the kernel keep for ``sock`` the ICMP errors with their sender."""
    level, option = _RECEIVE_ERRORS[sock.family]
    sock.setsockopt(level, option, 1)


def pending_error(sock, probe):
    """Return the Verdict for the error that waits on ``sock``, or None; raises Shortage."""
    icmp = _received_icmp(sock)
    if icmp:
        return _from_icmp(icmp, probe)
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return from_errno(code) if code else None


def from_errno(code):
    """Return the Verdict for an errno that no ICMP message explains; raises Shortage."""
    if code in SHORTAGES:
        raise Shortage(code)
    if code in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Verdict("refused", "the way is open, nothing listens there", "nothing")
    if code == errno.EPERM:
        return Verdict("filtered", "dropped before leaving")
    if code == errno.ETIMEDOUT:
        return NO_ANSWER
    detail = "%s, %s" % (errno.errorcode.get(code, code), os.strerror(code))
    return Verdict("unreachable" if code in _UNREACHABLE else "error", detail)


def _from_icmp(icmp, probe):
    # A host answers a closed TCP port with a reset and a closed UDP port with "port unreachable"; everything else
    # is a router or a firewall that turned the packet away.
    if icmp.code == errno.ECONNREFUSED and probe.protocol == "udp" and icmp.sender == probe.address:
        detail = "%s: nothing listens there, or the host's firewall rejects" % icmp.text
        return Verdict("refused", detail, "nothing")
    sender = "this host" if icmp.sender == probe.source else icmp.sender
    return Verdict("unreachable", "%s, %s from %s" % (errno.errorcode.get(icmp.code, icmp.code), icmp.text, sender))


def _received_icmp(sock):
    """Return the first Icmp in the error queue of ``sock``, or None."""
    try:
        ancillary = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)[1]
    except OSError:
        return None
    for level, option, data in ancillary:
        if (level, option) != _RECEIVE_ERRORS[sock.family]:
            continue
        code, origin, kind, subkind = _EXTENDED_ERROR.unpack_from(data)[:4]
        if origin in _OFFENDER:
            start, address, size = _OFFENDER[origin]
            start += _EXTENDED_ERROR.size
            words = (_ICMP_NAMES[origin], _ICMP.get((origin, kind, subkind), "message"), kind, subkind)
            text = "%s %s (type %d, code %d)" % words
            return Icmp(code, text, str(address(data[start : start + size])))
    return None
