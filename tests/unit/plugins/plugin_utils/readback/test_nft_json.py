# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nft's listing says, read from the real nft and followed for single packets."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import nft_json, ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.trace import trace
from ansible_collections.vidnet.portmatrix.tests.support.nft_reader import ADDRESSES, NftReader, chain, listed, listing

SETS = """
table inet test {
 set pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/24 . 80, 10.1.0.0-10.1.0.9 . 100-200 }
 }
 set timed { type ipv4_addr; flags timeout; timeout 1h; elements = { 10.9.9.9 comment "x", 10.9.9.8 timeout 5m }
 }
 set counted { type ipv4_addr; flags interval; counter; elements = { 10.0.0.0/8 }
 }
 set cards { type ifname; elements = { "eth0" }
 }
 set services { type inet_proto . inet_service; elements = { tcp . 80, udp . 53 }
 }
 set nobody { type ipv4_addr; }
 set seen { type ipv4_addr; flags dynamic; size 10; }
 chain side { tcp dport 80 accept
 }
 chain end { goto side
 }
 map choice { type inet_service : verdict; elements = { 80 : accept, 443 : jump side }
 }
 map pair_choice { type ipv4_addr . inet_service : verdict; flags interval; elements = { 10.0.0.0/24 . 80 : accept }
 }
}
"""
V6 = "2001:db8::5"


@pytest.fixture(scope="module")
def reader() -> Iterator[NftReader]:
    with NftReader() as found:
        yield found


@pytest.fixture(scope="module")
def read_each(reader: NftReader) -> dict[str, dict[str, Any]]:
    """Return rules as text -> what is read of them, of all that are below."""
    texts = [accepting(rule) for rule, *_packets in CASES]
    texts += [accepting(rule, *more) for rule in DOUBTFUL for more in ((), ("accept",))]
    return reader.read_each(texts)


def accepting(rule: str, *more: str) -> str:
    ends = "" if "vmap" in rule or "jump" in rule or "goto" in rule else "accept"
    return SETS + chain(f"{rule} {ends}", *more)


def packet(port: int = 80, source: str = "10.0.0.5", protocol: int = 6, **more: Any) -> Packet:
    version = ipaddress.ip_address(source).version
    own = more.pop("to", ADDRESSES[version == 6])
    first, second = int(ipaddress.ip_address(source)), int(ipaddress.ip_address(own))
    return Packet("in", f"ipv{version}", protocol, first, second, more.pop("source_port", 40000), port, **more)


UDP = {"protocol": 17}


