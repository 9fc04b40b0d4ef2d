# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random policies, random packets: what the kernel lets in, what the read-back says, and what the policy declares are the same."""

from __future__ import annotations

import functools
import ipaddress
import os
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_script
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import accepted, compare, trace
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab
from ansible_collections.vidnet.portmatrix.tests.support.packet_flood import ADDRESSES, Sent, add_host, let_in

SEED = int(os.environ.get("PORTMATRIX_SEED", "5"))
POLICIES, PACKETS = 9, 12_000
"""Policies of ours, and packets to each: more than 100 000 in all."""
TRACED = 10
FOREIGN, FOREIGN_PACKETS = 14, 1500
"""Rules of others, and packets to each."""
PROTOCOLS = {"tcp": 6, "udp": 17}
SPARE_PORTS = (1, 22, 53, 80, 443, 546, 547, 5353, 32768, 65535)
Says = Callable[[Sent], bool]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as found:
        yield found


@pytest.mark.parametrize("number", range(POLICIES))
def test_kernel_readback_and_policy_agree_on_random_packets(lab: Lab, number: int) -> None:
    random_ = random.Random(f"{SEED}.{number}")
    host = f"ours{number}"
    add_host(lab, host)
    rules = some_rules(random_, random_.randint(3, 40))
    lab.nft(host, nft_script.script(rules, random_.choice(["allow", "enforce"])))
    packets = some_packets(random_, rules, PACKETS)

    through = let_in(lab, host, packets)

    read = ruleset(lab, host)
    told = readback_says(read)
    agree(random_, packets, ("kernel", through.__contains__), ("policy", policy_says(rules)))
    agree(random_, packets, ("kernel", through.__contains__), ("readback", told))
    assert not [one for one in compare.differences(read, rules, "allow") if one["direction"] == "in"]
    for packet in random_.sample(packets, TRACED):
        assert traced(read, packet) == ("accept" if packet in through else "drop")
    assert 0 < len(through) < len(packets)


@pytest.mark.parametrize("number", range(FOREIGN))
def test_kernel_and_readback_agree_on_rules_of_every_form(lab: Lab, number: int) -> None:
    add_host(lab, "foreign")
    random_ = random.Random(f"{SEED}.foreign.{number}")
    rules = some_rules(random_, 12)
    text = load(lab, "foreign", foreign_rules(random_, rules))
    packets = some_packets(random_, rules, FOREIGN_PACKETS)

    through = let_in(lab, "foreign", packets)

    read = ruleset(lab, "foreign")
    agree(random_, packets, ("kernel", through.__contains__), ("readback", readback_says(read)))
    assert not accepted.accepted(read, verdict="unknown"), text


def load(lab: Lab, host: str, text: str) -> str:
    """Load rules in place of those that are there; return those that are left once nft has refused contradictions."""
    for _try in range(5):
        done = lab.run(host, "nft", "-f", "-", input=f"flush ruleset\n{text}", check=False)
        if not done.returncode:
            return text
        refused = {
            int(number) - 2 for number in re.findall(r"^/dev/stdin:(\d+):.*conflicting", done.stderr, re.MULTILINE)
        }
        assert refused, done.stderr
        text = "\n".join(line for number, line in enumerate(text.split("\n")) if number not in refused)
    raise AssertionError(done.stderr)


def ruleset(lab: Lab, host: str) -> dict[str, Any]:
    """Return the rules in force, in the form of policy_readback."""
    text = lab.run(host, "nft", "-j", "list", "ruleset").stdout
    return {"nft": text, "iptables": {}, "ipset": "", "interfaces": ["eth0", "lo"], "addresses": list(ADDRESSES)}


def agree(random_: random.Random, packets: list[Sent], one: tuple[str, Says], other: tuple[str, Says]) -> None:
    says, contradicts = one[1], other[1]
    for packet in packets:
        if says(packet) != contradicts(packet):
            pytest.fail(
                f"with PORTMATRIX_SEED={SEED}: {packet} from {ipaddress.ip_address(packet.source)} is let in by "
                f"{one[0] if says(packet) else other[0]} and not by {other[0] if says(packet) else one[0]}"
            )


def policy_says(rules: list[dict[str, Any]]) -> Says:
    """Return whether rules as they are written let a packet in."""
    incoming = [rule for rule in rules if rule["direction"] == "in"]

    @functools.cache
    def networks(version: int, protocol: int, port: int) -> list[tuple[int, int]]:
        found = []
        for rule in incoming:
            if PROTOCOLS[rule["protocol"]] == protocol and any(low <= port <= high for low, high in spans(rule)):
                found.extend(bounds(peer) for peer in rule["peers"] if version_of(peer) in (0, version))
        return found

    def says(packet: Sent) -> bool:
        found = networks(packet.version, packet.protocol, packet.port)
        return any(low <= packet.source <= high for low, high in found)

    return says


