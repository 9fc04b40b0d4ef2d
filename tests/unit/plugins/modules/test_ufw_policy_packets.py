# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through under ufw, with packets."""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.vidnet.portmatrix.benchmarks import continuity_ufw, continuity_watch
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab
from tests.unit.plugins.modules.test_nftables_policy_packets import IGMP, OPEN, POLICY, PORTS, RECEIVE, SEND

pytestmark = pytest.mark.managers

HOST4, HOST6 = "10.9.0.1", "2001:db8:9::1"
FRIEND4, FRIEND6 = "10.9.0.2", "2001:db8:9::2"
STRANGER4, STRANGER6 = "10.9.0.3", "2001:db8:9::3"
DEFAULTS = {
    "deny": ("default deny incoming", "default allow outgoing"),
    "allow": ("default allow incoming", "default allow outgoing"),
    "reject": ("default reject incoming", "default reject outgoing"),
}
DHCP = """
import socket
for family, source, target in (
    (socket.AF_INET, ("10.9.0.1", 68), ("10.9.0.2", 67)), (socket.AF_INET6, ("::", 546), ("ff02::1:2", 547, 0, 2))
):
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.bind(source)
        client.sendto(b"request", target)
"""


@pytest.fixture(scope="module", params=DEFAULTS)
def lab(request):
    with UfwLab() as lab:
        lab.host(HOST, f"{HOST4}/24", f"{HOST6}/64")
        lab.host("friend", f"{FRIEND4}/24", f"{FRIEND6}/64")
        lab.host("stranger", f"{STRANGER4}/24", f"{STRANGER6}/64")
        lab.enable(*DEFAULTS[request.param])
        lab.default = request.param
        lab.serve(HOST, *PORTS)
        lab.serve("friend", 7006, 7007)
        yield lab


@pytest.fixture
def enforced(lab):
    """The laboratory with the policy in force, both ways, and with comments in the kernel."""
    lab.apply(state="absent")
    assert not lab.apply(POLICY, egress="enforce").get("failed")
    return lab


def packets(lab, comment, family=4):
    """The packets that our rules with this comment have counted."""
    saved = lab.shell("iptables-save -c -t filter" if family == 4 else "ip6tables-save -c -t filter")
    return sum(map(int, re.findall(rf'^\[(\d+):\d+\] .* --comment "{re.escape(comment)}"', saved, re.MULTILINE)))


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_exactly_what_is_declared_is_reached(lab, egress):
    assert not lab.apply(POLICY, egress=egress).get("failed")
    with ThreadPoolExecutor(len(OPEN)) as pool:
        reached = pool.map(lambda way: lab.reached(way[0], way[1], {4: HOST4, 6: HOST6}[way[2]], *PORTS), OPEN)
        assert dict(zip(OPEN, reached, strict=True)) == OPEN


def test_the_same_after_a_reload_by_hand_and_after_a_boot(enforced):
    for again in (lambda: enforced.ufw("reload"), enforced.boot):
        again()
        assert enforced.reached("friend", "tcp", HOST4, *PORTS) == OPEN["friend", "tcp", 4]
        assert enforced.reached("stranger", "tcp", HOST6, *PORTS) == OPEN["stranger", "tcp", 6]
        assert enforced.reaches(HOST, "tcp", FRIEND4, 7006) and not enforced.reaches(HOST, "tcp", FRIEND4, 7007)
        assert enforced.apply(POLICY, egress="enforce")["changed"] is False


def test_egress_is_exactly_what_is_declared(enforced):
    assert enforced.reaches(HOST, "tcp", FRIEND4, 7006)
    assert not enforced.reaches(HOST, "tcp", FRIEND6, 7006)
    assert not enforced.reaches(HOST, "udp", FRIEND4, 7006)
    assert not enforced.reaches(HOST, "tcp", FRIEND4, 7007)
    if enforced.default != "reject":
        enforced.apply(POLICY)
        assert enforced.reaches(HOST, "tcp", FRIEND4, 7007) and enforced.reaches(HOST, "udp", FRIEND6, 7007)


def test_the_loopback_ping_neighbours_and_dhcp_work(enforced):
    for client in (HOST, "stranger"):
        enforced.run(client, "ip", "neigh", "flush", "all")
    for address in ("127.0.0.1", "::1", HOST4, HOST6):
        assert enforced.reaches(HOST, "tcp", address, 7200)
    pairs = [(HOST, STRANGER6), ("stranger", HOST4), ("stranger", HOST6)]
    if enforced.default != "reject":  # there ufw shuts ICMP on the way out, which no rule of ufw's can name
        pairs.append((HOST, STRANGER4))
    for client, address in pairs:
        assert enforced.pings(client, address), (client, address)
    before = [packets(enforced, "portmatrix: DHCP requests", family) for family in (4, 6)]
    enforced.run(HOST, sys.executable, "-c", DHCP)
    after = [packets(enforced, "portmatrix: DHCP requests", family) for family in (4, 6)]
    assert after == [count + 1 for count in before]


