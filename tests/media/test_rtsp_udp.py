# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What RTSP over UDP needs: each line of the tables in docs/streaming.md, tried with players that differ in who sends first."""

from __future__ import annotations

import json

import pytest

from tests.support.media import FRAMES, SILENCE, MediaSite, pulled, said

pytestmark = pytest.mark.media

PEARL, VIEWER, STRANGER = "10.77.1.41", "10.77.11.41", "10.77.66.66"
URL = f"rtsp://{PEARL}:554/mjpeg"
OVER_TCP = ("-rtsp_transport", "tcp")
OVER_UDP = ("-rtsp_transport", "udp")
DECLARED = ("-min_port", "40000", "-max_port", "40999")
UNDECLARED = ("-min_port", "5000", "-max_port", "5999")
FEATURE = {"features": ["multicast", "rtsp_udp"]}
ALL = {"sends first": FRAMES, "waits": FRAMES, "on undeclared ports": FRAMES}
NOTHING = dict.fromkeys(ALL, 0)


def watch(site: MediaSite, host: str, comes: dict[str, int], url: str = URL) -> dict[str, int]:
    """Return how many frames each kind of player on a host gets; ``comes`` says how many are to be waited for."""
    first = site.play(host, url, *OVER_UDP, *DECLARED, comes=comes["sends first"] > 0)
    waits = site.player(host, url, "none", comes=comes["waits"] > 0)
    other = site.play(host, url, *OVER_UDP, *UNDECLARED, comes=comes["on undeclared ports"] > 0)
    return {
        "sends first": pulled(first).pictures,
        "waits": int(said(waits)),
        "on undeclared ports": pulled(other).pictures,
    }


@pytest.mark.parametrize(
    ("enforced", "feature", "comes"),
    [
        ([], False, {**ALL, "waits": 0}),
        (["pearl1"], False, NOTHING),
        (["viewer1"], False, NOTHING),
        ([], True, ALL),
        (["pearl1"], True, {**ALL, "on undeclared ports": 0}),
        (["pearl1", "viewer1"], True, {**ALL, "on undeclared ports": 0}),
    ],
)
def test_what_a_player_gets(encoder: MediaSite, enforced: list[str], feature: bool, comes: dict[str, int]) -> None:
    egress = f"{{{{ 'enforce' if inventory_hostname in {enforced} else 'allow' }}}}"
    encoder.apply("pearl1", "viewer1", egress=egress, **FEATURE if feature else {})
    over_tcp = encoder.play("viewer1", URL, *OVER_TCP)
    left_to_itself = encoder.play("viewer1", URL, *UNDECLARED, silence=SILENCE)
    assert watch(encoder, "viewer1", comes) == comes
    assert pulled(over_tcp).pictures == FRAMES
    # it tries UDP first, and TCP when nothing has come for a while
    got = pulled(left_to_itself)
    assert got.pictures == FRAMES
    assert comes["on undeclared ports"] or "UDP timeout, retrying with TCP" in got.said


def test_no_packet_goes_to_the_rtsp_port_over_udp(encoder: MediaSite) -> None:
    """Requests are TCP, media are on ports of their own: that a document says "TCP and UDP" of 554 opens nothing that is used."""
    encoder.apply("pearl1", "viewer1")
    encoder.shell(
        "pearl1",
        "nft add table inet seen; nft add chain inet seen in '{ type filter hook prerouting priority raw; }';"
        " nft add counter inet seen rtsp; nft add counter inet seen other;"
        f" nft add rule inet seen in ip saddr {VIEWER} udp dport 554-558 counter name rtsp;"
        f" nft add rule inet seen in ip saddr {VIEWER} udp dport != 554-558 counter name other",
    )
    over_udp = encoder.play("viewer1", URL, *OVER_UDP)
    gstreamer = encoder.player("viewer1", URL, "dummy")
    assert (pulled(over_udp).pictures, int(said(gstreamer))) == (FRAMES, FRAMES)
    listed = json.loads(encoder.shell("pearl1", "nft -j list counters table inet seen; nft delete table inet seen"))
    packets = {each["counter"]["name"]: each["counter"]["packets"] for each in listed["nftables"] if "counter" in each}
    assert packets["rtsp"] == 0
    assert packets["other"] >= 2 * 4  # a first packet of each player from each of its four ports


def passing_on(site: MediaSite, gateway: str, *rules: str) -> None:
    """Make a host a gateway, with nft commands of its own."""
    quiet = "for each in all eth0; do echo 0 > /proc/sys/net/ipv4/conf/$each/send_redirects; done"
    commands = "; ".join(f"nft '{rule}'" for rule in ("add table ip gateway", *rules))
    site.shell(gateway, f"echo 1 > /proc/sys/net/ipv4/ip_forward; {quiet}; {commands}")


def no_more(site: MediaSite, gateway: str) -> None:
    site.shell(gateway, "nft delete table ip gateway; echo 0 > /proc/sys/net/ipv4/ip_forward")


@pytest.mark.parametrize(
    ("translation", "comes"),
    [("masquerade", {**ALL, "waits": 0}), ("masquerade fully-random", NOTHING)],
    ids=["ports kept", "ports changed"],
)
def test_from_behind_address_translation(encoder: MediaSite, translation: str, comes: dict[str, int]) -> None:
    """The encoder sends to the ports that the player announced, at the gateway's address. viewer1 is the gateway here."""
    encoder.apply("pearl1", "viewer1")
    chain = "add chain ip gateway out { type nat hook postrouting priority srcnat; }"
    passing_on(encoder, "viewer1", chain, f"add rule ip gateway out ip saddr {STRANGER} {translation}")
    encoder.shell("stranger1", f"ip route add {PEARL}/32 via {VIEWER}")
    try:
        over_tcp = encoder.play("stranger1", URL, *OVER_TCP)
        assert watch(encoder, "stranger1", comes) == comes
        assert pulled(over_tcp).pictures == FRAMES
    finally:
        encoder.shell("stranger1", f"ip route del {PEARL}/32")
        no_more(encoder, "viewer1")


def test_through_a_gateway_that_knows_connections(encoder: MediaSite) -> None:
    """It passes what is declared, and answers to that. Media over UDP are neither, whoever sends first. stranger1 is the gateway here."""
    encoder.apply("pearl1", "viewer1")
    passing_on(
        encoder,
        "stranger1",
        "add chain ip gateway through { type filter hook forward priority filter; policy drop; }",
        "add rule ip gateway through ct state established,related accept",
        f"add rule ip gateway through ip saddr {VIEWER} ip daddr {PEARL} tcp dport 554-557 accept",
    )
    ways = {"viewer1": PEARL, "pearl1": VIEWER}
    for host, other in ways.items():
        encoder.shell(host, f"ip route add {other}/32 via {STRANGER}")
    try:
        over_tcp = encoder.play("viewer1", URL, *OVER_TCP)
        assert watch(encoder, "viewer1", NOTHING) == NOTHING
        assert pulled(over_tcp).pictures == FRAMES
        media = f"ip saddr {PEARL} ip daddr {VIEWER} udp dport 40000-40999"
        encoder.shell("stranger1", f"nft 'add rule ip gateway through {media} accept'")
        passed = {"sends first": FRAMES, "waits": 0, "on undeclared ports": 0}
        assert watch(encoder, "viewer1", passed) == passed
    finally:
        for host, other in ways.items():
            encoder.shell(host, f"ip route del {other}/32")
        no_more(encoder, "stranger1")
