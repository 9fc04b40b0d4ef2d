# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small DNS, NTP, SSDP, mDNS and RTSP services that answer only what is right, as real ones were seen to do.

Run it with the addresses to listen on; it prints "ready". On TCP port 8554 it listens and says nothing, and prints what it
heard of each connection.
"""

from __future__ import annotations

import selectors
import socket
import sys


def dns(data: bytes) -> bytes:
    """Refuse a request; to what is no request, "not implemented", as name servers do to whatever has their header's size."""
    is_request = not data[2] & 0xF8 and data[4:6] == b"\0\1" and data.endswith(b"\0\0\2\0\1")
    if not is_request:
        return data[:2] + b"\xf0\4" + bytes(8)
    return data[:2] + b"\x81\5" + b"\0\1" + bytes(6) + data[12:]


def ntp(data: bytes) -> bytes:
    """Answer a client, and nobody else."""
    if len(data) != 48 or data[0] != 0x23:
        return b""
    return b"\x24\3".ljust(24, b"\0") + data[40:] + bytes(16)


def ssdp(data: bytes) -> bytes:
    """Answer a search that has all that the standard wants."""
    lines = data.decode("ascii").split("\r\n")
    names = [line.partition(":")[0] for line in lines[1:-2]]
    if lines[0] != "M-SEARCH * HTTP/1.1" or names != ["HOST", "MAN", "MX", "ST"] or lines[-2:] != ["", ""]:
        return b""
    return (
        b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n"
        b"EXT:\r\nSERVER: Linux/6.1 UPnP/1.1 camera/1\r\nLOCATION: http://10.9.0.2:80/description.xml\r\n\r\n"
    )


def mdns(data: bytes) -> bytes:
    """Answer the question for kinds of services with one, as to a resolver that knows no multicast DNS."""
    name = b"\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\1"
    if data[2:12] != bytes.fromhex("00000001000000000000") or data[12:] != name:
        return b""
    kind = b"\x05_rtsp\x04_tcp\x05local\0"
    record = b"\xc0\x0c\0\x0c\0\1\0\0\0\x0a" + len(kind).to_bytes(2, "big") + kind
    return data[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + name + record


def rtsp(connection: socket.socket, heard: bytes) -> bytes:
    """Answer the first request of a connection; returns what was heard of it."""
    lines = heard.decode("ascii").split("\r\n")
    if lines[-2:] == ["", ""] and lines[0].startswith("OPTIONS rtsp://") and lines[1].startswith("CSeq: "):
        answer = f"RTSP/1.0 200 OK\r\n{lines[1]}\r\nPublic: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY\r\n\r\n"
        # in two pieces, as a stream may come
        connection.sendall(answer[:30].encode())
        connection.sendall(answer[30:].encode())
        return b""
    return heard


DATAGRAMS = {53: dns, 1053: dns, 123: ntp, 1123: ntp, 1900: ssdp, 5353: mdns}
STREAMS = (554, 557, 8554)
SILENT = 8554


def main(addresses: list[str]) -> None:
    """Serve on these addresses until the process is ended."""
    selector = selectors.DefaultSelector()
    heard: dict[socket.socket, bytes] = {}
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for port in STREAMS:
            selector.register(
                socket.create_server((address, port), family=family), selectors.EVENT_READ, (port, "accept")
            )
        for port in DATAGRAMS:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.bind((address, port))
            selector.register(sock, selectors.EVENT_READ, (port, "answer"))
    print("ready", flush=True)
    while True:
        for key, _events in selector.select():
            sock, (port, step) = key.fileobj, key.data
            if step == "answer":
                data, sender = sock.recvfrom(4096)
                answer = DATAGRAMS[port](data)
                if answer:
                    sock.sendto(answer, sender)
            elif step == "accept":
                connection = sock.accept()[0]
                heard[connection] = b""
                selector.register(connection, selectors.EVENT_READ, (port, "read"))
            else:
                data = sock.recv(4096)
                heard[sock] += data
                if not data:
                    selector.unregister(sock)
                    if port == SILENT:
                        print(port, "heard", heard[sock], flush=True)
                    del heard[sock]
                    sock.close()
                elif port != SILENT:
                    heard[sock] = rtsp(sock, heard[sock])


if __name__ == "__main__":
    main(sys.argv[1:])