def readback_says(read: dict[str, Any]) -> Says:
    """Return whether the read-back's ranges let a packet in."""
    rows = [row for row in accepted.accepted(read) if row["direction"] == "in"]

    @functools.cache
    def parts(version: int, protocol: int, port: int) -> list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
        return [
            ([bounds(peer) for peer in row["peers"]], spans({"ports": row.get("source_ports", ["0-65535"])}))
            for row in rows
            if row["family"] == f"ipv{version}"
            and PROTOCOLS.get(row["protocol"]) == protocol
            and any(low <= port <= high for low, high in spans(row))
        ]

    def says(packet: Sent) -> bool:
        return any(
            any(low <= packet.source <= high for low, high in peers)
            and any(low <= packet.source_port <= high for low, high in sources)
            for peers, sources in parts(packet.version, packet.protocol, packet.port)
        )

    return says


def traced(read: dict[str, Any], packet: Sent) -> str:
    """Return what becomes of a packet by itself."""
    own = int(ipaddress.ip_address(ADDRESSES[packet.version == 6]))
    family = f"ipv{packet.version}"
    found = Packet("in", family, packet.protocol, packet.source, own, packet.source_port, packet.port)
    return trace.trace(read, found)["verdict"]


def spans(rule: dict[str, Any]) -> list[tuple[int, int]]:
    pairs = [text.partition("-") for text in rule["ports"]]
    return [(int(low), int(high or low)) for low, _dash, high in pairs]


@functools.cache
def bounds(peer: str) -> tuple[int, int]:
    if peer == "any":
        return 0, 2**128 - 1
    network = ipaddress.ip_network(peer)
    return int(network.network_address), int(network.broadcast_address)


def version_of(peer: str) -> int:
    return 0 if peer == "any" else 6 if ":" in peer else 4


def some_network(random_: random.Random) -> str:
    if random_.random() < 0.6:
        address, length = random_.randint(0x0A000000, 0x0A00FFFF), random_.choice([32, 32, 31, 30, 28, 24, 22])
        return str(ipaddress.ip_network((address >> (32 - length) << (32 - length), length)))
    address, length = (0x20010DB8 << 96) + random_.randint(0, 0xFFFFF), random_.choice([128, 128, 127, 124, 112, 64])
    return str(ipaddress.ip_network((address >> (128 - length) << (128 - length), length)))


def some_ports(random_: random.Random) -> str:
    low = random_.choice([random_.choice(SPARE_PORTS), random_.randint(1, 200), random_.randint(1, 65535)])
    if random_.random() < 0.5:
        return str(low)
    return f"{low}-{min(65535, low + random_.choice([1, 2, 10, 1000]))}"


