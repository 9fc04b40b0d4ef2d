# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets as ipset 7.17 saves them, and what rules ask that refer to them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.ipset_save import asked, sets

SAVED = """
create ip hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x9b28a187
add ip 10.0.0.10
add ip 10.0.0.9
add ip 10.0.0.1
create ip6 hash:ip family inet6 hashsize 1024 maxelem 65536 timeout 600 bucketsize 12 initval 0xa2d5c218
add ip6 2001:db8::2 timeout 0
add ip6 2001:db8::1 timeout 599
create masked hash:ip family inet hashsize 1024 maxelem 65536 netmask 24 bucketsize 12 initval 0x2783155f
add masked 10.1.1.0
create holes hash:ip family inet hashsize 1024 maxelem 65536 bitmask 255.0.255.0 bucketsize 12 initval 0x2783155f
add holes 10.0.1.0
create net hash:net family inet hashsize 1024 maxelem 65536 counters comment bucketsize 12 initval 0x521b4c4c
add net 10.0.0.0/8 packets 0 bytes 0 comment "a b"
create but hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x521b4c4c
add but 10.0.0.0/8
add but 10.1.0.0/16 nomatch
create ipport hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x0c2435c9
add ipport 10.0.0.1,sctp:9
add ipport 10.0.0.1,vrrp:0
add ipport 10.0.0.1,tcp:81
add ipport 10.0.0.2,tcp:80
add ipport 10.0.0.1,tcp:80
create icmp hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x0c2435c9
add icmp 10.0.0.1,icmp:echo-request
add icmp 10.0.0.1,icmp:fragmentation-needed
create netport hash:net,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xf894dc20
add netport 10.2.0.0/16,udp:53
create portnet hash:ip,port,net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x16055459
add portnet 10.0.0.1,udp:5,10.3.0.0/16
create map bitmap:ip range 10.0.0.0-10.0.255.255
add map 10.0.0.3
create maskedmap bitmap:ip range 10.0.0.0-10.0.255.255 netmask 24
add maskedmap 10.0.1.0
create ports bitmap:port range 0-1024
add ports 80
add ports 81
create iface hash:net,iface family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x4c4dc1f6
add iface 10.0.0.0/8,eth0
create bridge hash:net,iface family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x4c4dc1f6
add bridge 10.0.0.0/8,physdev:eth1
create mac bitmap:ip,mac range 10.0.0.0-10.0.0.255
add mac 10.0.0.3,00:11:22:33:44:55
create none hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x9b28a187
create all list:set size 8
add all map
add all ip6
add all maskedmap
create nested list:set size 8
add nested strange
"""
KNOWN = sets(SAVED)
UDP = {"protocol": ((17, 17),)}


def addresses(*pairs):
    return tuple(tuple(int(ip_address(end)) for end in (pair.split("-") * 2)[:2]) for pair in pairs)


def condition(name, directions="src", family="ipv4", inverted=False):
    return asked(KNOWN, name, directions.split(","), family, inverted)


NET = addresses("10.0.0.0-10.255.255.255")
UNDERSTOOD = [
    ("ip", "src", {"source": addresses("10.0.0.1", "10.0.0.9-10.0.0.10")}),
    ("ip", "dst", {"destination": addresses("10.0.0.1", "10.0.0.9-10.0.0.10")}),
    ("ip", "src,dst", {"source": addresses("10.0.0.1", "10.0.0.9-10.0.0.10")}),
    ("masked", "src", {"source": addresses("10.1.1.0-10.1.1.255")}),
    ("net", "src", {"source": NET}),
    ("netport", "src,dst", {"source": addresses("10.2.0.0-10.2.255.255"), "destination_port": ((53, 53),), **UDP}),
    (
        "portnet",
        "src,src,dst",
        {
            "source": addresses("10.0.0.1"),
            "source_port": ((5, 5),),
            "destination": addresses("10.3.0.0-10.3.255.255"),
            **UDP,
        },
    ),
    ("map", "dst", {"destination": addresses("10.0.0.3")}),
    ("maskedmap", "src", {"source": addresses("10.0.1.0-10.0.1.255")}),
    ("ports", "dst", {"protocol": ((6, 6), (17, 17)), "destination_port": ((80, 81),)}),
    ("iface", "src,src", {"source": NET, "input_interface": frozenset({"eth0"})}),
    ("iface", "dst,dst", {"destination": NET, "output_interface": frozenset({"eth0"})}),
    ("all", "src", {"source": addresses("10.0.0.3")}, {"source": addresses("10.0.1.0-10.0.1.255")}),
    ("none", "src"),
    ("ip6", "src"),
    ("ipport", "src"),
    ("portnet", "src,dst"),
]