CASES = [
    ("tcp dport 80", packet(), packet(81)),
    ("tcp dport 80", packet(source=V6), packet(**UDP)),
    ("tcp dport { 70-79, 80, 90 }", packet(90), packet(89)),
    ("tcp dport != 80", packet(81), packet(80)),
    ("tcp dport != { 80, 90-91 }", packet(89), packet(91)),
    ("tcp dport != 81", packet(80), packet(80, **UDP)),
    ("tcp dport > 79 tcp dport <= 80", packet(80), packet(79)),
    ("tcp dport >= 80 tcp dport < 81", packet(80), packet(81)),
    ("udp sport 53", packet(99, source_port=53, **UDP), packet(99, source_port=54, **UDP)),
    ("th dport 80 meta l4proto { tcp, udp }", packet(80, **UDP), packet(80, protocol=33)),
    ("sctp dport 80", packet(protocol=132), packet()),
    ("ip saddr 10.0.0.0/24", packet(), packet(source="10.0.1.5")),
    ("ip saddr 10.0.0.4-10.0.0.6", packet(), packet(source="10.0.0.7")),
    ("ip saddr != 10.0.0.5", packet(source="10.0.0.6"), packet(source=V6)),
    ("ip saddr & 255.255.0.0 == 10.0.0.0", packet(source="10.0.7.7"), packet(source="10.1.0.0")),
    ("ip6 saddr 2001:db8::/64", packet(source=V6), packet(source="2001:db8:0:1::")),
    ("ip6 saddr != { 2001:db8::5, 2001:db8::7 }", packet(source="2001:db8::6"), packet(source="2001:db8::7")),
    ("ip daddr 10.9.0.1", packet(), packet(to="10.9.0.2")),
    ("ip saddr . tcp dport @pairs", packet(150, "10.1.0.9"), packet(80, "10.1.0.9")),
    ("ip saddr . tcp dport { 10.0.0.5 . 80, 10.0.0.6 . 90-95 }", packet(95, "10.0.0.6"), packet(95)),
    ("meta l4proto . th dport @services", packet(53, **UDP), packet(53)),
    ("ip saddr @timed", packet(source="10.9.9.8"), packet()),
    ("ip saddr @counted", packet(source="10.255.0.0"), packet(source="11.0.0.0")),
    ("ip saddr != @nobody", packet(), packet(source=V6)),
    ("ip saddr != { 10.0.0.6 }", packet(), packet(source="10.0.0.6")),
    ("tcp dport vmap @choice", packet(), packet(443)),
    ("tcp dport vmap { 80 : jump side, 81 : drop }", packet(), packet(81)),
    ("ip saddr . tcp dport vmap @pair_choice", packet(source="10.0.0.255"), packet(81)),
    ("jump side", packet(), packet(81)),
    ("goto end", packet(), packet(81)),
    ("meta nfproto ipv4", packet(), packet(source=V6)),
    ("meta protocol ip6", packet(source=V6), packet()),
    ("ip protocol tcp", packet(), packet(**UDP)),
    ("ip protocol != tcp", packet(**UDP), packet()),
    ("ip6 nexthdr udp", packet(source=V6, **UDP), packet(**UDP)),
    ("meta l4proto 6-17", packet(), packet(protocol=18)),
    ("iif eth0", packet(interface="eth0"), packet(interface="eth1")),
    ('iifname "eth*"', packet(interface="eth1"), packet(interface="lo", source="10.9.0.1")),
    ("iifname != eth0", packet(interface="eth1"), packet(interface="eth0")),
    ('iifname { "eth1", "lo" }', packet(interface="eth1"), packet(interface="eth0")),
    ("iifname @cards", packet(interface="eth0"), packet(interface="eth1")),
    ("oifname != eth0", packet(interface="eth0"), packet(interface="lo", source="10.9.0.1")._replace(port=1)),
    ("ct state new", packet(), packet(state="established")),
    ("ct state established,related", packet(state="related"), packet()),
    ("ct state { established, new }", packet(), packet(state="related")),
    ("ct state != new", packet(state="invalid"), packet()),
    ("ct state ! established,new", packet(state="invalid"), packet()),
    ("ct state & (established | new) != 0", packet(), packet(state="invalid")),
    ("ct state vmap { new : accept, established : drop }", packet(), packet(state="established")),
    ("ct status != dnat ct state new", packet(), packet(state="established")),
    ("tcp flags syn", packet(), packet(state="established")),
    ("tcp flags & (fin | syn | rst | ack) == syn", packet(), packet(state="established")),
    ("tcp flags & (fin | syn | rst | ack) != syn", packet(state="established"), packet()),
    ("tcp flags { syn, syn | ack }", packet(), packet(state="established")),
    ("icmp type echo-request", packet(8, protocol=1), packet(13, protocol=1)),
    ("icmpv6 type { echo-request, nd-neighbor-solicit }", packet(135, V6, 58), packet(134, V6, 58)),
    ("icmpv6 type nd-router-advert ip6 hoplimit 255", packet(134, V6, 58), packet(128, V6, 58)),
    ("igmp type membership-query", packet(17, protocol=2), packet(18, protocol=2)),
    ("ip ttl < 65", packet(), packet(source=V6)),
    ("fib daddr type local", packet(), packet(to="224.0.0.251", **UDP)),
    ("fib daddr type != { local, multicast }", packet(to="255.255.255.255", **UDP), packet()),
    ("meta pkttype multicast", packet(to="ff02::fb", source=V6, **UDP), packet(source=V6)),
    ("ip frag-off & 0x1fff == 0", packet(), packet(source=V6)),
    ("fib saddr . iif oif exists", packet(), None),
    ("meta mark set 1 tcp dport 80", packet(), packet(81)),
    ('log prefix "x" counter tcp dport 80', packet(), packet(81)),
]


@pytest.mark.parametrize(("rule", "inside", "outside"), CASES)
def test_a_rule_lets_in_what_it_says_and_nothing_else(
    read_each: dict[str, dict[str, Any]], rule: str, inside: Packet, outside: Packet | None
) -> None:
    read = read_each[accepting(rule)]
    assert trace(read, inside)["verdict"] == "accept"
    if outside is not None and outside.port != 1:
        assert trace(read, outside)["verdict"] == "drop"


