# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of real ufw, firewalld and iptables, read back and compared with the policy: nothing is found, and every fault is."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.compare import differences
from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import FirewalldLab
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab

pytestmark = pytest.mark.managers

POLICY = [
    rule("22", "10.9.0.0/24", flows=("portmatrix.management",)),
    rule("7563,6000-7000", "10.9.0.2", "10.9.1.0/24", "2001:db8:9::/64", flows=("a.media",)),
    rule("5000", "any", protocol="udp", flows=("a.status",)),
    rule("443", "10.9.2.0/24", "2001:db8:2::/48", direction="out", flows=("a.updates",)),
    rule("53", "any", protocol="udp", direction="out", flows=("a.names",)),
]
MULTICAST = [
    *POLICY,
    rule("", "10.9.0.0/24", protocol="igmp", flows=("a.multicast",)),
    rule("", "10.9.0.0/24", protocol="igmp", direction="out", flows=("a.multicast",)),
]
CASES = [(POLICY, "allow"), (MULTICAST, "allow"), (POLICY, "enforce"), (MULTICAST, "enforce")]
IDS = ["in", "in, with multicast", "in and out", "in and out, with multicast"]
MEDIA = "-p tcp -m multiport --dports 6000:7000,7563"


def found(lab, rules, egress="allow"):
    """The differences, from what the module reads."""
    return differences(lab.module(HOST, "policy_readback")["ruleset"], rules, egress)


def told(row, *wanted, **values):
    """Tell whether a difference has these values, these ports among its own, and these words in its rule."""
    ports = {int(port) for text in row["ports"] for port in text.split("-")}
    return (
        all(row[key] == value for key, value in values.items() if key != "port")
        and ("port" not in values or any(_in(values["port"], text) for text in row["ports"]) or values["port"] in ports)
        and all(word in row["rule"] for word in wanted)
    )


def _in(port, text):
    first, _dash, last = text.partition("-")
    return int(first) <= port <= int(last or first)


def assert_told(rows, *wanted, **values):
    assert any(told(row, *wanted, **values) for row in rows), [row["sentence"] for row in rows]


@pytest.fixture(scope="module")
def ufw():
    with UfwLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.enable()
        yield lab


@pytest.fixture
def ufw_host(ufw):
    """A host whose ufw holds the policy; whatever a test does to it is gone afterwards."""
    assert ufw.apply(MULTICAST, egress="enforce")["changed"]
    yield ufw
    ufw.shell(
        "cp /usr/share/ufw/iptables/*.rules /etc/ufw/; sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf; nft flush ruleset;"
        " iptables-legacy -F; /lib/ufw/ufw-init start"
    )
    ufw.ufw("default allow outgoing")


@pytest.mark.parametrize(("rules", "egress"), CASES, ids=IDS)
def test_ufw_is_what_the_policy_says(ufw_host, rules, egress):
    ufw_host.apply(rules, egress=egress)
    assert found(ufw_host, rules, egress) == []


def test_ufw_that_shuts_all_that_leaves_is_what_the_policy_says(ufw_host):
    ufw_host.ufw("default deny outgoing")
    ufw_host.apply(MULTICAST, egress="enforce")
    assert found(ufw_host, MULTICAST, "enforce") == []


def test_what_the_policy_does_not_say_is_found_in_ufw(ufw_host):
    rows = found(ufw_host, MULTICAST[1:], "enforce")
    assert_told(rows, "ufw-user-input", "--dport 22", kind="open", port=22, family="ipv4")
    assert len(rows) == 1


