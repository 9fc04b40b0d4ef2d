# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each condition that iptables-save knows, and that none that is not understood is taken for nothing."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ipset_save
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_match import About, asked
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.iptables_words import words
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import NAMES, NUMBERS

INTERFACES = frozenset({"lo", "eth0", "eth1", "wlan0"})
SETS = ipset_save.sets("create friends hash:ip family inet\nadd friends 10.0.0.5\nadd friends 10.0.0.6\n")
TCP = {"protocol": ((6, 6),)}


def read(text, family="ipv4", hooks=("input",)):
    return asked(words(text), About(family, frozenset(hooks), INTERFACES, SETS))


def addresses(*ends):
    return tuple(tuple(int(ip_address(end)) for end in pair.split("-")) for pair in ends)


def without(dimension, *ranges):
    """All numbers of a dimension but those ranges."""
    edges = [-1, *(edge for pair in ranges for edge in (pair[0] - 1, pair[1])), NUMBERS[dimension]]
    return tuple((a + 1, b) for a, b in zip(edges[::2], edges[1::2]) if a < b)


def named(dimension, *names):
    return {dimension: frozenset(names)}


CERTAIN = [
    ("", {}),
    ("-m comment --comment hello", {}),
    ('-m comment --comment "-s 10.0.0.1 -j ACCEPT"', {}),
    ("-m comment --comment -j", {}),
    ("-s 10.0.0.0/8", {"source": addresses("10.0.0.0-10.255.255.255")}),
    ("-s 10.0.0.0/255.0.0.0", {"source": addresses("10.0.0.0-10.255.255.255")}),
    ("-d 10.0.0.1", {"destination": addresses("10.0.0.1-10.0.0.1")}),
    ("! -s 10.0.0.1/32", {"source": without("source", *addresses("10.0.0.1-10.0.0.1"))}),
    ("-s 0.0.0.0/0", {"source": addresses("0.0.0.0-255.255.255.255")}),
    ("-i eth0", named("input_interface", "eth0")),
    ("-i eth+", named("input_interface", "eth0", "eth1")),
    ("! -i lo", named("input_interface", "eth0", "eth1", "wlan0", "")),
    ("! -i eth+", named("input_interface", "lo", "wlan0", "")),
    ("-i +", {}),
    ("-o eth1", named("output_interface", "eth1")),
    ("-p tcp", TCP),
    ("-p 6", TCP),
    ("-p all", {}),
    ("! -p tcp", {"protocol": ((0, 5), (7, 255))}),
    ("-p esp", {"protocol": ((50, 50),)}),
    ("-p tcp -m tcp --dport 22", {**TCP, "destination_port": ((22, 22),)}),
    (
        "-p udp -m udp --sport 67 --dport 68",
        {"protocol": ((17, 17),), "source_port": ((67, 67),), "destination_port": ((68, 68),)},
    ),
    ("-p tcp -m tcp --dport 6000:7000", {**TCP, "destination_port": ((6000, 7000),)}),
    ("-p tcp -m tcp --dport :1023", {**TCP, "destination_port": ((0, 1023),)}),
    ("-p tcp -m tcp --dport 1024:", {**TCP, "destination_port": ((1024, 65535),)}),
    ("-p tcp -m tcp ! --dport 22", {**TCP, "destination_port": ((0, 21), (23, 65535))}),
    ("-p tcp -m tcp ! --sport 1:65535", {**TCP, "source_port": ((0, 0),)}),
    ("-p sctp -m sctp --dport 9", {"protocol": ((132, 132),), "destination_port": ((9, 9),)}),
    (
        "-p tcp -m multiport --dports 80,443,6000:7000",
        {**TCP, "destination_port": ((80, 80), (443, 443), (6000, 7000))},
    ),
    ("-p tcp -m multiport ! --dports 80,443", {**TCP, "destination_port": ((0, 79), (81, 442), (444, 65535))}),
    ("-p tcp -m multiport --sports 80,81", {**TCP, "source_port": ((80, 81),)}),
    (
        "-p tcp -m multiport ! --ports 80",
        {**TCP, "source_port": ((0, 79), (81, 65535)), "destination_port": ((0, 79), (81, 65535))},
    ),
    (
        "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
        {**TCP, "tcp_flags": ((0, 0), (64, 64), (128, 128), (192, 192))},
    ),
    ("-p tcp -m tcp --tcp-flags SYN SYN", {**TCP, "tcp_flags": tuple((n, n + 1) for n in range(2, 256, 4))}),
    ("-m state --state NEW", named("state", "new")),
    ("-m conntrack --ctstate RELATED,ESTABLISHED", named("state", "related", "established")),
    ("-m conntrack ! --ctstate NEW", named("state", "established", "related", "invalid", "untracked")),
    ("-m conntrack --ctstate INVALID,UNTRACKED", named("state", "invalid", "untracked")),
    ("-m conntrack --ctstate NEW,DNAT", named("state", "new")),
    ("! -f", {}),
    ("-m addrtype --dst-type LOCAL", named("cast", "unicast")),
    ("-m addrtype --dst-type BROADCAST,MULTICAST", named("cast", "broadcast", "multicast")),
    ("-m addrtype ! --dst-type LOCAL", named("cast", "broadcast", "multicast")),
    ("-m pkttype --pkt-type multicast", named("cast", "multicast")),
    ("-m pkttype ! --pkt-type unicast", named("cast", "broadcast", "multicast")),
    ("-p icmp -m icmp --icmp-type 8", {"protocol": ((1, 1),), "icmp_type": ((8, 8),)}),
    ("-p icmp -m icmp --icmp-type echo-request", {"protocol": ((1, 1),), "icmp_type": ((8, 8),)}),
    ("-p icmp -m icmp ! --icmp-type 8", {"protocol": ((1, 1),), "icmp_type": ((0, 7), (9, 255))}),
    ("-p icmp -m icmp --icmp-type any", {"protocol": ((1, 1),)}),
    ("-m ttl --ttl-eq 255", {"hop_limit": ((255, 255),)}),
    ("-m ttl --ttl-lt 2", {"hop_limit": ((0, 1),)}),
    ("-m ttl ! --ttl-gt 1", {"hop_limit": ((0, 1),)}),
    ("-m iprange --src-range 10.0.0.3-10.0.0.9", {"source": addresses("10.0.0.3-10.0.0.9")}),
    ("-m set --match-set friends src", {"source": addresses("10.0.0.5-10.0.0.6")}),
    ("-m set ! --match-set friends dst", {"destination": without("destination", *addresses("10.0.0.5-10.0.0.6"))}),
]
CERTAIN_6 = [
    ("-s 2001:db8::/32", {"source": addresses("2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")}),
    ("! -d ::1/128", {"destination": without("destination", (1, 1))}),
    (
        "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255",
        {"protocol": ((58, 58),), "icmp_type": ((135, 135),), "hop_limit": ((255, 255),)},
    ),
    ("-p icmpv6 -m icmp6 --icmpv6-type packet-too-big", {"protocol": ((58, 58),), "icmp_type": ((2, 2),)}),
    ("-p ipv6-icmp -m icmp6 --icmpv6-type 255", {"protocol": ((58, 58),), "icmp_type": ((255, 255),)}),
    ("-m addrtype --dst-type UNICAST", named("cast", "unicast")),
]


