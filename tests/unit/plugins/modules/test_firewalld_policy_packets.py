# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through with firewalld, with packets."""

from __future__ import annotations

import sys
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import FirewalldLab
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule

pytestmark = pytest.mark.managers

HOST4, HOST6 = "10.9.0.1", "2001:db8:9::1"
FRIEND4, FRIEND6 = "10.9.0.2", "2001:db8:9::2"
STRANGER4, STRANGER6 = "10.9.0.3", "2001:db8:9::3"
IGMP_RULE = rule("", FRIEND4, protocol="igmp")
POLICY = [
    rule("7001", FRIEND4, FRIEND6),
    rule("7001", FRIEND4, FRIEND6, protocol="udp"),
    rule("7002", FRIEND4),
    rule("7003", FRIEND6),
    rule("7004", "any"),
    rule("7005", "0.0.0.0/0"),
    rule("7100-7102", "10.9.0.0/31", "10.9.0.2/31"),
    rule("7006", FRIEND4, FRIEND6, direction="out"),
]
PORTS = [7001, 7002, 7003, 7004, 7005, 7101, 7200]
OPEN = {
    ("friend", "tcp", 4): {7001, 7002, 7004, 7005, 7101},
    ("friend", "tcp", 6): {7001, 7003, 7004},
    ("friend", "udp", 4): {7001},
    ("friend", "udp", 6): {7001},
    ("stranger", "tcp", 4): {7004, 7005, 7101},
    ("stranger", "tcp", 6): {7004},
    ("stranger", "udp", 4): set(),
    ("stranger", "udp", 6): set(),
}
ZONE = '<zone><port port="7200" protocol="tcp"/><port port="7200" protocol="udp"/></zone>'
# a raw socket gets what the firewall let in
HEAR = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP) as listener:
    listener.settimeout(1.5)
    print("ready", flush=True)
    heard = set()
    try:
        while True:
            data, (source, _port) = listener.recvfrom(256)
            heard.add((source, hex(data[(data[0] & 15) * 4])))
    except OSError:
        print(*("%s:%s" % one for one in sorted(heard)))
"""
SAY = """
import socket, sys
kind, target, address = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP) as sender:
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    checksum = ~(int(kind, 16) << 8) & 0xFFFF  # bridges look at it
    sender.sendto(bytes([int(kind, 16), 0, *checksum.to_bytes(2, "big")]) + bytes(4), (target, 0))
"""
MLD = """
import socket, sys
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as listener:
    listener.settimeout(1.5)
    print("ready", flush=True)
    kinds = set()
    try:
        while True:
            kinds.add(listener.recv(256)[0])
    except OSError:
        print(*sorted(kinds))
"""
ASK = """
import socket, sys
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
    sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
    sender.sendto(bytes([130]) + bytes(23), ("ff02::1", 0))