@pytest.mark.parametrize(("name", "directions", "boxes"), [(name, ways, boxes) for name, ways, *boxes in UNDERSTOOD])
def test_what_is_in_a_set(name, directions, boxes):
    assert condition(name, directions) == (tuple(boxes), True)


def test_members_that_differ_in_the_address_alone_are_one_box():
    boxes, certain = condition("ipport", "src,dst")
    here, there = addresses("10.0.0.1"), addresses("10.0.0.1-10.0.0.2")
    assert certain and len(boxes) == 4
    for box in (
        {"protocol": ((6, 6),), "destination_port": ((80, 80),), "source": there},
        {"protocol": ((6, 6),), "destination_port": ((81, 81),), "source": here},
        {"protocol": ((132, 132),), "destination_port": ((9, 9),), "source": here},
        {"protocol": ((112, 112),), "source": here},
    ):
        assert box in boxes


def test_what_expires_is_in_the_set_until_then():
    assert condition("ip6", family="ipv6") == (({"source": addresses("2001:db8::1-2001:db8::2")},), True)


@pytest.mark.parametrize("name", ["holes", "but", "icmp", "bridge", "mac", "strange", "nested"])
def test_what_is_not_understood_is_uncertain(name):
    boxes, certain = condition(name, "src,src")
    assert boxes and not certain
    assert condition(name, "src,src", inverted=True) == (({},), False)


def test_a_set_is_inverted_as_a_whole():
    assert condition("netport", "src,dst", inverted=True) == (
        (
            {"protocol": ((0, 16), (18, 255))},
            {"source": ((0, addresses("10.2.0.0")[0][0] - 1), (addresses("10.3.0.0")[0][0], 2**128 - 1))},
            {"destination_port": ((0, 52), (54, 65535))},
        ),
        True,
    )
    assert condition("none", inverted=True) == (({},), True)


def test_a_set_of_another_family_holds_nothing():
    assert condition("ip", family="ipv6") == ((), True)
    assert condition("ip", family="ipv6", inverted=True) == (({},), True)
    assert condition("ports", "dst", "ipv6").boxes


def test_many_addresses_are_one_box():
    text = "create many hash:ip family inet\n" + "".join(
        f"add many 10.0.{n >> 8}.{n & 255}\n" for n in range(0, 65536, 2)
    )
    boxes, certain = asked(sets(text), "many", ["src"], "ipv4", False)
    assert certain and len(boxes) == 1 and len(boxes[0]["source"]) == 32768


@pytest.mark.parametrize("text", ["add nobody 10.0.0.1", "create x", "Name: ip", "create x hash:ip\nadd x"])
def test_another_text_is_an_error(text):
    with pytest.raises(ValueError, match="ipset save: this line is not understood: "):
        sets(text)


@pytest.mark.parametrize("member", ["10.0.0.1,tcp:80", "example.test", "10.0.0.1 wildcard", "10.0.0.0/33"])
def test_a_member_that_is_not_understood_makes_its_set_uncertain(member):
    assert not sets(f"create x hash:ip family inet\nadd x 10.0.0.7\nadd x {member}\n")["x"].certain
