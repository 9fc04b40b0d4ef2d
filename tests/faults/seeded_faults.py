# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong on a site."""

from __future__ import annotations

from typing import Any

from tests.faults.fault import Change, Fault, bridge, filtered, gone, on

MEDIA4 = "ip saddr 10.79.1.16 tcp dport 7563 counter accept"
MEDIA6 = "ip6 saddr fd79::1:16 tcp dport 7563 counter accept"
RTSP4 = "ip saddr 10.79.1.14 tcp dport 554-557"
API4 = "ip saddr 10.79.1.12 tcp dport 9000"
API6 = "ip6 saddr fd79::1:12 tcp dport 9000"
REPLIES = "ct state established,related counter accept"
NOT_DECLARED = "not declared"
MOVED = "10.79.1.12"


def _other_host_answers(lab: Any) -> None:
    """rs1's address leads to brs1 for operator1 alone, as with a stale neighbour or an address given twice."""
    lab.on("brs1", "shell", f"sysctl -q net.ipv4.conf.all.arp_ignore=1; ip addr add {MOVED}/32 dev lo")
    lab.listen("brs1", more=[MOVED], also="tcp 7563")
    lab.on("brs1", "nft", "insert rule inet portmatrix input tcp dport 7563 accept\n")
    link = lab.on("brs1", "shell", "cat /sys/class/net/eth0/address").strip()
    lab.on("operator1", "shell", f"ip neigh replace {MOVED} lladdr {link} dev eth0")


def _right_host_answers(lab: Any) -> None:
    lab.on("operator1", "shell", f"ip neigh del {MOVED} dev eth0")
    lab.restore("brs1")
    lab.on("brs1", "shell", f"ip addr del {MOVED}/32 dev lo")
    lab.listen("brs1")


def _cable(state: str) -> Change:
    return lambda lab: lab.between("ip", "link", "set", lab.port("dns1"), state)


def _bridge_drops(match: str) -> dict[str, Change]:
    table = "bridge faulty"
    rules = f"table {table} {{ chain forward {{ type filter hook forward priority 0; {match} drop; }}; }}"
    return {"make": bridge("nft", rules), "undo": bridge("nft", "delete", "table", *table.split())}


