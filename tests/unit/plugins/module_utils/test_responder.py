# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import responder
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import REQUEST_SIZE, greeting, request
from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder import Endpoint

RUN = "run-1"


def rule(ports, protocol="tcp", direction="in"):
    return {"direction": direction, "protocol": protocol, "ports": ports}


def free_port(address="127.0.0.1", kind=socket.SOCK_STREAM):
    """Return a port that nothing uses now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as sock:
        sock.bind((address, 0))
        return sock.getsockname()[1]


@contextmanager
def serving(*wanted, seconds=20):
    """Serve ``wanted`` in a thread; it is gone when the block ends, as its sockets are."""
    sockets, occupied = responder.listen(wanted)
    assert occupied == []
    # a daemon, as nothing but its time limit ends it; the process boundary is tested with the process
    threading.Thread(target=responder.serve, args=(sockets, RUN, "rs1", seconds), daemon=True).start()
    yield


def ask(endpoint, *datagrams, wait=0.3):
    """Send datagrams to an endpoint; return all that comes back."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    answers = []
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(wait)
        sock.connect((endpoint.address, endpoint.port))
        for data in datagrams:
            sock.send(data)
        try:
            while True:
                answers.append(sock.recv(2000))
        except TimeoutError:
            return answers


def test_endpoints_of_the_incoming_rules():
    rules = [
        rule(["7563", "6000-7000"]),
        rule(["5000"], "udp"),
        rule(["9000"], direction="out"),
        rule([], "igmp"),
        rule(["7563"]),
    ]
    found = responder.endpoints(rules, ["2001:db8::1", "10.0.0.10", "10.0.0.9", "10.0.0.9"])
    assert [tuple(each) for each in found] == [
        (address, protocol, port)
        for address in ("10.0.0.9", "10.0.0.10", "2001:db8::1")
        for protocol, port in (("tcp", 6000), ("tcp", 6500), ("tcp", 7000), ("tcp", 7563), ("udp", 5000))
    ]