DROPPED = {"kind": "shut", "direction": "in", "state": "new"}
OPEN = {"kind": "open", "direction": "in", "state": "new", "protocol": "tcp"}
FAULTS_IN_UFW = {
    "a rule removed": (
        "ufw delete allow proto tcp from 10.9.0.2 to any port 6000:7000,7563",
        ("policy drop",),
        {**DROPPED, "family": "ipv4", "port": 7563, "peers": ["10.9.0.2/32"]},
    ),
    "a peer too wide": (
        f"iptables -A ufw-user-input -s 10.9.0.0/23 {MEDIA} -j ACCEPT",
        ("ufw-user-input -s 10.9.0.0/23",),
        {**OPEN, "family": "ipv4", "port": 6000},
    ),
    "a range off by one": (
        "ip6tables -A ufw6-user-input -s 2001:db8:9::/64 -p tcp --dport 6000:7001 -j ACCEPT",
        ("--dport 6000:7001",),
        {**OPEN, "family": "ipv6", "ports": ["7001"]},
    ),
    "a port opened by hand": (
        "ufw allow 8080",
        ("ufw-user-input", "--dport 8080"),
        {**OPEN, "family": "ipv4", "ports": ["8080"]},
    ),
    "a port opened by hand, IPv6": (
        "ufw allow 8080",
        ("ufw6-user-input", "--dport 8080"),
        {**OPEN, "family": "ipv6", "ports": ["8080"], "peers": ["any"]},
    ),
    "the rule for replies missing": (
        "iptables -D ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        (),
        {"kind": "shut", "direction": "in", "family": "ipv4", "state": "established"},
    ),
    "IPv6 rules flushed": ("ip6tables -F ufw6-user-input", (), {**DROPPED, "family": "ipv6", "port": 7563}),
    "IPv6 left open": (
        "ip6tables -P INPUT ACCEPT; ip6tables -F",
        ("ip6tables filter INPUT: policy accept",),
        {**OPEN, "family": "ipv6", "port": 8080, "peers": ["any"]},
    ),
    "ufw disabled": ("ufw disable", ("policy accept",), {**OPEN, "family": "ipv4", "port": 8080, "peers": ["any"]}),
    "a rule ahead of ufw": (
        "iptables -I INPUT -s 192.0.2.0/24 -j ACCEPT",
        ("-A INPUT -s 192.0.2.0/24",),
        {**OPEN, "family": "ipv4", "peers": ["192.0.2.0/24"]},
    ),
    "a rule nobody can foretell": (
        "iptables -I INPUT -p tcp --dport 8080 -m limit --limit 1/min -j ACCEPT",
        ("--limit",),
        {**OPEN, "kind": "unknown", "family": "ipv4", "ports": ["8080"]},
    ),
    "a rule of the other variant": (
        "iptables-legacy -A INPUT -s 10.9.0.2 -p tcp --dport 7563 -j DROP",
        ("iptables -t filter -A INPUT -s 10.9.0.2",),
        {**DROPPED, "family": "ipv4", "ports": ["7563"], "peers": ["10.9.0.2/32"]},
    ),
    "a table of nft": (
        "nft 'add table inet mine; add chain inet mine in { type filter hook input priority -5; }; "
        "add rule inet mine in tcp dport 7563 drop'",
        ("inet mine in", "7563"),
        {**DROPPED, "family": "ipv6", "ports": ["7563"]},
    ),
    "a way out": (
        "ufw insert 1 allow out 8443/tcp",
        ("ufw-user-output", "--dport 8443"),
        {**OPEN, "direction": "out", "family": "ipv4", "ports": ["8443"], "peers": ["any"]},
    ),
    "a set nobody declared": (
        "ipset create friends hash:ip,port; ipset add friends 192.0.2.9,tcp:8080;"
        " iptables -I INPUT -m set --match-set friends src,dst -j ACCEPT",
        ("--match-set friends src,dst",),
        {**OPEN, "family": "ipv4", "ports": ["8080"], "peers": ["192.0.2.9/32"]},
    ),
}


@pytest.mark.parametrize("name", FAULTS_IN_UFW)
def test_a_fault_in_ufw_is_found_with_its_rule(ufw_host, name):
    command, wanted, values = FAULTS_IN_UFW[name]
    if "ipset" in command and not shutil.which("ipset", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        pytest.skip("NOT TESTED: ipset is not installed on this machine (package ipset)")
    ufw_host.shell(command)
    assert_told(found(ufw_host, MULTICAST, "enforce"), *wanted, **values)


@pytest.fixture(scope="module", params=["nftables", "iptables"])
def firewalld(request):
    with FirewalldLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.shell(f"printf 'FirewallBackend={request.param}\\n' > /etc/firewalld/firewalld.conf")
        lab.start_firewalld()
        lab.kind = request.param
        yield lab


@pytest.fixture
def firewalld_host(firewalld):
    """A host whose firewalld holds the policy; whatever a test does to it is gone afterwards."""
    firewalld.bring(MULTICAST, egress="enforce")
    yield firewalld
    firewalld.command("--reload")


@pytest.mark.parametrize(("rules", "egress"), CASES, ids=IDS)
def test_firewalld_is_what_the_policy_says(firewalld_host, rules, egress):
    firewalld_host.bring(rules, egress=egress)
    assert found(firewalld_host, rules, egress) == []


def test_what_a_zone_lets_in_is_shut(firewalld_host):
    firewalld_host.command("--zone=public", "--add-service=http")
    firewalld_host.command("--zone=public", "--add-rich-rule=rule family=ipv4 source address=192.0.2.0/24 accept")
    assert found(firewalld_host, MULTICAST, "enforce") == []


FAULTS_IN_FIREWALLD = {
    "a rule removed": (
        ["--remove-rich-rule=rule family=ipv4 source address=10.9.0.2 port port=7563 protocol=tcp accept"],
        {**DROPPED, "family": "ipv4", "ports": ["7563"], "peers": ["10.9.0.2/32"]},
    ),
    "a peer too wide": (
        ["--add-rich-rule=rule family=ipv6 source address=2001:db8:8::/47 port port=7563 protocol=tcp accept"],
        {**OPEN, "family": "ipv6", "ports": ["7563"]},
    ),
    "a service opened by hand": (["--add-service=http"], {**OPEN, "family": "ipv4", "ports": ["80"], "peers": ["any"]}),
}


@pytest.mark.parametrize("name", FAULTS_IN_FIREWALLD)
def test_a_fault_in_firewalld_is_found_with_its_rule(firewalld_host, name):
    arguments, values = FAULTS_IN_FIREWALLD[name]
    (active,) = set(re.findall(r"portmatrix-in-[ab](?= \(active\))", firewalld_host.command("--list-all-policies")))
    firewalld_host.command(f"--policy={active}", *arguments)
    rows = found(firewalld_host, MULTICAST, "enforce")
    assert_told(rows, active[-4:], **values)


def test_firewalld_without_its_rule_for_replies(firewalld_host):
    firewalld_host.shell(
        "handle=$(nft -a list chain inet firewalld filter_INPUT | sed -n 's/.*established.*# handle //p');"
        " nft delete rule inet firewalld filter_INPUT handle $handle"
        if firewalld_host.kind == "nftables"
        else "iptables -D INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT"
    )
    rows = found(firewalld_host, MULTICAST, "enforce")
    assert_told(rows, kind="shut", direction="in", family="ipv4", state="established")
