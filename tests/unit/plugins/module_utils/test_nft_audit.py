# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import (
    address_ranges,
    nft_audit,
    nft_listing,
    nft_script,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_audit import Seen
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

SETS = sorted(nft_audit.NAMES)


def test_every_direction_family_and_kind_has_a_set():
    assert len(SETS) == 8
    assert sorted(nft_audit.sets(["in", "out"])) == SETS
    assert sorted(nft_audit.sets(["in"])) == [name for name in SETS if "_in" in name]
    assert nft_audit.sets([]) == {}
    assert nft_audit.sets(["in"])["seen_in6"] == (
        "type ipv6_addr . inet_proto . inet_service . pkt_type",
        "size 16384",
        "flags dynamic",
        "counter",
    )


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_chain_lists_in_each_of_its_sets_and_ends_by_letting_pass(direction):
    statements = [statement for statement, _what in nft_audit.statements(direction)]
    for name in nft_audit.sets([direction]):
        assert sum("add @%s {" % name in statement for statement in statements) == 1
    assert all(statement.endswith("accept") for statement in statements[1:])
    assert 'log prefix "portmatrix audit: "' in statements[0] and statements[0].startswith("limit rate ")
    assert statements[-1] == "counter accept"
    assert not any("drop" in statement for statement in statements)


@pytest.mark.parametrize(
    ("name", "printed", "expected"),
    [
        (
            "seen_in4",
            "10.0.0.5 . tcp . 7563 . host counter packets 3 bytes 180",
            Seen("in", "tcp", 7563, "10.0.0.5", "unicast", 3, 180),
        ),
        (
            "seen_in4",
            "10.0.0.5 . 17 . 5353 . multicast counter packets 1 bytes 60",
            Seen("in", "udp", 5353, "10.0.0.5", "multicast", 1, 60),
        ),
        ("seen_in6", "::ffff:10.0.0.1 . tcp . 22 . unicast", Seen("in", "tcp", 22, "::ffff:10.0.0.1", "unicast", 0, 0)),
        (
            "seen_in4_portless",
            "10.0.0.5 . igmp . broadcast counter packets 1 bytes 2",
            Seen("in", "igmp", 0, "10.0.0.5", "broadcast", 1, 2),
        ),
        ("seen_in4_portless", "10.0.0.5 . 2 . host", Seen("in", "igmp", 0, "10.0.0.5", "unicast", 0, 0)),
        ("seen_in4_portless", "10.0.0.5 . ipv6-icmp . other", Seen("in", "ipv6-icmp", 0, "10.0.0.5", "unicast", 0, 0)),
        (
            "seen_out6",
            "ff02::fb . udp . 5353 counter packets 9 bytes 8",
            Seen("out", "udp", 5353, "ff02::fb", "multicast", 9, 8),
        ),
        ("seen_out4", "239.1.2.3 . udp . 1", Seen("out", "udp", 1, "239.1.2.3", "multicast", 0, 0)),
        ("seen_out4", "255.255.255.255 . udp . 1", Seen("out", "udp", 1, "255.255.255.255", "broadcast", 0, 0)),
        ("seen_out4", "240.0.0.1 . udp . 1", Seen("out", "udp", 1, "240.0.0.1", "unicast", 0, 0)),
        (
            "seen_out4_portless",
            "10.0.0.5 . ax.25 counter packets 1 bytes 2",
            Seen("out", "ax.25", 0, "10.0.0.5", "unicast", 1, 2),
        ),
        ("seen_out4_portless", "10.0.0.5 . 253", Seen("out", "253", 0, "10.0.0.5", "unicast", 0, 0)),
    ],
)
def test_an_entry_reads_the_same_whichever_nft_printed_it(name, printed, expected):
    assert nft_audit.seen(name, ["size 16384", "elements = { %s }" % printed]) == [expected]
    assert nft_audit.seen(name, ["elements = { %s, %s }" % (printed, printed)]) == [expected, expected]
    assert nft_audit.seen(name, ["size 16384"]) == []


def test_a_declaration_knows_nothing_of_the_entries():
    lines = [
        "type ipv4_addr . inet_proto",
        "size 16384\t# count 7",
        "flags dynamic",
        "counter",
        "elements = { 10.0.0.5 . tcp }",
    ]
    assert nft_audit.declaration(lines) == nft_audit.sets(["out"])["seen_out4_portless"]


@pytest.fixture(scope="module")
def nft():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        yield Nft(lab.nft_command())


counts = st.integers(0, 2**63)
entries = st.dictionaries(
    st.tuples(
        st.one_of(
            st.ip_addresses(), st.sampled_from(["239.0.0.1", "ff02::fb", "255.255.255.255"]).map(ipaddress.ip_address)
        ),
        st.one_of(st.sampled_from([1, 2, 6, 17, 58, 132, 253]), st.integers(1, 255)),
        st.integers(0, 65535),
        st.sampled_from(["host", "broadcast", "multicast"]),
    ),
    st.tuples(counts, counts),
    max_size=30,
)
KNOWN = {6: "tcp", 17: "udp", 2: "igmp"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries, st.sampled_from(["in", "out"]), st.booleans())
def test_whatever_was_seen_is_read_and_comes_back_with_the_table(nft, given_entries, direction, ports):
    table = nft_script.policy([], "enforce", "audit")
    elements, expected = {}, []
    for (address, protocol, port, cast), (packets, size) in given_entries.items():
        peer = address_ranges.address_text(address.version, int(address))
        name = "seen_%s%d%s" % (direction, address.version, "" if ports else "_portless")
        key = [peer, str(protocol)] + [str(port)] * ports + [cast] * (direction == "in")
        if " . ".join(key) in elements.setdefault(name, {}):
            continue  # differs in what this set does not tell apart
        elements[name][" . ".join(key)] = "counter packets %d bytes %d" % (packets, size)
        if direction == "out":
            cast = "multicast" if address.is_multicast else "broadcast" if peer == "255.255.255.255" else "unicast"
        what = cast.replace("host", "unicast"), packets, size
        expected.append(Seen(direction, KNOWN.get(protocol, "other"), port if ports else 0, peer, *what))
    full = "".join(
        "add element inet portmatrix %s { %s }\n" % (name, ", ".join("%s %s" % item for item in found.items()))
        for name, found in elements.items()
    )
    nft.apply("add table inet portmatrix\ndelete table inet portmatrix\n" + nft_script.text(table) + full)
    first = nft.read()
    nft.apply("delete table inet portmatrix\n" + first)
    for listing in (first, nft.read()):
        read = [
            one
            for opening, lines in nft_listing.blocks(listing)
            if opening.startswith("set ")
            for one in nft_audit.seen(opening[4:], lines)
        ]
        assert sorted(map(numbered, read)) == sorted(expected)
        assert nft_listing.as_text(nft_listing.parse(listing)) == nft_listing.as_text(table)


def numbered(seen):
    """The entry with its protocol left out where nft may print a name or a number."""
    return seen if seen.protocol in KNOWN.values() else seen._replace(protocol="other")
