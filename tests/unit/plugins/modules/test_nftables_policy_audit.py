# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit mode with packets: nothing is dropped, and what would be is counted, by what policy_counters reads."""

from __future__ import annotations

import re
import sys

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

HOST4, HOST6 = "10.9.0.1", "2001:db8:9::1"
FRIEND4, FRIEND6 = "10.9.0.2", "2001:db8:9::2"
STRANGER4, STRANGER6 = "10.9.0.3", "2001:db8:9::3"
ADDRESS = {4: HOST4, 6: HOST6}
POLICY = [
    rule("7001", FRIEND4, FRIEND6, flows=("a.in.tcp",)),
    rule("7001", FRIEND4, protocol="udp", flows=("a.in.udp",)),
    rule("7006", FRIEND4, direction="out", flows=("a.out",)),
]
SEND = """
import socket, sys
kind, target, port, own, count = sys.argv[1:]
family = socket.AF_INET6 if ":" in target else socket.AF_INET
with socket.socket(family, socket.SOCK_RAW if kind.isdigit() else socket.SOCK_DGRAM, int(kind) if kind.isdigit() else 0) as sender:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if family == socket.AF_INET:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
    for _time in range(int(count)):
        sender.sendto(bytes.fromhex("1600e9ff00000000"), (target, int(port)))
"""
STEADY = """
import select, socket, sys, time
address, port = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
tried = answered = 0
while not select.select([sys.stdin], [], [], 0.002)[0]:
    tried += 1
    try:
        with socket.create_connection((address, port), 2):
            answered += 1
    except OSError:
        pass
print(tried, answered)
"""


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, f"{HOST4}/24", f"{HOST6}/64")
        lab.host("friend", f"{FRIEND4}/24", f"{FRIEND6}/64")
        lab.host("stranger", f"{STRANGER4}/24", f"{STRANGER6}/64")
        lab.serve(HOST, 7001, 7002)
        lab.serve("friend", 7006, 7007)
        yield lab


@pytest.fixture
def audited(lab):
    lab.apply(state="absent")
    lab.apply(POLICY, mode="audit", egress="enforce")
    return lab


def send(lab, client, kind, target, port, own, count=1):
    lab.run(client, sys.executable, "-c", SEND, str(kind), target, str(port), own, str(count))


def seen(lab, *keys):
    rows = lab.module(HOST, "policy_counters")["seen"]
    return {tuple(row[key] for key in keys or ("direction", "protocol", "port", "peer", "cast")) for row in rows}


def without_counts(listing):
    lines = re.sub(r"packets \d+ bytes \d+|elements = {[^}]*}", "", listing).split("\n\tset ")
    return sorted(part for whole in lines for part in whole.split("\n\tchain "))


def unicast(direction, protocol, port, peer):
    return direction, protocol, port, peer, "unicast"


def test_what_is_not_declared_succeeds_and_is_seen(audited):
    for protocol in ("tcp", "udp"):
        for family, own in ((4, STRANGER4), (6, STRANGER6)):
            assert audited.reached("stranger", protocol, ADDRESS[family], 7001, 7002) == {7001, 7002}
            found = {entry for entry in seen(audited) if entry[3] == own and entry[1] == protocol}
            assert found == {unicast("in", protocol, 7001, own), unicast("in", protocol, 7002, own)}


def test_what_is_declared_is_not_seen_but_counted_for_its_flow(audited):
    assert audited.reached("friend", "tcp", HOST4, 7001) and audited.reached("friend", "udp", HOST4, 7001)
    assert audited.reached("friend", "tcp", HOST6, 7001)
    assert not any(entry[3] in (FRIEND4, FRIEND6) for entry in seen(audited))
    assert audited.reached("friend", "udp", HOST6, 7001)
    assert seen(audited) & {unicast("in", "udp", 7001, FRIEND6)}
    rules = {
        (row["flows"][0], row["match"]): row["packets"] for row in audited.module(HOST, "policy_counters")["rules"]
    }
    assert rules == {
        ("a.in.tcp", f"ip saddr {FRIEND4} tcp dport 7001"): 1,
        ("a.in.tcp", f"ip6 saddr {FRIEND6} tcp dport 7001"): 1,
        ("a.in.udp", f"ip saddr {FRIEND4} udp dport 7001"): 1,
        ("a.out", f"ip daddr {FRIEND4} tcp dport 7006"): 0,
    }


def test_what_the_host_opens_is_seen_when_egress_is_enforced(audited):
    for address in (FRIEND4, FRIEND6):
        assert audited.reached(HOST, "tcp", address, 7006, 7007) == {7006, 7007}
    send(audited, HOST, "udp", "239.192.0.9", 6500, HOST4)
    assert {entry for entry in seen(audited) if entry[0] == "out"} == {
        unicast("out", "tcp", 7007, FRIEND4),
        unicast("out", "tcp", 7006, FRIEND6),
        unicast("out", "tcp", 7007, FRIEND6),
        ("out", "udp", 6500, "239.192.0.9", "multicast"),
    }
    audited.apply(POLICY, mode="audit")
    assert audited.reaches(HOST, "tcp", FRIEND4, 7007)
    assert not any(entry[0] == "out" for entry in seen(audited))


