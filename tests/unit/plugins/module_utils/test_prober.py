# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real packets between network namespaces: what the prober makes of every way a port can answer or not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH, Lab

RUN = "trial-1"
SOURCES = {4: "10.9.0.1", 6: "fd00:9::1"}
OTHER_SOURCES = {4: "10.9.0.101", 6: "fd00:9::101"}
LISTENER = {4: "10.9.0.2", 6: "fd00:9::2"}
IMPOSTOR = {4: "10.9.0.3", 6: "fd00:9::3"}
OTHER_RUN = {4: "10.9.0.4", 6: "fd00:9::4"}
BEHIND_GATEWAY = {4: "10.8.0.2", 6: "fd00:8::2"}
GATEWAY = {4: "10.9.0.254", 6: "fd00:9::fe"}
NOWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}
RESPONDER_PORT = 7563
BEHIND_SOURCE_NAT = 7564
MANY_PORTS = range(20000, 20500)

# what nft calls a kind of rejection -> ICMP type, code and what we call it
REJECTIONS = {
    4: {
        "net-unreachable": (3, 0, "network unreachable"),
        "host-unreachable": (3, 1, "host unreachable"),
        "prot-unreachable": (3, 2, "protocol unreachable"),
        "port-unreachable": (3, 3, "port unreachable"),
        "net-prohibited": (3, 9, "network prohibited"),
        "host-prohibited": (3, 10, "host prohibited"),
        "admin-prohibited": (3, 13, "administratively prohibited"),
    },
    6: {
        "no-route": (1, 0, "no route"),
        "admin-prohibited": (1, 1, "administratively prohibited"),
        "addr-unreachable": (1, 3, "address unreachable"),
        "port-unreachable": (1, 4, "port unreachable"),
        "policy-fail": (1, 5, "source address refused"),
        "reject-route": (1, 6, "route refused"),
    },
}
FIRST_REJECTION = 9100
REJECTION_RULES = "\n".join(
    f"meta nfproto {family} meta l4proto {{ tcp, udp }} th dport {port} reject with {message} {kind}"
    for version, family, message in ((4, "ipv4", "icmp"), (6, "ipv6", "icmpv6"))
    for port, kind in enumerate(REJECTIONS[version], FIRST_REJECTION)
)
LISTENER_RULES = """
table inet filter {
    chain input {
        type filter hook input priority 0
        tcp dport 81 drop
        udp dport 81 drop
        tcp dport 82 reject
        udp dport 82 reject
        tcp dport 83 reject with icmpx admin-prohibited
        udp dport 83 reject with icmpx admin-prohibited
        tcp dport 84 reject with tcp reset
        ip saddr 10.9.0.101 tcp dport 7563 drop
        ip6 saddr fd00:9::101 tcp dport 7563 drop
        tcp dport 1000-2999 drop
        tcp dport 7700 tcp flags syn numgen inc mod 2 == 0 drop
        tcp dport 7701 tcp flags syn numgen inc mod 2 == 1 drop
        udp dport 7702 numgen inc mod 2 == 0 drop
%(rejections)s
    }
}
table inet nat {
    chain prerouting {
        type nat hook prerouting priority -100
        ip daddr 10.9.0.2 tcp dport 7600 dnat ip to 10.9.0.2:7563
        ip6 daddr fd00:9::2 tcp dport 7600 dnat ip6 to [fd00:9::2]:7563
    }
}
""" % {"rejections": REJECTION_RULES}
INITIATOR_RULES = """
table inet filter {
    chain output {
        type filter hook output priority 0
        tcp dport 91 drop
        udp dport 91 drop
        tcp dport 92 reject
        udp dport 92 reject
    }
}
table inet nat {
    chain postrouting {
        type nat hook postrouting priority 100
        meta l4proto { tcp, udp } th dport 7564 snat ip to 10.9.0.101
        meta l4proto { tcp, udp } th dport 7564 snat ip6 to fd00:9::101
    }
}
"""
GATEWAY_RULES = """
table inet filter {
    chain forward {
        type filter hook forward priority 0
        tcp dport 82 reject
        udp dport 82 reject
    }
}
"""
# a service that greets, one that says nothing, one that hangs up, and one for UDP that answers anything
SERVICES = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
kept = []
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in (7001, 7002, 7003):
        sock = socket.create_server((address, port), family=family)
        selector.register(sock, selectors.EVENT_READ, port)
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, 7004))
    selector.register(sock, selectors.EVENT_READ, 7004)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.data == 7004:
            key.fileobj.sendto(b"what?", key.fileobj.recvfrom(2000)[1])
            continue
        connection = key.fileobj.accept()[0]
        if key.data == 7001:
            connection.send(b"220 ready\\r\\n")
        if key.data == 7003:
            connection.close()
        kept.append(connection)
