# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random rules of iptables, loaded into the kernel, and random packets: what the kernel lets through is what the read-back says.

It is asked twice: the rules as they are read, walked one by one, and the evaluator that walks all packets at once.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from ipaddress import ip_address

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges, scene
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ruleset import ruleset as rules_in_force
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.walk import walk
from ansible_collections.vidnet.portmatrix.tests.support import model_walk
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab
from ansible_collections.vidnet.portmatrix.tests.support.spoofed_packets import (
    GRE,
    ICMP,
    ICMPV6,
    IGMP,
    TCP,
    UDP,
    Spoofed,
    Watch,
    some_packets,
)

pytestmark = pytest.mark.managers

ROUNDS, IN, OUT = 8, 600, 200  # packets a round and family; two variants and two families
NOT_ACCEPTED = ("drop", "reject", "unknown")
COMMAND = {"ipv4": "iptables", "ipv6": "ip6tables"}
NETS = {
    "ipv4": ["10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "10.1.2.200", "10.9.0.0/16", "192.0.2.0/24", "192.0.2.77"],
    "ipv6": ["2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64", "2001:db8:1:2::80/121", "2001:db8:1:2::c8"],
}
OWN = {"ipv4": ["10.9.0.1", "10.9.1.1"], "ipv6": ["2001:db8:9::1", "2001:db8:9:1::1"]}
ALL_HOSTS = {"ipv4": "224.0.0.1", "ipv6": "ff02::1"}
PORTS = [22, 53, 80, 443, 554, 5353, 5999, 6000, 6001, 7000, 7001, 65535]
RANGES = ["22", "80", "6000:7000", ":1023", "5000:", "443:554", "1:65535"]
LISTS = ["22,80,443", "53,6000:7000", "80,554,5353,65535", "1:21,23:79"]
PROTOCOLS = {
    "ipv4": {"tcp": TCP, "udp": UDP, "icmp": ICMP, "igmp": IGMP, "47": GRE},
    "ipv6": {"tcp": TCP, "udp": UDP, "ipv6-icmp": ICMPV6, "47": GRE},
}
TYPES = {"ipv4": (8, 13), "ipv6": (128,)}
ICMP_OPTIONS = {
    "ipv4": ["--icmp-type 8", "! --icmp-type 8", "--icmp-type any", "--icmp-type 8/0", "--icmp-type timestamp-request"],
    "ipv6": ["--icmpv6-type 128", "! --icmpv6-type 128", "--icmpv6-type echo-request", "--icmpv6-type 129"],
}
UNCERTAIN = [
    "-m mark --mark 0x1",
    "-m mark ! --mark 0x1",
    "-m length --length 20:40",
    "-m mac --mac-source 02:00:00:00:00:01",
]
SETS = """
create peers{n} hash:net family {family}
add peers{n} {nets[1]}
create pairs{n} hash:ip,port family {family}
add pairs{n} {own[0]},tcp:80
add pairs{n} {own[0]},udp:53
add pairs{n} {own[1]},tcp:22
create ports{n} bitmap:port range 0-6000
add ports{n} 80
add ports{n} 5353
create all{n} list:set
add all{n} peers{n}
"""
SET_OPTIONS = [
    "peers{n} src",
    "peers{n} dst",
    "pairs{n} dst,dst",
    "pairs{n} src,dst",
    "ports{n} dst",
    "all{n} src",
    "pairs{n} dst",
]


class Writer:
    """Writes random rules for one family; ``sets`` tells whether there are sets to ask for."""

    def __init__(self, random_, family, sets):
        self._random, self._family, self._sets = random_, family, sets

    def script(self):
        """Return the text for iptables-restore."""
        tables = [
            self._table("filter", {"INPUT": 14, "OUTPUT": 8, "one": 7, "two": 5}),
            self._table("mangle", {"PREROUTING": 2, "INPUT": 2, "OUTPUT": 1, "POSTROUTING": 2, "one": 3, "two": 2}),
            self._table("raw", {"PREROUTING": 2, "OUTPUT": 1, "one": 2, "two": 1}),
            self._table("security", {"INPUT": 2, "OUTPUT": 1, "one": 2, "two": 2}),
        ]
        return "\n".join(tables) + "\n"

    def _table(self, table, chains):
        kind = self._random.choice(["mostly drops", "mostly accepts"]) if table == "filter" else "mostly accepts"
        lines = [f"*{table}"]
        for chain in chains:
            policy = "-" if chain.islower() else "DROP" if (kind == "mostly drops" and chain == "INPUT") else "ACCEPT"
            lines.append(f":{chain} {policy} [0:0]")
        for chain, most in chains.items():
            for _number in range(self._random.randint(most // 2, most)):
                lines.append(f"-A {chain} {self._asked(table, chain)} {self._target(table, chain, kind)}")
        return "\n".join([*lines, "COMMIT"])

    def _target(self, table, chain, kind):
        ends = (
            ["-j DROP", "-j ACCEPT", "-j ACCEPT", "-j ACCEPT"] if kind == "mostly drops" else ["-j DROP", "-j ACCEPT"]
        )
        others = ["-j RETURN", "", "-m comment --comment \"-j DROP 'x'\" -j RETURN"]
        if table == "filter":
            others.append("-j REJECT")
        if chain != "two":
            others += ["-j two", "-g two"]
        if chain not in ("one", "two"):
            others += ["-j one", "-j one", "-g one"]
        return self._random.choice(ends * 3 + others)

    def _asked(self, table, chain):
        choice, chance, family = self._random.choice, self._random.random, self._family
        maybe_not = "! " if chance() < 0.2 else ""
        out, modules = [], []
        if chance() < 0.45:
            out.append(f"{maybe_not}-s {choice(NETS[family])}")
        elif chance() < 0.1:
            out.append(f"-s {'10.1.2.3/255.0.255.255' if family == 'ipv4' else '2001:db8::3/ffff::ffff'}")
        if chance() < 0.2:
            out.append(f"{choice(['', '! '])}-d {choice([*NETS[family], *OWN[family], ALL_HOSTS[family]])}")
        if chance() < 0.15 and chain in ("PREROUTING", "INPUT", "one", "two"):
            out.append(f"{choice(['', '! '])}-i {choice(['eth0', 'eth1', 'eth+', 'lo', 'x+'])}")
        if chance() < 0.15 and chain in ("OUTPUT", "POSTROUTING", "one", "two"):
            out.append(f"{choice(['', '! '])}-o {choice(['eth0', 'eth1', 'eth+', 'lo'])}")
        if chance() < 0.75:
            out.append(self._protocol(modules))
        if table != "raw" and chance() < 0.15:
            option = choice(["conntrack --ctstate NEW", "state --state NEW", "conntrack --ctstate RELATED,ESTABLISHED"])
            modules.append(f"-m {option}")
        if chance() < 0.08:
            kinds = ["UNICAST", "LOCAL", "MULTICAST"] + ["BROADCAST", "LOCAL,MULTICAST"] * (family == "ipv4")
            modules.append(f"-m addrtype {choice(['', '! '])}--dst-type {choice(kinds)}")
        if chance() < 0.06:
            kinds = ["unicast", "multicast", "broadcast"] if family == "ipv4" else ["unicast", "multicast"]
            modules.append(f"-m pkttype {choice(['', '! '])}--pkt-type {choice(kinds)}")
        if chance() < 0.05:
            ends = ("10.1.2.3", "10.1.200.9") if family == "ipv4" else ("2001:db8:1::", "2001:db8:1:2::f")
            modules.append(f"-m iprange {choice(['', '! '])}--src-range {'-'.join(ends)}")
        if chance() < 0.06:
            limit = choice(["ttl --ttl-" if family == "ipv4" else "hl --hl-"])
            modules.append(f"-m {limit}{choice(['eq 64', 'eq 255', 'lt 64', 'gt 63'])}")
        if self._sets and chance() < 0.15:
            modules.append(f"-m set {choice(['', '! '])}--match-set {choice(SET_OPTIONS).format(n=family[-1])}")
        if chance() < 0.06:
            modules.append(choice(UNCERTAIN[: 3 if chain in ("OUTPUT", "POSTROUTING", "one", "two") else 4]))
        self._random.shuffle(modules)
        return " ".join([*out, *modules])

    def _protocol(self, modules):
        choice, chance = self._random.choice, self._random.random
        name = choice([*PROTOCOLS[self._family], "tcp", "udp", "tcp"])
        maybe_not = "! " if chance() < 0.25 else ""
        if name in ("tcp", "udp"):
            if chance() < 0.6:
                module = f"-m {name} {maybe_not}--dport {choice(RANGES)}"
                module += f" --sport {choice(RANGES)}" if chance() < 0.15 else ""
                modules.append(module)
            elif chance() < 0.7:
                modules.append(
                    f"-m multiport {maybe_not}--{choice(['dports', 'dports', 'sports', 'ports'])} {choice(LISTS)}"
                )
            if name == "tcp" and chance() < 0.2:
                modules.append(
                    f"-m tcp {maybe_not}{choice(['--syn', '--tcp-flags SYN,ACK SYN', '--tcp-flags ALL NONE'])}"
                )
        elif "icmp" in name and chance() < 0.7:
            modules.append(f"-m {'icmp6' if self._family == 'ipv6' else 'icmp'} {choice(ICMP_OPTIONS[self._family])}")
        return f"! -p {name}" if chance() < 0.1 and not modules else f"-p {name}"


def arriving(family):
    """A function that makes one packet to the host."""

    def make(random_):
        kind = random_.choices(["own", "many", "broadcast"], [20, 2, 1 if family == "ipv4" else 0])[0]
        to = {"own": random_.choice(OWN[family]), "many": ALL_HOSTS[family], "broadcast": "10.9.0.255"}[kind]
        interface = "eth0" if kind == "broadcast" else random_.choice(["eth0", "eth0", "eth1"])
        protocol = random_.choice([*PROTOCOLS[family].values(), TCP, TCP, UDP, UDP])
        return packet(random_, protocol, address(random_, family), ip_address(to), interface)

    return make


def leaving(family):
    """A function that makes one packet from the host."""

    def make(random_):
        return packet(
            random_, random_.choice([TCP, UDP]), ip_address(random_.choice(OWN[family])), address(random_, family), ""
        )

    return make


def address(random_, family):
    """An address in one of the networks, or near one; never of the host's own segments, where somebody would answer."""
    net = random_.choice([net for net in NETS[family] if not net.startswith("10.9.")])
    first, _slash, length = net.partition("/")
    bits = (32 if family == "ipv4" else 128) - int(length or 0 if length else 32 if family == "ipv4" else 128)
    number = int(ip_address(first)) + random_.getrandbits(min(bits, 20) + 1 if random_.random() < 0.8 else 2)
    return type(ip_address(first))(number)


def packet(random_, protocol, source, destination, interface):
    # Ports of what goes out are no ports that something comes in for, so that no packet is the answer to another.
    low, high = (1, 19999) if interface else (20000, 29999)
    source_port = random_.choice(
        [53, 80, 5353, random_.randint(low, high)] if interface else [random_.randint(low, high)]
    )
    port = random_.choice([*PORTS, random_.randint(1, 65535)])
    kind, hops = 0, 64
    if protocol not in (TCP, UDP):
        port = 0  # one packet for each connection that the kernel knows, for it answers
    if protocol in (ICMP, ICMPV6):
        kind = random_.choice(TYPES[f"ipv{source.version}"])
    elif protocol == IGMP:
        source_port, kind, hops = 0, 0x16, 1
    elif protocol == GRE:
        source_port = 0
    elif not random_.randrange(10):
        hops = random_.choice([63, 255])
    return Spoofed(protocol, source, destination, source_port, port, interface, kind, hops)


def facts(sent):
    """What the model asks of a packet, for one that was sent."""
    multicast, broadcast = sent.destination.is_multicast, str(sent.destination) == "10.9.0.255"
    out = {
        "family": sent.family,
        "protocol": sent.protocol,
        "source": int(sent.source),
        "destination": int(sent.destination),
        "state": "new",
        "cast": "multicast" if multicast else "broadcast" if broadcast else "unicast",
        "input_interface": sent.interface,
        "output_interface": "" if sent.interface else "eth0",
        "hop_limit": sent.hops,
    }
    if sent.protocol in (TCP, UDP):
        out.update(source_port=sent.source_port, destination_port=sent.port)
    if sent.protocol == TCP:
        out["tcp_flags"] = 2
    if sent.protocol in (ICMP, ICMPV6, IGMP):
        out["icmp_type"] = sent.kind
    return out


class Evaluator:
    """What the evaluator says of single packets: ``accept``, ``drop``, ``reject`` or ``unknown``."""

    def __init__(self, tables):
        self._stages = {
            (direction, family): scene.scene(tables, direction, family, ranges.EVERY[family])
            for direction in ("in", "out")
            for family in COMMAND
        }

    def verdict(self, direction, about):
        stage = self._stages[direction, about["family"]]
        about = {name: value for name, value in about.items() if name != "family"}
        boxes, early = (
            sum(
                1 << place for place, box in enumerate(stage.boxes) if model_walk.inside(box, {**about, "state": state})
            )
            for state in (about["state"], "invalid")
        )
        peer = self._place(stage.peers, about[scene.PEER[direction]])
        port = self._place(stage.ports, about.get("destination_port", 1))
        (verdict,) = {end.verdict for end in walk(stage, boxes, early, 1 << peer) if end.ports >> port & 1}
        return verdict

    @staticmethod
    def _place(classes, number):
        return next(place for place, one in enumerate(classes) if ranges.contains(one.ranges, number))


@pytest.fixture(scope="module", params=["nft", "legacy"])
def host(request):
    """A watched host, and the variant of iptables that it uses."""
    for program in ("iptables-nft-restore", "iptables-legacy-restore"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"NOT TESTED: {program} is not installed on this machine (package iptables)")
    with NftLab() as lab:
        yield lab, Watch(lab), request.param


def test_kernel_and_model_agree(host):
    lab, watch, variant = host
    random_ = random.Random(f"iptables {variant}")
    with_sets = bool(shutil.which("ipset", path=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    if with_sets:
        for number, family, nft_family in (("4", "ipv4", "inet"), ("6", "ipv6", "inet6")):
            lab.run(
                HOST,
                "ipset",
                "restore",
                input=SETS.format(n=number, family=nft_family, nets=NETS[family], own=OWN[family]),
            )
    count, met = Counter(), set()
    for _round in range(ROUNDS):
        packets = []
        for family, command in COMMAND.items():
            script = Writer(random_, family, with_sets).script()
            lab.run(HOST, f"{command}-{variant}-restore", input=script)
            packets += some_packets(random_, IN, arriving(family)) + some_packets(random_, OUT, leaving(family))
        packets = [sent for sent in packets if sent[1:5] not in met]
        met.update(sent[1:5] for sent in packets)
        ruleset = lab.module(HOST, "policy_readback")["ruleset"]
        tables = rules_in_force(ruleset).tables
        evaluator = Evaluator(tables)
        through = watch.through(packets)
        for sent in packets:
            direction, about = "in" if sent.interface else "out", facts(sent)
            ends = model_walk.ends(tables, direction, about)
            verdict = evaluator.verdict(direction, about)
            happened = "accept" if sent in through else "drop"
            shown = sent, happened, ends, verdict, ruleset["iptables"][sent.family][variant]
            assert happened in ends and verdict in {"accept": ("accept", "unknown")}.get(happened, NOT_ACCEPTED), shown
            count["certain" if len(ends) == 1 and verdict != "unknown" else "uncertain", happened] += 1
    assert sum(count.values()) > 10_000
    # What would be agreed on by a model that knows nothing is no proof.
    assert min(count["certain", "accept"], count["certain", "drop"]) > 2_000
    assert count["uncertain", "accept"] + count["uncertain", "drop"] < sum(count.values()) / 4