@pytest.mark.parametrize(("text", "box"), CERTAIN)
def test_what_is_understood(text, box):
    condition = read(text).condition
    assert condition == ((box,), True)


@pytest.mark.parametrize(("text", "box"), CERTAIN_6)
def test_what_is_understood_of_ipv6(text, box):
    assert read(text, "ipv6").condition == ((box,), True)


def test_either_port_is_two_boxes():
    boxes, certain = read("-p udp -m multiport --ports 53,5353").condition
    ports, udp = ((53, 53), (5353, 5353)), {"protocol": ((17, 17),)}
    assert certain and boxes == ({**udp, "source_port": ports}, {**udp, "destination_port": ports})


@pytest.mark.parametrize(
    "text",
    ["! -p all", "! -i +", "-p tcp -s 10.0.0.1 -m iprange --src-range 10.0.0.2-10.0.0.9", "-m ttl --ttl-gt 255"]
    + [
        "-m conntrack --ctstate DNAT",
        "-m state --state NEW -m conntrack --ctstate ESTABLISHED",
        "-p tcp -m tcp ! --dport 0:65535",
        "-i eth2+",
    ],
)
def test_what_no_packet_meets(text):
    assert read(text).condition == ((), True)


UNCERTAIN = [
    "-s 10.0.0.5/255.0.255.0",  # a mask with holes
    "! -s 10.0.0.5/255.0.255.0",
    "-s example.test",
    "-s 10.0.0.0/33",
    "-s 2001:db8::1",
    "-p no-such-protocol",
    "-f",
    "-m limit --limit 3/min --limit-burst 10",
    "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name x",
    "-m recent --update --seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource",
    "-m mark --mark 0x1/0x1",
    "-m mark ! --mark 0x1",
    "-m mac --mac-source 00:00:00:00:00:01",
    "-m owner --uid-owner 0",
    "-m rpfilter --invert",
    "-m string --string -s --algo bm --to 65535",
    "-m time --timestart 08:00:00",
    "-m socket",
    "-m conntrack --ctstate NEW,SNAT",
    "-m conntrack --ctorigdstport 80",
    "-m conntrack ! --ctdir REPLY",
    "-m addrtype --src-type LOCAL",
    "-m addrtype --dst-type LOCAL --limit-iface-in",
    "-m addrtype --dst-type PROHIBIT",
    "-m pkttype --pkt-type otherhost",
    "-m comment --comment",
    "-m set --match-set strangers src",
    "-m set ! --match-set strangers src",
    "-m set --match-set friends sideways",
    "-m set --match-set friends src --return-nomatch",
    "-m ttl --ttl-eq many",
    "--dport 80",
    "--what-is-this",
    "-s",
    "-m",
    "!",
]