"""


def rules(protocol, ports):
    return {"direction": "in", "protocol": protocol, "ports": [str(port) for port in ports]}


def expectation(version, address, protocol, *, opened=(), shut=(), source=None, to="listener"):
    return {
        "to": to,
        "source": source or SOURCES[version],
        "address": address,
        "protocol": protocol,
        "open": list(opened),
        "shut": list(shut),
    }


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.host("initiator", *(f"{a}/24" for a in (SOURCES[4], OTHER_SOURCES[4])))
        for address in (SOURCES[6], OTHER_SOURCES[6]):
            lab.run("initiator", "ip", "address", "add", f"{address}/64", "dev", "eth0", "nodad")
        places = [LISTENER, IMPOSTOR, OTHER_RUN]
        lab.host("listener", *(f"{place[4]}/24" for place in places), *(f"{place[6]}/64" for place in places))
        lab.host("gateway", "10.9.0.254/24", "fd00:9::fe/64")
        lab.host("gateway", "10.8.0.254/24", "fd00:8::fe/64", segment="far")
        lab.host("far", "10.8.0.2/24", "fd00:8::2/64", segment="far")
        forwarding = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"
        lab.run("gateway", "sh", "-c", forwarding)
        lab.run("initiator", "ip", "route", "add", "10.8.0.0/24", "via", GATEWAY[4])
        lab.run("initiator", "ip", "route", "add", "fd00:8::/64", "via", GATEWAY[6])
        # a kernel sends few ICMP messages a second; these tests are not about that
        unlimited = "echo 0 > /proc/sys/net/ipv4/icmp_ratemask; echo 0 > /proc/sys/net/ipv6/icmp/ratemask"
        lab.run("listener", "sh", "-c", unlimited)
        lab.nft("listener", LISTENER_RULES)
        lab.nft("initiator", INITIATOR_RULES)
        lab.nft("gateway", GATEWAY_RULES)
        tcp = [RESPONDER_PORT, BEHIND_SOURCE_NAT, 7700, 7701, *MANY_PORTS]
        udp = [RESPONDER_PORT, BEHIND_SOURCE_NAT, 7702]
        for run, host, place in (
            (RUN, "listener", LISTENER),
            (RUN, "impostor", IMPOSTOR),
            ("old", "listener", OTHER_RUN),
        ):
            started = lab.module(
                "listener",
                "port_listen",
                run=run,
                host=host,
                rules=[rules("tcp", tcp), rules("udp", udp)],
                addresses=[place[4], place[6]],
                seconds=120,
            )
            assert started.get("pid"), started
        services = lab.start("listener", sys.executable, "-c", SERVICES, LISTENER[4], LISTENER[6])
        assert services.stdout.readline().strip() == "ready"
        yield lab


def probe(lab, *expectations, prefix=(), **options):
    found = lab.module("initiator", "port_probe", *prefix, run=RUN, expectations=list(expectations), **options)
    assert "failed" not in found, found["msg"]
    return found


@pytest.fixture(scope="module")
def rows(lab):
    """One round over everything: (version, address, protocol, port) -> row."""
    entries = []
    for version, address in LISTENER.items():
        tcp = {"opened": [RESPONDER_PORT, 7600, 7001, 7002, 7003], "shut": [81, 82, 83, 84, 91, 92, 7999]}
        entries.append(expectation(version, address, "tcp", **tcp))
        udp = {"opened": [RESPONDER_PORT, 7004], "shut": [81, 82, 83, 91, 92, 7999]}
        entries.append(expectation(version, address, "udp", **udp))
        for protocol in ("tcp", "udp"):
            entries.append(expectation(version, IMPOSTOR[version], protocol, shut=[RESPONDER_PORT]))
            entries.append(expectation(version, OTHER_RUN[version], protocol, opened=[RESPONDER_PORT]))
            entries.append(expectation(version, NOWHERE[version], protocol, shut=[RESPONDER_PORT]))
            entries.append(expectation(version, BEHIND_GATEWAY[version], protocol, shut=[82]))
    found = probe(lab, *entries, timeout=2)
    assert found["probes"] == len(found["results"]) == 56
    return {
        (6 if ":" in row["address"] else 4, row["address"], row["protocol"], row["port"]): row
        for row in found["results"]
    }


SERVICE_OF = {"refused": "nothing", "filtered": "", "unreachable": ""}


def icmp_text(version, kind):
    return "{3} {2} (type {0}, code {1})".format(*REJECTIONS[version][kind], "ICMP" if version == 4 else "ICMPv6")


REFUSED = "the way is open, nothing listens there"
CASES = [
    (LISTENER, "tcp", RESPONDER_PORT, "open", "answered"),
    (LISTENER, "tcp", 7600, "wrong_host", "answered by listener on {address} port 7563: translated on the way"),
    (LISTENER, "tcp", 7001, "open", "another service"),
    (LISTENER, "tcp", 7002, "open", "another service"),
    (LISTENER, "tcp", 7003, "open", "another service"),
    (LISTENER, "tcp", 81, "filtered", "no answer"),
    (LISTENER, "tcp", 82, "unreachable", "ECONNREFUSED, {port} from {address}"),
    (LISTENER, "tcp", 83, "unreachable", "{prohibited}, {administratively} from {address}"),
    (LISTENER, "tcp", 84, "refused", REFUSED),
    (LISTENER, "tcp", 7999, "refused", REFUSED),
    (LISTENER, "tcp", 91, "filtered", "no answer"),
    (LISTENER, "tcp", 92, "unreachable", "ECONNREFUSED, {port} from this host"),
    (LISTENER, "udp", RESPONDER_PORT, "open", "answered"),
    (LISTENER, "udp", 7004, "open", "another service"),
    (LISTENER, "udp", 81, "filtered", "no answer"),
    (LISTENER, "udp", 82, "refused", "{port}: nothing listens there, or the host's firewall rejects"),
    (LISTENER, "udp", 83, "unreachable", "{prohibited}, {administratively} from {address}"),
    (LISTENER, "udp", 91, "filtered", "dropped before leaving"),
    (LISTENER, "udp", 92, "unreachable", "ECONNREFUSED, {port} from this host"),
    (LISTENER, "udp", 7999, "refused", "{port}: nothing listens there, or the host's firewall rejects"),
    (IMPOSTOR, "tcp", RESPONDER_PORT, "wrong_host", "answered by impostor"),
    (IMPOSTOR, "udp", RESPONDER_PORT, "wrong_host", "answered by impostor"),
    (OTHER_RUN, "tcp", RESPONDER_PORT, "open", "answered by run old"),
    (OTHER_RUN, "udp", RESPONDER_PORT, "filtered", "no answer"),
    (NOWHERE, "tcp", RESPONDER_PORT, "unreachable", "ENETUNREACH, Network is unreachable"),
    (NOWHERE, "udp", RESPONDER_PORT, "unreachable", "ENETUNREACH, Network is unreachable"),
    (BEHIND_GATEWAY, "tcp", 82, "unreachable", "ECONNREFUSED, {port} from {gateway}"),
    (BEHIND_GATEWAY, "udp", 82, "unreachable", "ECONNREFUSED, {port} from {gateway}"),
]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("place", "protocol", "port", "observed", "detail"), CASES)
def test_every_kind_of_answer(rows, version, place, protocol, port, observed, detail):
    row = rows[version, place[version], protocol, port]
    detail = detail.format(
        address=place[version],
        gateway=GATEWAY[version],
        prohibited="EHOSTUNREACH" if version == 4 else "EACCES",
        port=icmp_text(version, "port-unreachable"),
        administratively=icmp_text(version, "admin-prohibited"),
    )
    assert (row["observed"], row["detail"]) == (observed, detail)
    assert row["service"] == SERVICE_OF.get(observed, "service" if detail == "another service" else "responder")
    right = {"open": ["open"], "shut": ["filtered", "unreachable"]}[row["expected"]]
    assert row["ok"] is (observed in right)


def test_the_round_covered_every_case(rows):
    assert len(rows) == 2 * len(CASES)


@pytest.fixture(scope="module")
def rejected(lab):
    """One round over every kind of rejection: (version, protocol, port) -> row."""
    entries = [
        expectation(
            version,
            LISTENER[version],
            protocol,
            shut=range(FIRST_REJECTION, FIRST_REJECTION + len(REJECTIONS[version])),
        )
        for version in (4, 6)
        for protocol in ("tcp", "udp")
    ]
    found = probe(lab, *entries)
    return {(6 if ":" in row["address"] else 4, row["protocol"], row["port"]): row for row in found["results"]}


@pytest.mark.parametrize(
    ("version", "port", "kind"),
    [(version, port, kind) for version in (4, 6) for port, kind in enumerate(REJECTIONS[version], FIRST_REJECTION)],
)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_every_kind_of_icmp_is_told(rejected, version, port, kind, protocol):
    row = rejected[version, protocol, port]
    text = icmp_text(version, kind)
    if (protocol, kind) == ("udp", "port-unreachable"):
        assert (row["observed"], row["ok"], row["service"]) == ("refused", False, "nothing")
        assert row["detail"].startswith(f"{text}: ")
    else:
        assert (row["observed"], row["ok"], row["service"]) == ("unreachable", True, "")
        assert row["detail"].endswith(f", {text} from {LISTENER[version]}")


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_source_that_is_translated_on_the_way_is_told(lab, version, protocol):
    row = probe(lab, expectation(version, LISTENER[version], protocol, opened=[BEHIND_SOURCE_NAT]))["results"][0]
    assert (row["observed"], row["ok"], row["service"]) == ("open", True, "responder")
    assert row["detail"] == f"answered, to {OTHER_SOURCES[version]}: translated on the way"


@pytest.mark.parametrize("version", [4, 6])
def test_it_sends_from_the_source(lab, version):
    found = probe(
        lab,
        expectation(version, LISTENER[version], "tcp", opened=[RESPONDER_PORT]),
        expectation(version, LISTENER[version], "tcp", shut=[RESPONDER_PORT], source=OTHER_SOURCES[version]),
        timeout=0.5,
    )
    assert [row["observed"] for row in found["results"]] == ["open", "filtered"]
    assert found["differences"] == []


@pytest.mark.parametrize("version", [4, 6])
def test_a_source_of_another_host_is_an_error(lab, version):
    wrong = expectation(version, LISTENER[version], "tcp", opened=[1], source=IMPOSTOR[version])
    found = lab.module("initiator", "port_probe", run=RUN, expectations=[wrong])
    assert found["failed"]
    assert found["msg"] == f"expectations: source {IMPOSTOR[version]}; allowed is an address of this host"


def test_differences_are_the_rows_that_are_not_ok(lab):
    found = probe(lab, expectation(4, LISTENER[4], "tcp", opened=[7999], shut=[81, RESPONDER_PORT]), timeout=0.3)
    assert [(row["port"], row["expected"], row["observed"]) for row in found["differences"]] == [
        (7563, "shut", "open"),
        (7999, "open", "refused"),
    ]
    assert found["counts"] == {"open": 1, "refused": 1, "filtered": 1, "unreachable": 0, "wrong_host": 0, "error": 0}
    assert found["probes"] == 3
    assert found["retried"] == 1
    assert [row["attempts"] for row in found["results"]] == [1, 1, 2]
    assert found["changed"] is False


def test_a_lost_packet_is_forgiven_by_a_retry(lab):
    lossy = expectation(4, LISTENER[4], "tcp", opened=[7700])
    found = probe(lab, lossy, timeout=0.5, retries=3)
    assert (found["counts"]["open"], found["retried"], found["results"][0]["attempts"]) == (1, 1, 2)
    assert probe(lab, lossy, timeout=0.5, retries=0)["counts"]["filtered"] == 1


def test_a_retry_does_not_take_back_an_answer(lab):
    found = probe(lab, expectation(4, LISTENER[4], "tcp", shut=[7701]), timeout=0.5, retries=3)
    assert [row["observed"] for row in found["differences"]] == ["open"]
    assert (found["retried"], found["results"][0]["attempts"]) == (0, 1)


def test_a_udp_request_is_sent_twice(lab):
    lossy = expectation(4, LISTENER[4], "udp", opened=[7702])
    assert probe(lab, lossy, timeout=0.6, retries=0)["counts"]["open"] == 1


def test_two_thousand_filtered_ports_take_hardly_longer_than_one(lab):
    one = probe(lab, expectation(4, LISTENER[4], "tcp", shut=[1000]))
    many = probe(lab, expectation(4, LISTENER[4], "tcp", shut=range(1000, 2990), opened=MANY_PORTS[:10]))
    assert many["counts"]["filtered"] == 1990
    assert many["counts"]["open"] == 10
    assert many["seconds"] < 2 * one["seconds"]


def test_no_more_sockets_than_concurrency(lab):
    filtered = expectation(4, LISTENER[4], "tcp", shut=range(1000, 1030))
    all_at_once = probe(lab, filtered, timeout=0.2)
    in_turns = probe(lab, filtered, timeout=0.2, concurrency=10)
    assert in_turns["counts"]["filtered"] == 30
    assert in_turns["seconds"] > 2 * all_at_once["seconds"]


def test_a_low_hard_limit_of_files_makes_it_slower_not_wrong(lab):
    found = probe(
        lab, expectation(4, LISTENER[4], "tcp", opened=MANY_PORTS), prefix=("prlimit", "--nofile=100:100"), retries=0
    )
    assert found["counts"]["open"] == len(MANY_PORTS)


def test_a_low_soft_limit_of_files_is_raised(lab):
    entry = expectation(4, LISTENER[4], "tcp", shut=range(1000, 1400))
    found = probe(lab, entry, prefix=("prlimit", "--nofile=100:2000"), timeout=0.5)
    assert found["seconds"] < 1
    assert found["counts"]["filtered"] == 400


def test_without_any_file_left_it_says_so(lab):
    entry = expectation(4, LISTENER[4], "tcp", opened=[RESPONDER_PORT])
    prefix = ("prlimit", "--nofile=50:50")
    found = lab.module("initiator", "port_probe", *prefix, run=RUN, expectations=[entry])
    assert found["msg"] == "no file can be opened: raise the hard limit of open files (ulimit -Hn)"


EXHAUSTED = """
import json, os, resource, selectors, sys
from ansible_collections.vidnet.portmatrix.plugins.module_utils import prober
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_plan import plan
prober.SHORTAGE_LIMIT = 0.3
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
entries, leave = json.loads(sys.argv[1]), int(sys.argv[2])
with selectors.DefaultSelector() as selector:
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        for number in taken[:leave]:
            os.close(number)
    try:
        found = prober._Round(selector, plan(entries), "trial-1", 1.0, 1000).verdicts()
    except prober.ProbeError as error:
        print(error)
    else:
        print(sorted({verdict.observed for verdict in found.values()}), len(found))