def some_rules(random_: random.Random, count: int) -> list[dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for number in range(count):
        peers = sorted({some_network(random_) for _peer in range(random_.randint(1, 4))})
        rule = {
            "direction": random_.choice(["in", "in", "in", "out"]),
            "protocol": random_.choice(list(PROTOCOLS)),
            "ports": sorted({some_ports(random_) for _port in range(random_.randint(1, 3))}),
            "peers": ["any"] if random_.random() < 0.15 else peers,
            "flows": [f"test.{number}"],
            "reason": "",
        }
        # The same packets twice, in other words, would be refused.
        rules.setdefault(str((rule["direction"], rule["protocol"], rule["ports"])), rule)
    return list(rules.values())


def some_packets(random_: random.Random, rules: list[dict[str, Any]], count: int) -> list[Sent]:
    """Return packets of which many are just inside or just outside of what the rules name."""
    ports = sorted({edge for rule in rules for span in spans(rule) for edge in edges(*span, 65535)} | set(SPARE_PORTS))
    named = [peer for rule in rules for peer in rule["peers"] if peer != "any"]
    sources = {
        version: [
            edge
            for peer in named
            if version_of(peer) == version
            for edge in edges(*bounds(peer), 2 ** (32 if version == 4 else 128) - 1)
        ]
        for version in (4, 6)
    }
    found: set[Sent] = set()
    while len(found) < count:
        version = random_.choice([4, 6])
        base = (0x0A000000, 0xFFFFFF) if version == 4 else (0x20010DB8 << 96, 0xFFFFFF)
        source = base[0] + random_.randint(1, base[1])
        if sources[version] and random_.random() < 0.8:
            source = random_.choice(sources[version])
        found.add(
            Sent(
                version,
                random_.choice((6, 17)),
                source,
                random_.choice([53, 67, 547, 1023, 1024, random_.randint(1, 65535)]),
                random_.choice(ports) if random_.random() < 0.9 else random_.randint(1, 65535),
            )
        )
    return sorted(found)


def edges(low: int, high: int, highest: int) -> list[int]:
    return [number for number in (low - 1, low, (low + high) // 2, high, high + 1) if 0 < number <= highest]


FOREIGN_TABLE = """
table inet foreign {{
  set hosts {{ type ipv4_addr; flags interval; elements = {{ {hosts4} }}
  }}
  set hosts6 {{ type ipv6_addr; flags interval; elements = {{ {hosts6} }}
  }}
  set pairs {{ type ipv4_addr . inet_service; flags interval; elements = {{ {pairs} }}
  }}
  set services {{ type inet_proto . inet_service; flags interval; elements = {{ {services} }}
  }}
  chain second {{
{second}
  }}
  chain first {{
{first}
  }}
  map choice {{ type inet_service : verdict; flags interval; elements = {{ {choice} }}
  }}
  chain input {{
    type filter hook input priority {priority}; policy {policy};
{base}
  }}
  chain early {{
    type filter hook prerouting priority raw; policy accept;
{early}
  }}
}}
table {other} foreign {{
  chain input {{
    type filter hook input priority 20; policy accept;
{late}
  }}
}}
"""


def foreign_rules(random_: random.Random, rules: list[dict[str, Any]]) -> str:
    """Return tables of somebody else, in every form that packets tell apart."""
    named = [peer for rule in rules for peer in rule["peers"] if peer != "any"]
    four = [peer for peer in named if version_of(peer) == 4] or ["10.0.0.1/32"]
    six = [peer for peer in named if version_of(peer) == 6] or ["2001:db8::1/128"]
    ports = [port for rule in rules for port in rule["ports"]]

    def several(of: list[str], most: int) -> str:
        return ", ".join(disjoint(random_.choice(of) for _one in range(random_.randint(1, most))))

    def port() -> str:
        return random_.choice(ports)

    def number() -> str:
        return port().partition("-")[0]

    def spare() -> int:
        return random_.choice([port for port in range(60000, 60100) if str(port) not in " ".join(ports)])

    def condition() -> str:
        return random_.choice(
            [
                "",
                f"tcp dport {port()}",
                f"udp dport != {port()}",
                f"tcp dport {{ {several(ports, 5)} }}",
                f"tcp dport != {{ {several(ports, 5)} }}",
                f"udp sport {{ 53, 1024-65535 }} udp dport > {number()}",
                f"th dport {port()} meta l4proto {{ tcp, udp }}",
                "meta l4proto . th dport @services",
                f"ip saddr {random_.choice(four)}",
                f"ip6 saddr {random_.choice(six)}",
                f"ip saddr != {random_.choice(four)} tcp dport <= {number()}",
                f"ip6 saddr != {{ {several(six, 3)} }}",
                "ip saddr @hosts",
                "ip saddr != @hosts udp dport >= 1000",
                "ip6 saddr @hosts6",
                "ip saddr . th dport @pairs meta l4proto { tcp, udp }",
                f"ip saddr . tcp dport {{ {random_.choice(four)} . {port()} }}",
                "meta nfproto ipv4",
                "meta protocol ip6",
                "ip protocol udp",
                "ip6 nexthdr tcp",
                "iifname eth0",
                'iifname "et*"',
                "iif lo",
                "iifname != lo",
                "ct state new",
                "ct state established,related",
                "tcp flags & (fin | syn | rst | ack) == syn",
                "tcp flags & (fin | syn) == (fin | syn)",
                "fib daddr type local",
                "fib daddr type { broadcast, multicast }",
                "meta pkttype host",
                "oifname != eth0",
            ]
        )

    def chain(verdicts: list[str], count: int) -> str:
        lines = []
        for _line in range(count):
            verdict = random_.choice(verdicts)
            asked = condition()
            if verdict in ("accept", "drop", "reject", "goto second"):
                asked += random_.choice(
                    [f" th dport {port()} meta l4proto {{ tcp, udp }}", f" ip saddr {random_.choice(four)}"]
                )
            if random_.random() < 0.2:
                verdict = random_.choice(
                    [
                        "tcp dport vmap @choice",
                        f"tcp dport vmap {{ {number()} : {verdicts[-1]}, {spare()} : drop }}",
                        "meta l4proto vmap { tcp : jump second, udp : return }"
                        if "jump second" in verdicts
                        else "return",
                    ]
                )
            lines.append(f"    {asked} counter {verdict}" if "vmap" not in verdict else f"    {asked} {verdict}")
        return "\n".join(lines)

    plain = ["accept", "drop", "reject", "return"]
    return FOREIGN_TABLE.format(
        hosts4=several(four, 4),
        hosts6=several(six, 3),
        pairs=f"{random_.choice(four)} . {port()}, 11.0.0.0/8 . 1-100",
        services=f"tcp . {port()}, udp . {port()}",
        choice=", ".join(
            f"{text} : {random_.choice(['drop', 'accept', 'return'])}" for text in several(ports, 4).split(", ")
        ),
        second=chain(plain, 4),
        first=chain([*plain, "jump second", "goto second"], 6),
        base=chain([*plain, "jump first", "jump second", "goto first"], 8),
        early=f"    {condition()} drop" if random_.random() < 0.3 else "",
        late=f"    th dport {port()} meta l4proto udp drop",
        priority=random_.choice(["-10", "filter + 5"]),
        policy=random_.choice(["accept", "accept", "drop"]),
        other=random_.choice(["ip", "ip6"]),
    )


def disjoint(texts: Iterator[str]) -> list[str]:
    """Return texts of ports or networks without those that overlap others before them."""
    found: list[tuple[tuple[int, int], str]] = []
    for text in texts:
        span = bounds(text) if "/" in text else spans({"ports": [text]})[0]
        if all(span[1] < other[0] or other[1] < span[0] for other, _text in found):
            found.append((span, text))
    return [text for _span, text in found]