DOUBTFUL = [
    "limit rate 10/second",
    "meta mark 0x10",
    "ct mark 5",
    "ct direction original",
    "ct count 10",
    "quota 10 mbytes",
    "ip dscp cs2",
    "icmp type echo-request icmp code 0",
    "meta length < 100",
    "ct original ip saddr 10.0.0.5",
    "ether saddr 00:11:22:33:44:55",
    "add @seen { ip saddr }",
    "ip saddr & 255.0.255.0 == 10.0.0.0",
    "meta iifgroup 0",
    "exthdr frag exists",
    "fib saddr . iif oif missing",
    "numgen random mod 2 0",
    "th dport 80",
]


@pytest.mark.parametrize("rule", DOUBTFUL)
def test_a_rule_that_asks_for_more_than_this_reading_knows_is_not_certain(
    read_each: dict[str, dict[str, Any]], rule: str
) -> None:
    six, protocol = "exthdr" in rule, 33 if "th" in rule else 1 if "icmp" in rule else 6
    odd = packet(8 if protocol == 1 else 80, V6 if six else "10.0.0.5", 47 if rule == "th dport 80" else protocol)
    found = trace(read_each[accepting(rule)], odd)
    assert found["verdict"] == "unknown" and " one: " in found["rule"]
    assert trace(read_each[accepting(rule, "accept")], odd)["verdict"] == "accept"


@pytest.mark.parametrize(
    "rule",
    [
        "ip frag-off & 0x1fff != 0 drop",
        "rt type 0 drop",
        "exthdr frag exists drop",
        "fib saddr . iif oif missing drop",
    ],
)
def test_rules_that_drop_only_odd_packets_say_nothing_of_others(reader: NftReader, rule: str) -> None:
    read = reader.read(chain(rule, policy="accept"))
    assert trace(read, packet())["verdict"] == "accept"
    assert trace(read, packet(source=V6))["verdict"] == "accept"


@pytest.mark.parametrize(
    ("rule", "hook"),
    [("notrack", "prerouting"), ("ip daddr set 10.9.0.7 accept", "prerouting"), ("tcp dport set 81", "input")],
)
def test_what_changes_the_packet_is_beyond_this_reading(reader: NftReader, rule: str, hook: str) -> None:
    read = reader.read(chain(f"tcp dport 80 {rule}", hook=hook, priority="raw", policy="accept"))
    assert trace(read, packet())["verdict"] == "unknown"
    assert trace(read, packet(81))["verdict"] == "accept"


def test_translation_is_beyond_this_reading_where_it_changes_the_destination(reader: NftReader) -> None:
    read = reader.read(
        """
        table ip test {
          chain one { type nat hook prerouting priority dstnat; tcp dport 8080 redirect to :80
            tcp dport 81 dnat to 10.0.0.5:80
          }
          chain two { type nat hook postrouting priority srcnat; masquerade
          }
          chain three { type filter hook input priority filter; ct status dnat accept
            tcp dport 8080 drop
          }
        }
        """
    )
    assert trace(read, packet(8080)) == {"verdict": "unknown", "rule": "ip test one: tcp dport 8080 redirect to :80"}
    assert trace(read, packet(81))["verdict"] == "unknown"
    assert trace(read, packet(82))["verdict"] == "accept"
    # Translation looks at the first packet of a connection only.
    assert trace(read, packet(8080, state="established"))["verdict"] == "drop"


def test_a_chain_of_a_device_comes_before_all_others(reader: NftReader) -> None:
    read = reader.read(
        "table netdev test {\n chain one {\n type filter hook ingress device eth0 priority 0; policy accept;\n"
        " ip saddr 10.0.0.5 drop\n}\n}\n" + chain(policy="accept")
    )
    # nft before 1.1 does not list the device.
    assert trace(read, packet(interface="eth0"))["verdict"] in ("drop", "unknown")
    assert trace(read, packet(source="10.0.0.6"))["verdict"] == "accept"
    assert trace(told_device(read), packet(interface="eth0"))["verdict"] == "drop"
    assert trace(told_device(read), packet(interface="eth1"))["verdict"] == "accept"


def told_device(read: dict[str, Any]) -> dict[str, Any]:
    """Return the listing as nft 1.1 prints it."""
    content = json.loads(read["nft"])
    for one in content["nftables"]:
        if one.get("chain", {}).get("hook") == "ingress":
            one["chain"]["dev"] = "eth0"
    return {**read, "nft": json.dumps(content)}