@pytest.mark.parametrize(
    ("rules", "addresses", "message"),
    [
        (
            [rule(["1"]), rule(["70000"])],
            ["10.0.0.1"],
            "rules[1].ports: 70000 is outside 1-65535; allowed are ports and ranges from 1 to 65535",
        ),
        (
            [rule(["http"])],
            ["10.0.0.1"],
            "rules[0].ports: 'http' is not a port or a range of ports; allowed are ports and ranges from 1 to 65535",
        ),
        (
            [rule(["1"], direction=None), rule(["1"], "sctp")],
            ["10.0.0.1"],
            "rules[0].direction: None; allowed are in, out; rules[1].protocol: 'sctp'; allowed are tcp, udp, igmp",
        ),
        ([], ["10.0.0.1", "rs1"], "addresses[1]: 'rs1'; allowed is an IPv4 or IPv6 address of this host"),
        ([], ["0.0.0.0"], "addresses[0]: '0.0.0.0'; allowed is an IPv4 or IPv6 address of this host"),
        ([], ["::"], "addresses[0]: '::'; allowed is an IPv4 or IPv6 address of this host"),
        ([], ["239.1.1.1"], "addresses[0]: '239.1.1.1'; allowed is an IPv4 or IPv6 address of this host"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(rules, addresses, message):
    with pytest.raises(ValueError) as caught:
        responder.endpoints(rules, addresses)
    assert str(caught.value) == message


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_tcp_gets_the_line_and_the_end(address):
    place = Endpoint(address, "tcp", free_port(address))
    with serving(place):
        for _number in range(3):
            with socket.create_connection((address, place.port), timeout=5) as connection:
                heard = connection.recv(100)
                connection.send(b"OPTIONS * RTSP/1.0\r\n\r\n")  # it does not mind a question
                connection.shutdown(socket.SHUT_WR)
                heard += b"".join(iter(lambda: connection.recv(100), b""))
            assert heard == greeting(RUN, "rs1", address, place.port, address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_udp_answers_nothing_but_a_request_of_its_run(address):
    place = Endpoint(address, "udp", free_port(address, socket.SOCK_DGRAM))
    line = greeting(RUN, "rs1", address, place.port, address)
    with serving(place):
        noise = [b"", b"x" * REQUEST_SIZE, request("run-2"), request(RUN).rstrip(), line, line.ljust(REQUEST_SIZE - 1)]
        assert ask(place, *noise) == []
        assert ask(place, *noise, request(RUN)) == [line]
        assert len(line) < len(request(RUN))


def test_udp_answers_from_the_address_that_was_asked():
    port = free_port(kind=socket.SOCK_DGRAM)
    places = [Endpoint(address, "udp", port) for address in ("127.0.0.1", "127.0.0.2")]
    with serving(*places):
        for place in places:
            assert ask(place, request(RUN)) == [greeting(RUN, "rs1", place.address, port, "127.0.0.1")]


def test_it_goes_on_after_a_prober_that_hangs_up():
    place = Endpoint("127.0.0.1", "tcp", free_port())
    with serving(place):
        for _number in range(50):
            with socket.socket() as rude:
                rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                rude.connect(place[::2])
        with socket.create_connection(place[::2], timeout=5) as connection:
            assert connection.recv(100) == greeting(RUN, "rs1", *place[::2], "127.0.0.1")


def test_it_ends_at_its_time_limit():
    sockets, _occupied = responder.listen([Endpoint("127.0.0.1", "tcp", free_port())])
    thread = threading.Thread(target=responder.serve, args=(sockets, RUN, "rs1", 0.2), daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    for sock in sockets:
        sock.close()


KINDS = [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)]
OPTIONS = {"plain": (), "reuse address": ("SO_REUSEADDR",), "reuse port": ("SO_REUSEADDR", "SO_REUSEPORT")}


@contextmanager
def service(bound_to, kind, options=(), port=0, only_ipv6=False):
    """A service as there are many, bound to an address and listening; yields its port."""
    with socket.socket(socket.AF_INET6 if ":" in bound_to else socket.AF_INET, kind) as sock:
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
        if ":" in bound_to:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_ipv6)
        sock.bind((bound_to, port))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        yield sock.getsockname()[1]


def occupied_of(*wanted):
    """Return which of ``wanted`` the responder found occupied."""
    sockets, occupied = responder.listen(wanted)
    assert sorted([*sockets.values(), *occupied]) == sorted(wanted)
    for sock in sockets:
        sock.close()
    return occupied


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize(
    ("bound_to", "asked"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::1", "::1"),
        ("::", "::1"),
        ("::", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_an_occupied_port_is_left_to_its_service(bound_to, asked, protocol, kind, options):
    with service(bound_to, kind, options) as port:
        taken = Endpoint(asked, protocol, port)
        assert occupied_of(taken, Endpoint(asked, protocol, free_port(asked, kind))) == [taken]


@pytest.mark.parametrize(
    ("bound_to", "asked"), [("::", "127.0.0.1"), ("0.0.0.0", "::1"), ("127.0.0.1", "127.0.0.2"), ("::1", "127.0.0.1")]
)
@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_a_service_at_other_addresses_occupies_nothing(bound_to, asked, protocol, kind):
    with service(bound_to, kind, only_ipv6=True) as port:
        assert occupied_of(Endpoint(asked, protocol, port)) == []


@pytest.mark.parametrize("bound_to", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_a_service_cannot_start_on_a_port_of_the_responder_but_right_after_it(bound_to, protocol, kind):
    """Though it reuses nothing, and probers have just been answered there."""
    place = Endpoint("127.0.0.1", protocol, free_port(kind=kind))
    sockets, _occupied = responder.listen([place])
    thread = threading.Thread(target=responder.serve, args=(sockets, RUN, "rs1", 1), daemon=True)
    thread.start()
    if protocol == "tcp":
        for _number in range(3):
            with socket.create_connection(place[::2], timeout=5) as connection:
                assert connection.recv(100)
    else:
        assert ask(place, request(RUN))
    for options in OPTIONS.values():
        with pytest.raises(OSError, match="Address already in use"), service(bound_to, kind, options, place.port):
            pass
    thread.join(10)
    for sock in sockets:
        sock.close()
    with service(bound_to, kind, port=place.port):
        pass


def test_connections_that_stay_open_keep_nobody_out():
    place = Endpoint("127.0.0.1", "tcp", free_port())
    with serving(place), ExitStack() as stay:
        for _number in range(responder._MOST_CONNECTIONS + 20):
            connection = stay.enter_context(socket.create_connection(place[::2], timeout=5))
            assert connection.recv(100)


def test_connections_of_an_earlier_run_are_no_service():
    place = Endpoint("127.0.0.1", "tcp", free_port())
    sockets, _occupied = responder.listen([place])
    with socket.create_connection(place[::2]):
        listener = next(iter(sockets))
        listener.setblocking(True)
        listener.accept()[0].close()  # closes first, so this end waits in TIME_WAIT
    listener.close()
    assert occupied_of(place) == []


def test_ipv6_leaves_ipv4_alone():
    port = free_port("::1")
    assert occupied_of(Endpoint("::1", "tcp", port), Endpoint("127.0.0.1", "tcp", port)) == []


def test_an_ipv4_address_in_ipv6_clothes_is_not_listened_on():
    with pytest.raises(responder.ResponderError, match=r"^cannot listen on ::ffff:127\.0\.0\.1 tcp"):
        responder.listen([Endpoint("::ffff:127.0.0.1", "tcp", free_port())])


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_host_is_an_error_and_nothing_listens(address):
    port = free_port()
    with pytest.raises(responder.ResponderError) as caught:
        responder.listen([Endpoint("127.0.0.1", "tcp", port), Endpoint(address, "tcp", port)])
    assert str(caught.value) == f"addresses: {address}; allowed is an address of this host"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