"""


@pytest.mark.parametrize(
    ("left", "printed"), [(10, "['open'] 500"), (0, "cannot probe from 10.9.0.1: Too many open files")]
)
def test_files_that_run_out_on_the_way_never_look_like_a_filter(lab, left, printed):
    """Real EMFILE: the round believes in 1000 files, and there are ten or none."""
    entries = f"""[{{"to": "listener", "source": "{SOURCES[4]}", "address": "{LISTENER[4]}", "protocol": "tcp",
                  "open": {list(MANY_PORTS)}, "shut": []}}]"""
    env = {**os.environ, "PYTHONPATH": COLLECTIONS_PATH}
    done = lab.run("initiator", sys.executable, "-c", EXHAUSTED, entries, str(left), env=env, stdin=subprocess.DEVNULL)
    assert done.stdout.strip() == printed


def test_a_neighbour_that_is_slow_to_name_its_hardware_address_costs_no_probe(lab):
    """The kernel keeps only some 270 packets for a neighbour it is still asking for; bursts must stay below that."""
    patient = "/proc/sys/net/ipv4/neigh/eth0"
    lab.run("initiator", "sh", "-c", f"echo 4 > {patient}/retrans_time_ms; echo 100 > {patient}/mcast_solicit")
    slow = "table arp slow { chain input { type filter hook input priority 0; %s drop; }; }"
    lab.nft("listener", slow % "arp operation request numgen inc mod 3 < 2")
    try:
        lab.run("initiator", "ip", "neighbour", "flush", "all")
        found = probe(lab, expectation(4, LISTENER[4], "tcp", opened=MANY_PORTS), retries=0, timeout=0.9)
    finally:
        lab.nft("listener", "delete table arp slow")
    assert found["counts"]["open"] == len(MANY_PORTS)