def test_connection_states_are_not_known_before_tracking(reader: NftReader) -> None:
    read = reader.read(chain("ct state invalid drop", hook="prerouting", priority="raw", policy="accept"))
    assert trace(read, packet())["verdict"] == "drop"
    read = reader.read(chain("ct state invalid drop", hook="prerouting", priority="mangle", policy="accept"))
    assert trace(read, packet())["verdict"] == "accept"


def test_discovery_has_no_connection(reader: NftReader) -> None:
    assert trace(reader.read(chain("ct state new accept")), packet(135, V6, 58))["verdict"] == "drop"
    assert trace(reader.read(chain("ct state new,untracked accept")), packet(135, V6, 58))["verdict"] == "accept"


def test_what_leaves_is_for_the_host_itself_where_the_address_is_its_own(reader: NftReader) -> None:
    read = reader.read(chain("fib daddr type local accept", hook="output"))
    own, other = (int(ipaddress.ip_address(text)) for text in ("10.9.0.1", "10.0.0.5"))
    out = Packet("out", "ipv4", 6, own, other, 40000, 80)
    assert trace(read, out)["verdict"] == "drop"
    assert trace(read, out._replace(destination=own, interface="lo"))["verdict"] == "accept"


LATER = [
    ({"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, {"|": ["fin", "syn", "rst", "ack"]}]}, "==", "syn"),
    ({"ct": {"key": "state"}}, "in", ["new", "untracked"]),
    ({"ct": {"key": "state"}}, "==", {"set": ["new"]}),
    ({"meta": {"key": "iifname"}}, "==", "eth0"),
]


@pytest.mark.parametrize(("left", "operation", "right"), LATER)
def test_forms_of_later_versions_are_read(left: Any, operation: str, right: Any) -> None:
    read = listed(listing([{"match": {"op": operation, "left": left, "right": right}}, {"accept": None}]))
    assert trace(read, packet())["verdict"] == "accept"
    assert trace(read, packet(state="established", interface="eth1"))["verdict"] == "drop"


@pytest.mark.parametrize(
    "statements",
    [
        [{"xt": {"type": "match", "name": "recent"}}, {"accept": None}],
        [{"xt": None}],
        [{"something new": {"of": "nft"}}],
        [{"match": {"op": "==", "left": {"something": 1}, "right": 2}}, {"accept": None}],
        [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@gone"}},
            {"accept": None},
        ],
        [
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "a-name"}},
            {"accept": None},
        ],
        [{"vmap": {"key": {"meta": {"key": "mark"}}, "data": {"set": [[1, {"accept": None}]]}}}],
        [{"vmap": {"key": {"meta": {"key": "mark"}}, "data": "@gone"}}],
        [{"queue": {"num": 1}}],
        ["text"],
    ],
)
def test_what_is_not_understood_is_never_passed_over(statements: list[Any]) -> None:
    assert trace(listed(listing(statements)), packet())["verdict"] == "unknown"


def test_all_other_keys_of_a_map_lead_elsewhere() -> None:
    pairs = [[80, {"jump": {"target": "side"}}], ["*", {"accept": None}]]
    key = {"payload": {"protocol": "tcp", "field": "dport"}}
    read = listed(listing([{"vmap": {"key": key, "data": {"set": pairs}}}], side=[]))
    assert trace(read, packet(81))["verdict"] == "accept"
    assert trace(read, packet(80))["verdict"] == "drop"


def test_a_table_that_is_asleep_does_nothing() -> None:
    content = json.loads(listing([{"drop": None}]))
    content["nftables"][1]["table"]["flags"] = ["dormant"]
    assert trace(listed(json.dumps(content)), packet())["verdict"] == "accept"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"nftables": 5}', '{"nftables": [5]}'])
def test_a_text_that_is_no_listing_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a listing of nft -j list ruleset"):
        nft_json.tables(text, ["lo"], {"ipv4": (), "ipv6": ()})


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (-300, -300), ("filter", 0), ("raw", -300), ("filter + 10", 10), ("mangle - 5", -155), ("srcnat+1", 101)],
)
def test_priorities_have_names(value: Any, number: int) -> None:
    assert nft_json.priority(value) == number


def test_every_family_is_read_for_its_packets(reader: NftReader) -> None:
    read = reader.read(chain("tcp dport 80 drop", family="ip6", policy="accept"))
    assert trace(read, packet(source=V6))["verdict"] == "drop"
    assert trace(read, packet())["verdict"] == "accept"
    (table,) = nft_json.tables(read["nft"], ["lo"], {"ipv4": (), "ipv6": ()})
    assert table.families == {"ipv6"} and ranges.EVERY.keys() > table.families
