# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the system's message bus whether firewalld runs, without firewalld's binding and without a process."""

from __future__ import annotations

import os
import socket
import struct

NAME = "org.fedoraproject.FirewallD1"

_SOCKET = "/run/dbus/system_bus_socket"
_PATIENCE = 5.0
_CALL, _REPLY = 1, 2


def runs():
    """Tell whether firewalld runs on this host; a host without a message bus has none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bus:
            bus.settimeout(_PATIENCE)
            bus.connect(_address())
            return _asked(bus)
    except OSError:
        return False


def _address():
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    return address[len("unix:path=") :].partition(",")[0] if address.startswith("unix:path=") else _SOCKET


def _asked(bus):
    bus.sendall(b"\0AUTH EXTERNAL %s\r\n" % str(os.geteuid()).encode().hex().encode())
    stream = bus.makefile("rb")
    if not stream.readline().startswith(b"OK"):
        return False
    bus.sendall(b"BEGIN\r\n" + _message(1, "Hello") + _message(2, "NameHasOwner", NAME))
    replies = 0
    while True:
        fixed = stream.read(16)
        if len(fixed) < 16:
            return False
        size, _serial, fields = struct.unpack("<III" if fixed[:1] == b"l" else ">III", fixed[4:])
        body = stream.read(_even(fields) + size)[_even(fields) :]
        replies += fixed[1] == _REPLY
        if replies == 2:
            return any(body)


def _message(serial, member, argument=None):
    """Return a call to the bus itself (bytes); ``argument`` is a text or None."""
    body = b"" if argument is None else _text(argument)
    fields = b""
    for code, kind, value in (
        (1, b"o", "/org/freedesktop/DBus"),
        (2, b"s", "org.freedesktop.DBus"),
        (3, b"s", member),
        (6, b"s", "org.freedesktop.DBus"),
    ):
        fields = _padded(fields) + struct.pack("<B3s", code, b"\1%s\0" % kind) + _text(value)
    if argument is not None:
        fields = _padded(fields) + struct.pack("<B6s", 8, b"\1g\0\1s\0")
    head = struct.pack("<cBBBIII", b"l", _CALL, 0, 1, len(body), serial, len(fields))
    return _padded(head + fields) + body


def _text(value):
    return struct.pack("<I", len(value)) + value.encode() + b"\0"


def _padded(data):
    return data.ljust(_even(len(data)), b"\0")


def _even(size):
    return (size + 7) // 8 * 8