@pytest.mark.parametrize("text", UNCERTAIN)
def test_what_is_not_understood_is_uncertain(text):
    boxes, certain = read(text).condition
    assert boxes and not certain


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("-p tcp -m tcp --dport 22 -m limit --limit 1/sec", {**TCP, "destination_port": ((22, 22),)}),
        ("-p tcp -m tcp --dport ssh", TCP),
        ("-p tcp -m tcp --dport 22 --tcp-option 5", {**TCP, "destination_port": ((22, 22),)}),
        ("-p tcp -m tcp --tcp-flags SYN ECE", TCP),
        ("-p tcp -m tcp --dport 9:2", TCP),
        ("-p tcp -m tcp --dport 70000", TCP),
        ("-p icmp -m icmp --icmp-type 3/4", {"protocol": ((1, 1),), "icmp_type": ((3, 3),)}),
        ("-p icmp -m icmp ! --icmp-type 3/4", {"protocol": ((1, 1),)}),
        ("-p icmp -m icmp --icmp-type 300", {"protocol": ((1, 1),)}),
        ("-p icmp -m icmp --icmp-type fragmentation-needed", {"protocol": ((1, 1),)}),
        ("-p esp -m multiport --dports 80", {"protocol": ((50, 50),)}),
        ("-m hashlimit --hashlimit-name -s 10.0.0.1", {}),
    ],
)
def test_an_uncertain_rule_keeps_what_is_certain_of_it(text, box):
    assert read(text).condition == ((box,), False)


@pytest.mark.parametrize("hook", ["output", "postrouting"])
def test_the_kernel_calls_all_unicast_that_leaves(hook):
    assert read("-m pkttype --pkt-type unicast", hooks=[hook]).condition == (({},), False)
    assert read("-m pkttype --pkt-type unicast", hooks=["input", hook]).condition == (({},), False)


@pytest.mark.parametrize("inverted", ["", "! "])
def test_not_all_that_leaves_and_is_for_one_host_is_for_this_one(inverted):
    assert read(f"-m addrtype {inverted}--dst-type LOCAL", hooks=["output"]).condition == (({},), False)


def test_several_types_of_address_are_all_asked_for_with_ipv6():
    assert read("-m addrtype --dst-type LOCAL,MULTICAST", "ipv6").condition == (({},), False)


@pytest.mark.parametrize(
    ("text", "family", "odd"),
    [
        ("-m rt --rt-type 0", "ipv6", True),
        ("-m frag --fragid 0", "ipv6", True),
        ("-f", "ipv4", True),
        ("-m rpfilter --validmark --invert", "ipv4", True),
        ("! -f", "ipv4", False),
        ("-m rpfilter", "ipv4", False),
        ("-m rt --rt-type 0", "ipv4", False),
        ("-m hbh", "ipv6", False),
        ("-m hl --hl-eq 255", "ipv6", False),
        ("-m comment --comment -f", "ipv4", False),
    ],
)
def test_what_only_packets_meet_that_are_not_ordinary(text, family, odd):
    assert read(text, family).odd is odd


def test_the_names_of_this_test_are_those_of_the_model():
    used = {dimension for _text, box in CERTAIN + CERTAIN_6 for dimension in box}
    assert used <= set(NUMBERS) | set(NAMES)
    assert all(
        value <= NAMES[dimension]
        for _text, box in CERTAIN
        for dimension, value in box.items()
        if dimension in ("state", "cast")
    )