def test_multicast_reaches_the_host_from_declared_senders_only_and_queries_are_heard(lab):
    group = "239.192.0.7"
    rules = [rule("6000-7000", FRIEND4, protocol="udp"), rule("", FRIEND4, protocol="igmp", flows=("a.igmp",))]
    lab.apply(rules, egress="enforce")
    listener = lab.start(HOST, sys.executable, "-c", RECEIVE, group, "6500", HOST4, stdin=-1)
    assert listener.stdout.readline().strip() == "ready"
    for client, address in (("stranger", STRANGER4), ("friend", FRIEND4)):
        lab.run(client, sys.executable, "-c", SEND, group, "6500", address)
    assert listener.communicate("go\n")[0].strip() == FRIEND4
    query, unicast = "portmatrix: IGMP queries", "portmatrix: a.igmp"
    first = packets(lab, query), packets(lab, unicast)
    lab.run("stranger", sys.executable, "-c", IGMP, "11", "224.0.0.1", STRANGER4)
    assert (packets(lab, query), packets(lab, unicast)) == (first[0] + 1, first[1])
    lab.run("stranger", sys.executable, "-c", IGMP, "16", HOST4, STRANGER4)
    assert (packets(lab, query), packets(lab, unicast)) == (first[0] + 1, first[1])
    lab.run("friend", sys.executable, "-c", IGMP, "16", HOST4, FRIEND4)
    assert (packets(lab, query), packets(lab, unicast)) == (first[0] + 1, first[1] + 1)


def test_the_host_reports_its_groups_under_enforced_egress(lab):
    lab.apply([rule("", FRIEND4, protocol="igmp")], egress="enforce")
    before = packets(lab, "portmatrix: IGMP reports")
    listener = lab.start(HOST, sys.executable, "-c", RECEIVE, "239.192.0.8", "6500", HOST4, stdin=-1)
    listener.stdout.readline()
    deadline = time.monotonic() + 10  # the kernel sends its report when it sees fit, within a second or two
    while packets(lab, "portmatrix: IGMP reports") == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert packets(lab, "portmatrix: IGMP reports") > before
    listener.communicate("")


def test_nothing_of_ours_drops_in_audit_mode(lab):
    lab.apply(POLICY, mode="audit", egress="enforce", persist=False)
    assert lab.reaches("friend", "tcp", HOST4, 7001)
    assert lab.reaches("stranger", "tcp", HOST4, 7200) is (lab.default == "allow")
    assert lab.reaches(HOST, "tcp", FRIEND4, 7006)
    assert lab.reaches(HOST, "tcp", FRIEND4, 7007) is (lab.default != "reject")
    for family in (4, 6):
        ours = [line for line in lab.saved(family).splitlines() if "portmatrix" in line]
        assert ours and not [line for line in ours if "-j ACCEPT" not in line]


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


def test_what_was_let_in_by_hand_stays_reached_behind_a_policy(lab):
    lab.apply(POLICY)
    lab.ufw(f"allow proto tcp from {STRANGER4} to any port 7200")
    try:
        # Under a default of allow it stands behind our last rule until the next run.
        assert lab.reaches("stranger", "tcp", HOST4, 7200) is (lab.default != "allow")
        assert lab.apply(POLICY)["changed"] is (lab.default == "allow")
        assert lab.reaches("stranger", "tcp", HOST4, 7200) and not lab.reaches("friend", "tcp", HOST4, 7200)
    finally:
        lab.ufw(f"delete allow proto tcp from {STRANGER4} to any port 7200")
    assert not lab.reaches("stranger", "tcp", HOST4, 7200)


def test_leaving_gives_the_host_back_to_its_own_rules(lab):
    lab.apply(POLICY, egress="enforce")
    lab.apply(state="absent")
    assert lab.reaches("stranger", "tcp", HOST4, 7200) is (lab.default == "allow")
    assert lab.reaches("friend", "tcp", HOST4, 7001) is (lab.default == "allow")


def test_no_connection_is_lost_or_let_in_while_policies_replace_each_other():
    with UfwLab() as lab:
        continuity_ufw.laboratory(lab)
        continuity_ufw.applies(lab, 1)
        counted = continuity_watch.watched(
            lab, continuity_watch.PORTS, lambda: continuity_ufw.applies(lab, *(0, 1) * 10)
        )
    assert counted["permitted"] > 500 and counted["denied"] > 500
    assert (counted["lost"], counted["let_in"]) == (0, 0)