"""


@pytest.fixture(scope="module")
def lab():
    with FirewalldLab() as lab:
        lab.host(HOST, f"{HOST4}/24", f"{HOST6}/64")
        lab.host("friend", f"{FRIEND4}/24", f"{FRIEND6}/64")
        lab.host("stranger", f"{STRANGER4}/24", f"{STRANGER6}/64")
        lab.shell("cat > /etc/firewalld/zones/public.xml", input=ZONE)
        lab.start_firewalld()
        lab.serve(HOST, *PORTS)
        lab.serve("friend", 7006, 7007)
        yield lab


def opened(lab):
    return {
        (host, protocol, family): lab.reached(host, protocol, HOST4 if family == 4 else HOST6, *PORTS)
        for host, protocol, family in OPEN
    }


def heard(lab, script, *said):
    """Return the words that a raw socket on the host prints after what others said."""
    listener = lab.start(HOST, sys.executable, "-c", script)
    assert listener.stdout.readline().strip() == "ready"
    for host, *command in said:
        lab.run(host, sys.executable, "-c", *command)
    return set(listener.communicate()[0].split())


def test_what_is_declared_passes_and_nothing_else_not_even_what_a_zone_opens(lab) -> None:
    assert lab.reached("stranger", "tcp", HOST4, *PORTS) == {7200}
    assert lab.bring(POLICY)["running"]
    assert opened(lab) == OPEN
    lab.command("--reload")
    assert opened(lab) == OPEN


def test_replies_ping_the_loopback_and_neighbour_discovery_pass(lab) -> None:
    lab.bring([])
    for host in ("friend", HOST):
        lab.run(host, "ip", "neighbour", "flush", "all")
    assert lab.pings("stranger", HOST4)
    assert lab.pings("stranger", HOST6)
    assert lab.reached(HOST, "tcp", FRIEND4, 7006, 7007) == {7006, 7007}
    assert lab.reached(HOST, "udp", FRIEND6, 7006, 7007) == {7006, 7007}
    assert lab.reached(HOST, "tcp", HOST4, 7001) == {7001}
    assert lab.reached(HOST, "tcp", "::1", 7001) == {7001}
    assert lab.reached("stranger", "tcp", HOST4, *PORTS) == set()


def test_the_user_may_do_without_firewalld_s_own_policy_for_ipv6(lab) -> None:
    lab.bring(POLICY)
    lab.command("--policy", "allow-host-ipv6", "--remove-ingress-zone", "ANY")
    try:
        lab.run("friend", "ip", "neighbour", "flush", "all")
        lab.run(HOST, "ip", "neighbour", "flush", "all")
        assert lab.reached("friend", "tcp", HOST6, 7001, 7200) == {7001}
    finally:
        lab.command("--policy", "allow-host-ipv6", "--add-ingress-zone", "ANY")


def test_an_established_connection_outlives_the_policy(lab) -> None:
    lab.bring(POLICY)
    client = "import socket, sys, time; c = socket.create_connection(('10.9.0.1', 7002)); print(flush=True);"
    client += " sys.stdin.readline(); c.send(b'x'); c.settimeout(2); print(c.recv(1))"
    talk = lab.start("friend", sys.executable, "-c", client, stdin=-1)
    talk.stdout.readline()
    lab.bring([])
    assert lab.reached("friend", "tcp", HOST4, 7002) == set()
    assert talk.communicate("\n")[0].strip() == "b'x'"


def test_igmp(lab) -> None:
    said = (
        ("friend", SAY, "0x13", HOST4, FRIEND4),
        ("stranger", SAY, "0x13", HOST4, STRANGER4),
        ("stranger", SAY, "0x11", "224.0.0.1", STRANGER4),
    )
    lab.bring([])
    assert heard(lab, HEAR, *said) == set()
    lab.bring([IGMP_RULE])
    assert heard(lab, HEAR, *said) == {f"{FRIEND4}:0x13", f"{STRANGER4}:0x11"}


def test_multicast_listener_queries_of_the_link_are_heard(lab) -> None:
    lab.bring([])
    assert "130" in heard(lab, MLD, ("stranger", ASK))


def test_egress_is_shut_but_for_what_is_declared(lab) -> None:
    lab.bring(POLICY, egress="enforce")
    for address in (FRIEND4, FRIEND6):
        assert lab.reached(HOST, "tcp", address, 7006, 7007) == {7006}
        assert lab.reached(HOST, "udp", address, 7006, 7007) == set()
        assert lab.pings(HOST, address)
    assert lab.reached(HOST, "tcp", HOST4, 7001) == {7001}
    assert opened(lab) == OPEN
    lab.bring(POLICY)
    assert lab.reached(HOST, "tcp", FRIEND4, 7006, 7007) == {7006, 7007}


def test_audit_drops_nothing_and_lets_in_what_is_declared(lab) -> None:
    lab.bring(POLICY, mode="audit", egress="enforce")
    found = opened(lab)
    zone = {key: {7200} for key in OPEN}
    assert found == {key: OPEN[key] | zone[key] for key in OPEN}
    assert lab.reached(HOST, "tcp", FRIEND4, 7006, 7007) == {7006, 7007}
    lab.bring(POLICY)
    assert opened(lab) == OPEN


def test_leaving_gives_the_zones_their_say_again(lab) -> None:
    lab.bring(POLICY, egress="enforce")
    lab.bring([], state="absent")
    until = time.monotonic() + 3
    while lab.reached("stranger", "tcp", HOST4, *PORTS) != {7200}:
        assert time.monotonic() < until
    assert lab.reached(HOST, "udp", FRIEND4, 7007) == {7007}