def test_what_has_no_ports_and_what_is_for_everyone(audited):
    send(audited, "stranger", 2, HOST4, 0, STRANGER4, 2)
    send(audited, "stranger", 253, HOST4, 0, STRANGER4)
    send(audited, "stranger", 253, HOST6, 0, STRANGER6)
    send(audited, "stranger", "udp", "224.0.0.1", 5353, STRANGER4)
    send(audited, "stranger", "udp", "10.9.0.255", 9999, STRANGER4)
    rows = audited.module(HOST, "policy_counters")["seen"]
    assert {(row["protocol"], row["port"], row["peer"], row["cast"]) for row in rows} >= {
        ("igmp", 0, STRANGER4, "unicast"),
        ("253", 0, STRANGER4, "unicast"),
        ("253", 0, STRANGER6, "unicast"),
        ("udp", 5353, STRANGER4, "multicast"),
        ("udp", 9999, STRANGER4, "broadcast"),
    }
    assert [row["packets"] for row in rows if row["protocol"] == "igmp" and row["cast"] == "unicast"] == [2]


def test_enforcing_after_an_audit_shuts_and_forgets_and_an_audit_opens(lab):
    lab.apply(POLICY, mode="audit")
    assert lab.reached("stranger", "tcp", HOST4, 7001, 7002) == {7001, 7002}
    assert lab.apply(POLICY)["flows"] == {"added": [], "removed": [], "changed": []}
    assert lab.module(HOST, "policy_counters")["mode"] == "enforce"
    assert lab.reached("stranger", "tcp", HOST4, 7001, 7002) == set()
    assert lab.reached("friend", "tcp", HOST4, 7001, 7002) == {7001}
    assert "set seen" not in lab.listing()
    assert lab.apply(POLICY, mode="audit")["changed"]
    assert lab.reached("stranger", "tcp", HOST4, 7001, 7002) == {7001, 7002}
    assert lab.module(HOST, "policy_counters")["mode"] == "audit"


def test_a_second_run_changes_nothing_and_what_was_seen_outlives_other_rules(audited):
    audited.reached("stranger", "tcp", HOST4, 7001, 7002)
    before = audited.handles()
    assert not audited.apply(POLICY, mode="audit", egress="enforce")["changed"]
    assert audited.handles() == before
    found = seen(audited, "port", "peer", "packets")
    assert {(7001, STRANGER4, 1), (7002, STRANGER4, 1)} <= found
    assert audited.apply([*POLICY, rule("7009", "any")], mode="audit", egress="enforce")["changed"]
    assert seen(audited, "port", "peer", "packets") >= found
    audited.reached("stranger", "tcp", HOST4, 7001)
    assert (7001, STRANGER4, 2) in seen(audited, "port", "peer", "packets")


@pytest.mark.parametrize(
    "drift",
    [
        "insert rule inet portmatrix input tcp dport 7002 drop",
        "add chain inet portmatrix input { type filter hook input priority filter; policy drop; }",
        "flush chain inet portmatrix input",
        "add set inet portmatrix friends { type ipv4_addr; }",
        "flush chain inet portmatrix input; delete set inet portmatrix seen_in4",
    ],
)
def test_a_change_by_hand_is_undone(audited, drift):
    wanted = without_counts(audited.listing())
    audited.shell(f"nft '{drift}'")
    assert audited.apply(POLICY, mode="audit", egress="enforce")["changed"]
    assert without_counts(audited.listing()) == wanted
    assert audited.reached("stranger", "tcp", HOST4, 7001, 7002) == {7001, 7002}


def test_what_does_not_fit_is_let_through_and_counted(audited):
    listing = audited.listing()
    audited.shell("nft -f - <<'EOF'\ndelete table inet portmatrix\n%s\nEOF" % listing.replace("size 16384", "size 1"))
    for port in range(8000, 8010):
        send(audited, "stranger", "udp", HOST4, port, STRANGER4)
    found = audited.module(HOST, "policy_counters")
    rows = [row for row in found["seen"] if row["protocol"] == "udp" and row["peer"] == STRANGER4]
    assert found["overflow"] >= 1 and len(rows) + found["overflow"] >= 10
    assert audited.reached("stranger", "tcp", HOST4, 7001, 7002) == {7001, 7002}
    assert audited.apply(POLICY, mode="audit", egress="enforce")["changed"]
    assert "size 1\n" not in audited.listing()


def test_no_permitted_connection_is_lost_while_the_mode_changes(lab):
    lab.apply(POLICY, mode="audit")
    client = lab.start("friend", sys.executable, "-c", STEADY, HOST4, "7001", stdin=-1)
    client.stdout.readline()
    for _time in range(4):
        assert lab.apply(POLICY)["changed"]
        assert lab.apply(POLICY, mode="audit")["changed"]
    tried, answered = map(int, client.communicate("stop\n")[0].split())
    assert answered == tried > 50


def test_packets_of_no_connection_are_let_through_and_counted(audited):
    before = audited.module(HOST, "policy_counters")["invalid"]
    reset = (
        "import socket, struct\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_RAW, 6) as sender:\n"
        "    head = struct.pack('!HHIIBBHHH', 4000, 7002, 1, 1, 0x50, 0x29, 0, 0, 0)\n"
        f"    sender.sendto(head, ('{HOST4}', 0))"
    )
    audited.run("stranger", sys.executable, "-c", reset)
    assert audited.module(HOST, "policy_counters")["invalid"] == before + 1


def test_counters_need_a_table(lab):
    lab.apply(state="absent")
    assert re.search("no table inet portmatrix.*portmatrix_mode: audit", lab.module(HOST, "policy_counters")["msg"])
