# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through, with packets."""

from __future__ import annotations

import re
import sys
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

HOST4, HOST6 = "10.9.0.1", "2001:db8:9::1"
FRIEND4, FRIEND6 = "10.9.0.2", "2001:db8:9::2"
STRANGER4, STRANGER6 = "10.9.0.3", "2001:db8:9::3"
POLICY = [
    rule("7001", FRIEND4, FRIEND6),
    rule("7001", FRIEND4, FRIEND6, protocol="udp"),
    rule("7002", FRIEND4),
    rule("7003", FRIEND6),
    rule("7004", "any"),
    rule("7005", "0.0.0.0/0"),
    rule("7100-7102", "10.9.0.0/31", "10.9.0.2/31"),
    rule("7006", FRIEND4, direction="out"),
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
RECEIVE = """
import socket, struct, sys
group, port, address = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
    listener.bind((group, int(port)))
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address))
    listener.settimeout(3)
    print("ready", flush=True)
    print(*sorted({listener.recvfrom(64)[1][0] for _ in range(2)} if sys.stdin.readline() else ()))
"""
SEND = """
import socket, sys
group, port, address = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    for _ in range(3):
        sender.sendto(b"frame", (group, int(port)))
"""
IGMP = """
import socket, sys
kind, target, address = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP) as sender:
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    body = bytes([int(kind, 16), 0, 0, 0]) + (b"\\0" * 4 if target == "224.0.0.1" else socket.inet_aton(target))
    total = sum(body[i] << 8 | body[i + 1] for i in range(0, 8, 2))
    total = ~(total + (total >> 16)) & 0xFFFF
    sender.sendto(body[:2] + total.to_bytes(2, "big") + body[4:], (target, 0))
"""


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, f"{HOST4}/24", f"{HOST6}/64")
        lab.host("friend", f"{FRIEND4}/24", f"{FRIEND6}/64")
        lab.host("stranger", f"{STRANGER4}/24", f"{STRANGER6}/64")
        lab.serve(HOST, *PORTS)
        lab.serve("friend", 7006, 7007)
        yield lab


def packets(lab, comment):
    """The packets that the rules of the input chain with this comment have counted."""
    counts = re.findall(rf'counter packets (\d+) bytes \d+ \w+ comment "{re.escape(comment)}"', lab.listing())
    return sum(map(int, counts))


def test_everything_is_reached_before_there_is_a_policy(lab):
    lab.apply(state="absent")
    for (client, protocol, family), _ports in OPEN.items():
        assert lab.reaches(client, protocol, {4: HOST4, 6: HOST6}[family], 7200)


@pytest.mark.parametrize("egress", ["allow", "enforce"])
@pytest.mark.parametrize(("client", "protocol", "family"), OPEN)
def test_exactly_what_is_declared_is_reached(lab, egress, client, protocol, family):
    lab.apply(POLICY, egress=egress)
    address = {4: HOST4, 6: HOST6}[family]
    assert lab.reached(client, protocol, address, *PORTS) == OPEN[client, protocol, family]


def test_what_is_dropped_is_counted(lab):
    lab.apply(POLICY)
    before = packets(lab, "portmatrix: not declared")
    lab.reaches("stranger", "tcp", HOST4, 7002)
    assert packets(lab, "portmatrix: not declared") > before


def test_the_loopback_ping_and_neighbour_discovery_work(lab):
    lab.apply(POLICY, egress="enforce")
    for client in (HOST, "stranger"):
        lab.run(client, "ip", "neigh", "flush", "all")
    for address in ("127.0.0.1", "::1", HOST4, HOST6):
        assert lab.reaches(HOST, "tcp", address, 7200)
    for client, address in ((HOST, STRANGER4), (HOST, STRANGER6), ("stranger", HOST4), ("stranger", HOST6)):
        assert lab.pings(client, address)
    assert packets(lab, "portmatrix: neighbour discovery, from this link only")


def test_egress_is_free_unless_enforced_and_then_exactly_what_is_declared(lab):
    lab.apply(POLICY)
    assert lab.reaches(HOST, "tcp", FRIEND4, 7007)
    assert lab.reaches(HOST, "tcp", FRIEND6, 7007)
    lab.apply(POLICY, egress="enforce")
    assert lab.reaches(HOST, "tcp", FRIEND4, 7006)
    assert not lab.reaches(HOST, "tcp", FRIEND6, 7006)
    assert not lab.reaches(HOST, "udp", FRIEND4, 7006)
    assert not lab.reaches(HOST, "tcp", FRIEND4, 7007)
    lab.apply(POLICY)
    assert lab.reaches(HOST, "tcp", FRIEND4, 7007)


def test_multicast_reaches_the_host_from_declared_senders_only_and_queries_are_heard(lab):
    group = "239.192.0.7"
    lab.apply([rule("6000-7000", FRIEND4, protocol="udp"), rule("", FRIEND4, protocol="igmp", flows=("a.igmp",))])
    listener = lab.start(HOST, sys.executable, "-c", RECEIVE, group, "6500", HOST4, stdin=-1)
    assert listener.stdout.readline().strip() == "ready"
    for client, address in (("stranger", STRANGER4), ("friend", FRIEND4)):
        lab.run(client, sys.executable, "-c", SEND, group, "6500", address)
    assert listener.communicate("go\n")[0].strip() == FRIEND4
    query, report = "portmatrix: who still listens, asked by any querier", "a.igmp"
    assert packets(lab, query) == packets(lab, report) == 0
    lab.run("stranger", sys.executable, "-c", IGMP, "11", "224.0.0.1", STRANGER4)
    assert (packets(lab, query), packets(lab, report)) == (1, 0)
    lab.run("stranger", sys.executable, "-c", IGMP, "16", HOST4, STRANGER4)
    assert (packets(lab, query), packets(lab, report)) == (1, 0)
    lab.run("friend", sys.executable, "-c", IGMP, "16", HOST4, FRIEND4)
    assert (packets(lab, query), packets(lab, report)) == (1, 1)


def test_igmp_is_shut_when_no_rule_asks_for_it(lab):
    lab.apply(POLICY)
    before = packets(lab, "portmatrix: not declared")
    lab.run("stranger", sys.executable, "-c", IGMP, "11", "224.0.0.1", STRANGER4)
    assert packets(lab, "portmatrix: not declared") == before + 1


def test_the_host_reports_its_groups_under_enforced_egress(lab):
    lab.apply([rule("", FRIEND4, protocol="igmp")], egress="enforce")
    listener = lab.start(HOST, sys.executable, "-c", RECEIVE, "239.192.0.8", "6500", HOST4, stdin=-1)
    listener.stdout.readline()
    deadline = time.monotonic() + 10  # the kernel sends its report when it sees fit, within a second or two
    while not packets(lab, "portmatrix: IGMP reports") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert packets(lab, "portmatrix: IGMP reports")
    listener.communicate("")


def test_a_connection_that_stands_outlives_every_change(lab):
    lab.apply([rule("7001", FRIEND4)])
    script = (
        "import socket, sys\n"
        f"client = socket.create_connection(('{HOST4}', 7001), 3)\n"
        "print('ready', flush=True); sys.stdin.readline(); client.send(b'?'); print(client.recv(1))"
    )
    client = lab.start("friend", sys.executable, "-c", script, stdin=-1)
    client.stdout.readline()
    lab.apply([rule("7002", STRANGER4)])
    assert not lab.reaches("friend", "tcp", HOST4, 7001)
    assert client.communicate("go\n", timeout=10)[0].strip() == "b'?'"