FAULTS = (
    Fault(
        "a rule is removed",
        "rs1",
        edits=(gone("ip saddr 10.79.1.16 tcp dport 7563", "milestone.recording.media"),),
        differs=("operator1>rs1 4 tcp 7563",),
        rule=NOT_DECLARED,
        reads=("shut", NOT_DECLARED),
        together=True,
    ),
    Fault(
        "a range ends one too early",
        "pearl1",
        edits=((RTSP4, "ip saddr 10.79.1.14 tcp dport 554-556"),),
        differs=("flow1>pearl1 4 tcp 557",),
        rule=NOT_DECLARED,
        together=True,
    ),
    Fault(
        "a range begins one too late",
        "pearl1",
        edits=((RTSP4, "ip saddr 10.79.1.14 tcp dport 555-557"),),
        differs=("flow1>pearl1 4 tcp 554",),
        rule=NOT_DECLARED,
    ),
    Fault(
        "a range ends one too late",
        "rs1",
        edits=((MEDIA6, "ip6 saddr fd79::1:16 tcp dport 7563-7564 counter accept"),),
        differs=("operator1>rs1 6 tcp 7564",),
        rule="7563-7564",
        reads=("open", "7563-7564"),
        together=True,
    ),
    Fault(
        "a range begins one too early",
        "rs1",
        edits=((MEDIA4, "ip saddr 10.79.1.16 tcp dport 7562-7563 counter accept"),),
        differs=("operator1>rs1 4 tcp 7562",),
        rule="7562-7563",
    ),
    Fault(
        "the wrong peer",
        "rs1",
        edits=((MEDIA4, "ip saddr 10.79.1.15 tcp dport 7563 counter accept"),),
        differs=("operator1>rs1 4 tcp 7563", "dns1>rs1 4 tcp 7563"),
        reads=("open", "10.79.1.15"),
    ),
    Fault(
        "a peer that is too wide",
        "pearl1",
        edits=(("ip saddr 10.79.1.12 tcp dport 554-557", "ip saddr 10.79.1.64/26 tcp dport 554-557"),),
        differs=(
            *(f"rs1>pearl1 4 tcp {port}" for port in (554, 555, 556, 557)),
            *(f"stranger1>pearl1 4 tcp {port}" for port in (554, 555, 556, 557)),
        ),
        reads=("open", "10.79.1.64"),
    ),
    Fault(
        "IPv6 is left open",
        "ms1",
        edits=((API6, "meta nfproto ipv6 tcp dport 9000"),),
        differs=tuple(f"{host}>ms1 6 tcp 9000" for host in ("operator1", "stranger1", "dns1", "pearl1", "brs1")),
        rule="9000",
        reads=("open", "9000"),
    ),
    Fault(
        "IPv6 is missing",
        "ms1",
        edits=(gone(API6, "milestone.management.recording_api"),),
        differs=("rs1>ms1 6 tcp 9000",),
        rule=NOT_DECLARED,
        together=True,
    ),
    Fault(
        "the service is on another port",
        make=lambda lab: lab.listen("rs1", without="tcp 9001"),
        undo=lambda lab: lab.listen("rs1"),
        differs=("ms1>rs1 4 tcp 9001", "ms1>rs1 6 tcp 9001"),
        place="service",
        at="rs1",
    ),
    Fault(
        "nothing listens",
        make=lambda lab: lab.listen("dns1", without="udp 53"),
        undo=lambda lab: lab.listen("dns1"),
        differs=("flow1>dns1 4 udp 53", "flow1>dns1 6 udp 53"),
        place="service",
        at="dns1",
    ),
    Fault(
        "the listener translates the port",
        "rs1",
        more=filtered("rs1", "prerouting", "ip saddr 10.79.1.16 tcp dport 7563", -100, "redirect to :9001", "nat")
        + "insert rule inet portmatrix input ct status dnat tcp dport 9001 accept\n",
        differs=("operator1>rs1 4 tcp 7563",),
        place="elsewhere",
    ),
    Fault(
        "the initiator translates the address",
        "operator1",
        more=filtered(
            "operator1", "output", "ip daddr 10.79.1.12 tcp dport 7563", -100, "dnat ip to 10.79.1.11:443", "nat"
        ),
        differs=("operator1>rs1 4 tcp 7563",),
        place="elsewhere",
    ),
    Fault(
        "another host has the address",
        make=_other_host_answers,
        undo=_right_host_answers,
        differs=("operator1>rs1 4 tcp 7563", "brs1>rs1 4 *"),
        place="elsewhere",
        at="",
    ),
    Fault(
        "another site may come in",
        "ms1",
        edits=((API4, "ip saddr { 10.79.1.12, 10.79.2.12 } tcp dport 9000"),),
        differs=("brs1>ms1 4 tcp 9000",),
        rule="10.79.2.12",
        reads=("open", "10.79.2.12"),
        together=True,
    ),
    Fault(
        "the listener does not let replies out",
        "rs1",
        edits=((f'{REPLIES} comment "portmatrix: replies"', "ct state invalid counter accept"),),
        differs=tuple(
            f"{host}>rs1 {family} tcp {port}"
            for host, port in (("operator1", 7563), ("ms1", 9001))
            for family in (4, 6)
        ),
        place="reply",
        rule=NOT_DECLARED,
        reads=("shut", NOT_DECLARED),
    ),
    Fault(
        "the initiator does not let replies in",
        "operator1",
        edits=((REPLIES, "ct state established,related counter"),),
        differs=(
            *(f"operator1>ms1 {family} tcp {port}" for family in (4, 6) for port in (80, 443)),
            *(f"operator1>rs1 {family} tcp 7563" for family in (4, 6)),
        ),
        place="reply",
        rule=NOT_DECLARED,
        reads=("shut", NOT_DECLARED),
    ),
    Fault(
        "the initiator's own rule is missing",
        "flow1",
        edits=(gone("ip daddr 10.79.1.15 udp dport 53", "flow.dns_server.lookup"),),
        differs=("flow1>dns1 4 udp 53",),
        place="initiator",
        rule=NOT_DECLARED,
        reads=("shut", NOT_DECLARED),
        together=True,
    ),
    Fault(
        "the initiator may send too much",
        "rs1",
        edits=(
            (
                "ip daddr 239.79.1.0/24 udp dport 6000-7000",
                "ip daddr { 239.79.1.0/24, 10.79.1.16 } udp dport 6000-7000",
            ),
        ),
        differs=("rs1>operator1 4 udp 6000", "rs1>operator1 4 udp 6500", "rs1>operator1 4 udp 7000"),
        place="initiator",
        rule="6000-7000",
        reads=("open", "6000-7000"),
        together=True,
    ),
    Fault(
        "the table is missing", "stranger1", more="delete table inet portmatrix\n", differs=("*",), reads=("open", "")
    ),
    Fault(
        "the chain accepts by default",
        "dns1",
        edits=(("policy drop", "policy accept"), ('counter drop comment "portmatrix: not declared"', "counter")),
        differs=("*",),
        rule="policy accept",
        reads=("open", "policy accept"),
    ),
    Fault(
        "the chain has lost its hook",
        "dns1",
        edits=(("{ type filter hook input priority filter; policy drop; }", ""),),
        differs=("*",),
        reads=("open", ""),
    ),
    Fault(
        "somebody else's table drops at the listener",
        "pearl1",
        more=filtered("pearl1", "input", "ip saddr 10.79.1.12 tcp dport 555"),
        differs=("rs1>pearl1 4 tcp 555",),
        rule="others",
        reads=("shut", "others"),
        together=True,
    ),
    Fault(
        "somebody else's table drops before connections are tracked",
        "pearl1",
        more=filtered("pearl1", "prerouting", "ip6 saddr fd79::1:12 tcp dport 556", -300),
        differs=("rs1>pearl1 6 tcp 556",),
        rule="others",
        together=True,
    ),
    Fault(
        "somebody else's table drops at the initiator",
        "operator1",
        more=filtered("operator1", "output", "ip daddr 10.79.1.11 tcp dport 443"),
        differs=("operator1>ms1 4 tcp 443",),
        place="initiator",
        rule="others",
        together=True,
    ),
    Fault(
        "somebody else's table drops what leaves",
        "ms1",
        more=filtered("ms1", "postrouting", "ip6 daddr fd79::1:12 tcp sport 7609", 300),
        differs=("rs1>ms1 6 tcp 7609",),
        place="reply",
        rule="others",
        together=True,
    ),
    Fault(
        "a device on the way drops requests",
        **_bridge_drops("ip daddr 10.79.1.12 tcp dport 7563"),
        differs=("operator1>rs1 4 tcp 7563",),
        place="way",
        at="",
    ),
    Fault(
        "a device on the way drops answers",
        **_bridge_drops("ip6 saddr fd79::1:12 tcp sport 9001"),
        differs=("ms1>rs1 6 tcp 9001",),
        place="reply",
        at="",
        together=True,
    ),
    Fault(
        "a cable is out",
        make=_cable("down"),
        undo=_cable("up"),
        differs=tuple(
            f"{host}>dns1 {family} udp {port}"
            for host, port in (("flow1", 53), ("flow1", 123), ("pearl1", 123))
            for family in (4, 6)
        ),
        place="way",
        at="",
    ),
    Fault(
        "the initiator has no way to the listener",
        make=on("operator1", "ip route add unreachable 10.79.1.12"),
        undo=on("operator1", "ip route del unreachable 10.79.1.12"),
        differs=("operator1>rs1 4 tcp 7563",),
        place="not_sent",
        at="operator1",
    ),
    Fault(
        "a rule for UDP is missing",
        "dns1",
        edits=(gone("ip6 saddr fd79::1:13 udp dport 123", "pearl.ntp_server.time"),),
        differs=("pearl1>dns1 6 udp 123",),
        rule=NOT_DECLARED,
        together=True,
    ),
    Fault(
        "TCP instead of UDP",
        "dns1",
        edits=(("ip saddr 10.79.1.13 udp dport 123", "ip saddr 10.79.1.13 tcp dport 123"),),
        differs=("pearl1>dns1 4 udp 123",),
        rule=NOT_DECLARED,
        reads=("open", "tcp dport 123"),
    ),
    Fault(
        "the listener rejects with ICMP",
        "rs1",
        edits=((MEDIA4, "ip saddr 10.79.1.16 tcp dport 7563 counter reject"),),
        differs=("operator1>rs1 4 tcp 7563",),
        rule="reject",
        reads=("shut", "reject"),
    ),
    Fault(
        "the listener rejects with a reset, as if nothing listened",
        "rs1",
        edits=((MEDIA6, "ip6 saddr fd79::1:16 tcp dport 7563 counter reject with tcp reset"),),
        differs=("operator1>rs1 6 tcp 7563",),
        rule="reset",
    ),
    Fault(
        "a jump to an empty chain",
        "rs1",
        edits=(
            ("\tchain input {", "\tchain services {\n\t}\n\tchain input {"),
            (MEDIA4, "ip saddr 10.79.1.16 tcp dport 7563 jump services"),
        ),
        differs=("operator1>rs1 4 tcp 7563",),
        rule=NOT_DECLARED,
    ),
    Fault(
        "an element of a set is missing",
        "rs1",
        edits=(
            (
                "\tchain input {",
                "\tset clients {\n\ttype ipv4_addr\n\telements = { 10.79.1.116 }\n\t}\n\tchain input {",
            ),
            (MEDIA4, "ip saddr @clients tcp dport 7563 counter accept"),
        ),
        differs=("operator1>rs1 4 tcp 7563",),
        rule=NOT_DECLARED,
    ),
    Fault(
        "a rule for another interface",
        "rs1",
        edits=((MEDIA4, 'iifname "eth9" ' + MEDIA4),),
        differs=("operator1>rs1 4 tcp 7563",),
        rule=NOT_DECLARED,
    ),
    Fault(
        "connections are dropped as invalid",
        "ms1",
        more=filtered("ms1", "prerouting", "tcp dport 9000", -300, "notrack")
        + "insert rule inet portmatrix input ct state untracked drop\n",
        differs=("rs1>ms1 4 tcp 9000", "rs1>ms1 6 tcp 9000"),
        rule="notrack",
    ),
    Fault(
        "IGMP is missing",
        "operator1",
        edits=(gone("ip saddr 10.79.1.12 ip protocol 2", "milestone.smart_client.multicast"),),
        reads=("shut", NOT_DECLARED),
    ),
    Fault(
        "whoever sends from port 53 may come in",
        "rs1",
        more="insert rule inet portmatrix input udp sport 53 accept\n",
        reads=("open", "sport 53"),
    ),
    Fault(
        "a port that nobody asks about is open",
        "ms1",
        more="insert rule inet portmatrix input tcp dport 40000-40010 accept\n",
        reads=("open", "40000-40010"),
    ),
    Fault(
        "a network without a host is let in",
        "pearl1",
        edits=((RTSP4, "ip saddr { 10.79.1.14, 10.200.0.0/16 } tcp dport 554-557"),),
        reads=("open", "10.200.0.0/16"),
    ),
    Fault(
        "a rate that a rule allows",
        "dns1",
        edits=(
            (
                "ip saddr 10.79.1.14 udp dport 53 counter accept",
                "ip saddr 10.79.1.14 udp dport 53 limit rate 400/second burst 1000 packets counter accept",
            ),
        ),
        reads=("unknown", "limit rate"),
    ),
)
